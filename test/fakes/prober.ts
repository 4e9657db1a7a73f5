import type { Prober, ProbeSpec, Sample } from '../../src/lib/core/ports.ts';

/** How a target behaves from now on. */
export interface Target {
  /** `unsendable`: our own machine has no way to it. `own`: somebody answers, but it is no proof. */
  readonly state: 'alive' | 'silent' | 'unsendable' | 'own';
  /** Larger packets vanish. */
  readonly passes?: number;
  readonly rttMs?: number;
}

export interface FakeProber {
  readonly prober: Prober;
  /** By address. What was never set is alive, at 1 ms. */
  set(address: string, target: Target): void;
  /** Moves time on; samples come out of it in the order of their outcome. */
  advance(ms: number): void;
  now(): number;
  /** Targets being probed. */
  running(): readonly ProbeSpec[];
}

interface Stream {
  readonly spec: ProbeSpec;
  readonly size: Sample['size'];
  readonly bytes: number;
  everyMs: number;
  next: number;
  readonly tell: (id: string, sample: Sample) => void;
}

/** A silent probe is given up after half the target's usual interval, as the real deadline on a short path. */
const outcome = (
  { state, passes = 65_535, rttMs = 1 }: Target,
  { spec, size, bytes }: Stream,
  sentAt: number,
): Sample => {
  if (state === 'unsendable') return { at: sentAt, sentAt, kind: 'unknown', size };
  if (state === 'own') return { at: sentAt + rttMs, sentAt, kind: 'unknown', size, doubt: 'own' };
  if (state === 'alive' && bytes <= passes) return { at: sentAt + rttMs, sentAt, kind: 'reply', rttMs, size };
  return { at: sentAt + spec.intervalMs / 2, sentAt, kind: 'lost', size };
};

/** Probes into a world that the test makes, on a clock that the test moves. */
export const fakeProber = (): FakeProber => {
  const targets = new Map<string, Target>();
  const streams = new Set<Stream>();
  const due: { readonly stream: Stream; readonly sample: Sample }[] = [];
  let now = 0;
  const step = (until: number): void => {
    for (const stream of streams) {
      for (; stream.next <= until; stream.next += stream.everyMs) {
        due.push({
          stream,
          sample: outcome(targets.get(stream.spec.address) ?? { state: 'alive' }, stream, stream.next),
        });
      }
    }
    due.sort((a, b) => a.sample.at - b.sample.at);
    while (due.length > 0 && due[0]!.sample.at <= until) {
      const { stream, sample } = due.shift()!;
      if (streams.has(stream)) stream.tell(stream.spec.id, sample);
    }
    now = until;
  };
  return {
    prober: {
      start(specs, tell) {
        const mine = specs.flatMap((spec): readonly Stream[] => [
          { spec, size: 'small', bytes: 84, everyMs: spec.intervalMs, next: now + spec.intervalMs, tell },
          ...(spec.large === undefined
            ? []
            : [
                {
                  spec,
                  size: 'large' as const,
                  bytes: spec.large.bytes,
                  everyMs: spec.large.intervalMs,
                  next: now + spec.large.intervalMs,
                  tell,
                },
              ]),
        ]);
        for (const stream of mine) streams.add(stream);
        return {
          pace(id, intervalMs) {
            for (const stream of mine) {
              if (stream.spec.id !== id || stream.size !== 'large') continue;
              stream.next = Math.max(now, stream.next - stream.everyMs + intervalMs);
              stream.everyMs = intervalMs;
            }
          },
          async stop() {
            for (const stream of mine) streams.delete(stream);
          },
        };
      },
    },
    set: (address, target) => void targets.set(address, target),
    // In small steps, so that what a test changes while samples come out holds from the next probe on.
    advance(ms) {
      for (const end = now + ms; now < end; ) step(Math.min(end, now + 1));
    },
    now: () => now,
    running: () => [...new Set([...streams].map(({ spec }) => spec))],
  };
};
