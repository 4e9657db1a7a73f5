import type { Ports } from '../../core/ports.ts';
import type { Watching } from './stream.ts';

/** Between two looks at the stream while the routes are away. */
export const LOOK_MS = 25;

/** Aborts its `signal` as soon as the way back is to be taken; `because()` says why. To be ended. */
export const guard = (watching: Watching, maxGapMs: number, { signal, clock }: Ports) => {
  const leave = new AbortController();
  let because: 'silent' | 'interrupted' | undefined;
  const go = (why: 'silent' | 'interrupted') => (): void => {
    because ??= why;
    leave.abort();
  };
  const [silent, stopped] = [go('silent'), go('interrupted')];
  if (signal.aborted) stopped();
  else signal.addEventListener('abort', stopped, { once: true });
  const over = new AbortController();
  const looking = (async () => {
    while (!over.signal.aborted && !leave.signal.aborted) {
      if (watching.silentMs() > maxGapMs) silent();
      await clock.sleep(LOOK_MS, over.signal).catch(() => undefined);
    }
  })();
  return {
    signal: leave.signal,
    because: () => because,
    async end() {
      signal.removeEventListener('abort', stopped);
      over.abort();
      await looking;
    },
  };
};
