import { interrupted, HybridError, partly } from '../../core/errors.ts';
import type { Aws, Input } from '../../core/aws.ts';
import type { Clock } from '../../core/ports.ts';
import { pauses } from '../../domain/backoff.ts';

export type Entry = NonNullable<Input<'events', 'PutEvents'>['Entries']>[number];

/** Entries of one PutEvents ("Quotas" of EventBridge). */
export const BATCH = 10;
/** Tries of one entry: the waits between them come to some six seconds, what a burst over the quota needs to drain. */
const TRIES = 6;
const BACKOFF = { firstMs: 200, mostMs: 3_200 };

/**
 * EventBridge's word that time alone can fix; every other one stays as it is (a detail that is no JSON, a source that
 * is not ours).
 */
const PASSING = /Throttl|InternalFailure|InternalException|ServiceUnavailable|LimitExceeded/;

export interface Emitted {
  /** Ids of the events, in the order of the entries that were taken. */
  readonly ids: readonly string[];
  /** Entries that were not taken, with EventBridge's last word. */
  readonly failed: readonly { readonly index: number; readonly code: string; readonly message: string }[];
  readonly calls: number;
  /** Entries that were sent once more. */
  readonly retried: number;
}

export interface EmitOptions {
  readonly aws: Pick<Aws, 'ask'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told after every batch. */
  progress(sent: number): void;
}

/**
 * Sends all entries in batches of ten. Of a batch only the entries that EventBridge refused for now go again, together
 * with those that follow; an entry that it took is never sent twice by us.
 * @throws the call's own error, or `partly` where entries before it were taken; interrupted between two batches.
 */
export const emitAll = async (
  entries: readonly Entry[],
  { aws, clock, signal, progress }: EmitOptions,
): Promise<Emitted> => {
  const taken = new Map<number, string>();
  const failed: Emitted['failed'][number][] = [];
  let waiting = entries.map((entry, index) => ({ entry, index, tries: 0 }));
  let calls = 0;
  let retried = 0;
  let pause = pauses(BACKOFF);
  while (waiting.length > 0) {
    if (signal.aborted)
      throw taken.size === 0
        ? interrupted()
        : partly(`interrupted: ${taken.size} of ${entries.length} events are sent`, {
            next: 'send the rest with --count',
          });
    const [batch, rest] = [waiting.slice(0, BATCH), waiting.slice(BATCH)];
    const answers = await answersOf(
      aws,
      batch.map(({ entry }) => entry),
      taken.size,
      entries.length,
    );
    calls += 1;
    const again: typeof waiting = [];
    batch.forEach((one, at) => {
      const { EventId, ErrorCode = 'NoAnswer', ErrorMessage = 'the answer does not mention it' } = answers[at] ?? {};
      if (EventId !== undefined) taken.set(one.index, EventId);
      else if (PASSING.test(ErrorCode) && one.tries + 1 < TRIES) again.push({ ...one, tries: one.tries + 1 });
      else failed.push({ index: one.index, code: ErrorCode, message: ErrorMessage });
    });
    retried += again.length;
    waiting = [...again, ...rest];
    progress(taken.size);
    if (again.length === 0) pause = pauses(BACKOFF);
    else await clock.sleep(pause.next().value, signal).catch(() => undefined);
  }
  return {
    ids: [...taken].sort(([a], [b]) => a - b).map(([, id]) => id),
    failed: failed.sort((a, b) => a.index - b.index),
    calls,
    retried,
  };
};

const answersOf = async (aws: Pick<Aws, 'ask'>, Entries: Entry[], sent: number, all: number) => {
  try {
    return (await aws.ask('events', 'PutEvents', { Entries })).Entries ?? [];
  } catch (error) {
    if (!(error instanceof HybridError) || sent === 0) throw error;
    throw partly(`${error.message}; ${sent} of ${all} events are sent`, {
      cause: error,
      next: error.next ?? 'send the rest with --count',
    });
  }
};
