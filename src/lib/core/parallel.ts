import { HybridError, interrupted } from './errors.ts';

/** One of several that work side by side. */
export interface Lane {
  /** From 0 up, so that each may have a buffer of its own. */
  readonly index: number;
  /** Ends with a Ctrl-C, and with the first error of another lane. */
  readonly signal: AbortSignal;
}

/**
 * Works through a list, so many at once, in the list's order. The first error ends all lanes and is thrown once nothing
 * is under way any more. @throws interrupted where `signal` ended it
 */
export const inParallel = async <T>(
  items: Iterable<T>,
  lanes: number,
  signal: AbortSignal,
  work: (item: T, lane: Lane) => Promise<void>,
): Promise<void> => {
  const queue = items[Symbol.iterator]();
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const run = async (index: number): Promise<void> => {
    while (!stop.aborted) {
      const next = queue.next();
      if (next.done === true) return;
      await work(next.value, { index, signal: stop });
    }
  };
  const ends = await Promise.allSettled(
    Array.from({ length: lanes }, (_, index) =>
      run(index).catch((error: unknown) => {
        failed.abort();
        throw error;
      }),
    ),
  );
  if (signal.aborted) throw interrupted();
  const causes = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
  // The others were ended by us.
  const cause =
    causes.find((error) => !(error instanceof HybridError && error.exit === interrupted().exit)) ?? causes[0];
  if (cause !== undefined) throw cause;
};
