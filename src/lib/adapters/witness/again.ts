import { setTimeout as delay } from 'node:timers/promises';

const FIRST_PAUSE_MS = 100;
/** After a conversation of this length the daemon is asked again at once: whether it is gone is evidence. */
const LONG_MS = 1_000;
/** A daemon that stays away is asked for at this pace: cheap for us, and soon enough for evidence. */
const LONGEST_PAUSE_MS = 15_000;

export interface Conversation {
  /** Aborted: end it. */
  readonly signal: AbortSignal;
  /** To be called when the daemon is heard. */
  heard(): void;
}

/**
 * Holds a conversation with a daemon, and again whenever it is over, until stopped. Pauses double from 0.1 s to 15 s
 * while the daemon is not heard. A daemon that is back at once was not missed.
 *
 * @param converse rejects with the reason when the conversation is over.
 * @param tell whether the daemon is heard: when that is first known, and when it changes.
 */
export const again = (
  converse: (conversation: Conversation) => Promise<never>,
  tell: (now: boolean, because: string) => void,
): { stop(): void } => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const keepOn = async (): Promise<void> => {
    let pauseMs = FIRST_PAUSE_MS;
    let told: boolean | undefined;
    const say = (now: boolean, because: string): void => {
      if (now === told) return;
      told = now;
      tell(now, because);
    };
    while (!signal.aborted) {
      const began = performance.now();
      let was = false;
      const heard = (): void => {
        was = true;
        pauseMs = FIRST_PAUSE_MS;
        say(true, 'it answers');
      };
      const reason = await converse({ signal, heard }).catch((error: Error) => error.message);
      if (signal.aborted) return;
      if (!was) say(false, reason);
      if (was && performance.now() - began > LONG_MS) continue;
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      if (!was) pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs);
    }
  };
  void keepOn();
  return { stop: () => stopping.abort() };
};
