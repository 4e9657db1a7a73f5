import type { Sample } from './types.ts';

/**
 * The usual detectors, to measure ours against: in benches, and as shadows that run on the same samples and move
 * nothing. A control of a slower pace is given every third or tenth probe, chosen when it is sent: choosing by when
 * outcomes become known would favour replies, which are known sooner.
 */
export interface Control {
  /** @returns whether it would call the path dead. */
  step(sample: Sample): boolean;
}

const counting = (take: (lost: boolean) => boolean): Control => {
  let dead = false;
  return {
    step: ({ kind, size }) => (kind === 'unknown' || size === 'large' ? dead : (dead = take(kind === 'lost'))),
  };
};

/** N losses in a row. 3 at 300 ms is BFD as Direct Connect has it. */
export const inARow = (n: number): Control => {
  let run = 0;
  return counting((lost) => (run = lost ? run + 1 : 0) >= n);
};

/** At least `k` of the last `n` lost. */
export const outOf = (k: number, n: number): Control => {
  const window = new Uint8Array(n);
  let next = 0;
  let losses = 0;
  return counting((lost) => {
    losses += Number(lost) - window[next]!;
    window[next] = Number(lost);
    next = (next + 1) % n;
    return losses >= k;
  });
};
