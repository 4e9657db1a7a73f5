import type { Clock, RouteWrite } from '../core/ports.ts';
import { drain, take, waitMs, type Holder } from '../domain/failover/buckets.ts';

/** Gives the writes of one run their turns, by the same buckets that the monitor keeps (domain/failover/buckets). */
export interface Throttle {
  /**
   * Resolves when EC2's bucket has room for the call, in the order of asking: the first route is the most important.
   * @returns false where `signal` was aborted before its turn.
   */
  turn(kind: RouteWrite['kind'], signal?: AbortSignal): Promise<boolean>;
  /** EC2 throttled a call all the same: somebody else draws from the bucket too. */
  drained(kind: RouteWrite['kind']): void;
}

/** A run that begins finds the buckets full. */
export const throttle = (clock: Clock): Throttle => {
  const holder: { -readonly [Key in keyof Holder]: Holder[Key] } = { steady: 0, buckets: {}, bucketsAt: -Infinity };
  let readAt = clock.now();
  /** The wall clock may be set back: then no time has passed, and no turn waits for hours. */
  const tick = (): void => {
    const now = clock.now();
    holder.steady += Math.max(0, now - readAt);
    readAt = now;
  };
  let before: Promise<unknown> = Promise.resolve();
  const wait = async (kind: RouteWrite['kind'], signal: AbortSignal | undefined): Promise<boolean> => {
    for (tick(); signal?.aborted !== true; tick()) {
      if (take(holder, kind)) return true;
      await clock.sleep(waitMs(holder, kind), signal).catch(() => undefined);
    }
    return false;
  };
  return {
    turn(kind, signal) {
      const own = before.then(() => wait(kind, signal));
      before = own;
      return own;
    },
    drained(kind) {
      tick();
      drain(holder, kind);
    },
  };
};
