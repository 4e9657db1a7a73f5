import type { Sample } from './types.ts';

/**
 * The usual detectors, to measure ours against: in benches, and as shadows that run on the same samples and move nothing.
 */
export interface Control {
  /** Takes the sample if its own probe would be due. @returns whether it would call the path dead. */
  step(sample: Sample): boolean;
}

/** Picks one sample every `everyMs` from a stream that may be faster and jitter by a tenth. */
const paced = (everyMs: number, take: (lost: boolean) => boolean): Control => {
  let dueAt = -Infinity;
  let dead = false;
  return {
    step({ at, kind, size }) {
      if (kind === 'unknown' || size === 'large' || at < dueAt - everyMs / 10) return dead;
      dueAt = dueAt === -Infinity || at > dueAt + everyMs ? at + everyMs : dueAt + everyMs;
      dead = take(kind === 'lost');
      return dead;
    },
  };
};

/** N losses in a row. 3 at 300 ms is BFD as Direct Connect has it. */
export const inARow = (n: number, everyMs: number): Control => {
  let run = 0;
  return paced(everyMs, (lost) => (run = lost ? run + 1 : 0) >= n);
};

/** At least `k` of the last `n` lost. */
export const outOf = (k: number, n: number, everyMs: number): Control => {
  const window = new Uint8Array(n);
  let next = 0;
  let losses = 0;
  return paced(everyMs, (lost) => {
    losses += Number(lost) - window[next]!;
    window[next] = Number(lost);
    next = (next + 1) % n;
    return losses >= k;
  });
};
