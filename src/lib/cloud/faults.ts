import * as z from 'zod';

/**
 * How a call goes wrong:
 * - `error`: refused with an API error code, nothing applied
 * - `drop`: the connection closes before the call is applied
 * - `drop-after`: applied, but the connection closes in place of the answer: a timeout that did happen
 * - `html`, `garbage`: a proxy's page or noise with status 200, nothing applied
 * - `half`: applied, and the answer ends in the middle
 * - `entries`: of a batch (PutEvents) every second entry is refused as throttled, the others are taken; no other call
 * minds
 */
export const BREAKS = ['error', 'drop', 'drop-after', 'html', 'garbage', 'half', 'entries'] as const;

const ms = z.int().min(0).max(600_000);

const fault = z.strictObject({
  /** Held this long before the call is applied; a client that gives up does not take it back. */
  delay_ms: ms.optional(),
  /** Up to this much more, evenly spread. */
  jitter_ms: ms.optional(),
  /** Reads answer with the state of this long ago, and writes refuse ids that are younger. At most a minute is kept. */
  stale_ms: ms.max(60_000).optional(),
  break: z.enum(BREAKS).optional(),
  /** The next N calls break, then it is over. */
  times: z.int().min(1).optional(),
  /** This part of the calls breaks. Default: all. */
  fraction: z.number().min(0).max(1).optional(),
  /** For `error`. */
  code: z
    .string()
    .regex(/^[A-Za-z.]{1,80}$/, 'is not an EC2 error code')
    .default('InternalError'),
  message: z.string().max(500).default('An internal error has occurred.'),
  status: z.int().min(400).max(599).default(500),
  /** In place of EC2's own request limit. */
  bucket: z.strictObject({ size: z.number().min(0), perSecond: z.number().min(0) }).optional(),
});

/** Faults by action; `*` is for every action that has none of its own. */
export const faultsSchema = z.record(
  z.string().regex(/^(\*|[A-Za-z]{1,60})$/, 'is neither an EC2 action nor "*"'),
  fault,
);

export type Fault = z.output<typeof fault>;
export type FaultsInput = z.input<typeof faultsSchema>;

/** What one call has to suffer. */
export interface Suffering {
  readonly delayMs: number;
  readonly staleMs: number;
  readonly broken: Fault | undefined;
  readonly bucket: Fault['bucket'];
}

const NONE: Suffering = { delayMs: 0, staleMs: 0, broken: undefined, bucket: undefined };

export interface Faults {
  /** Replaces all faults. Throws a ZodError. */
  set(input: unknown): void;
  get(): Readonly<Record<string, Fault>>;
  /** Counts the call against `times`. */
  meet(action: string): Suffering;
}

/** @param random even over 0 to 1. */
export const createFaults = (random: () => number): Faults => {
  let faults: Record<string, Fault> = {};
  const hits = ({ break: how, times, fraction }: Fault): boolean =>
    how !== undefined && times !== 0 && (fraction === undefined || random() < fraction);
  return {
    set(input) {
      faults = { ...faultsSchema.parse(input) };
    },
    get: () => faults,
    meet(action) {
      const key = Object.hasOwn(faults, action) ? action : '*';
      const found = faults[key];
      if (found === undefined) return NONE;
      const hit = hits(found);
      if (hit && found.times !== undefined) faults[key] = { ...found, times: found.times - 1 };
      return {
        delayMs: (found.delay_ms ?? 0) + random() * (found.jitter_ms ?? 0),
        staleMs: found.stale_ms ?? 0,
        broken: hit ? found : undefined,
        bucket: found.bucket,
      };
    },
  };
};
