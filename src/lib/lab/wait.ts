import { setTimeout as delay } from 'node:timers/promises';
import { failure, interrupted } from '../core/errors.ts';

export interface UntilOptions {
  /** The error's message when time runs out. */
  readonly what: string;
  readonly withinMs: number;
  readonly everyMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Further lines of the error, read when it happens. */
  readonly more?: () => Promise<readonly string[]>;
}

/** Polls until `check` holds. Throws a failure at the deadline, or as interrupted once `signal` aborts. */
export const until = async (
  check: () => Promise<boolean>,
  { what, withinMs, everyMs = 50, signal, more }: UntilOptions,
): Promise<void> => {
  const deadline = performance.now() + withinMs;
  for (;;) {
    if (signal?.aborted === true) throw interrupted();
    if (await check()) return;
    if (performance.now() > deadline)
      throw failure(`${what} within ${withinMs / 1000} s`, more === undefined ? {} : { more: await more() });
    await delay(everyMs);
  }
};
