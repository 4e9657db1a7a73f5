import { interrupted } from '../../src/lib/core/errors.ts';
import type { Clock } from '../../src/lib/core/ports.ts';

export interface FakeClock extends Clock {
  /** Moves time forward by hand, ms. */
  advance(ms: number): void;
}

/** Time that moves only when somebody sleeps or a test pushes it. Starts at 2026-01-01T00:00:00Z. */
export const fakeClock = (start = Date.UTC(2026, 0, 1)): FakeClock => {
  let now = start;
  return {
    now: () => now,
    advance(ms) {
      now += ms;
    },
    async sleep(ms, signal) {
      if (signal?.aborted === true) throw interrupted();
      now += ms;
    },
  };
};
