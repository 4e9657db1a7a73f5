/** Between tries of one thing, ms. */
export interface Backoff {
  readonly firstMs: number;
  /** The longest pause: from there on it stays the same. */
  readonly mostMs: number;
}

/** The pause after so many tries, ms: `firstMs` after the first, then twice as long each time. @param tries from 1 up */
export const pauseAfter = (tries: number, { firstMs, mostMs }: Backoff): number =>
  Math.min(mostMs, firstMs * 2 ** Math.min(tries - 1, 30));

/** The pauses of `pauseAfter`, one after another, without an end. */
export function* pauses(backoff: Backoff): Generator<number, never> {
  for (let tries = 1; ; tries += 1) yield pauseAfter(tries, backoff);
}
