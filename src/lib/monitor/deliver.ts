import type { Clock } from '../core/ports.ts';
import { pauseAfter } from '../domain/backoff.ts';
import type { Spool, Spooled } from './spool.ts';

export interface DeliveryOptions {
  /** For people: `alerts to arn:…`. */
  readonly name: string;
  /** Most items of one call. */
  readonly most: number;
  readonly clock: Clock;
  /** @returns ids that need no further try: delivered, or never to be. Rejects where all must be tried again. */
  send(items: readonly Spooled[], signal: AbortSignal): Promise<readonly string[]>;
  onTrouble(message: string): void;
  readonly timing?: Partial<DeliveryTiming>;
}

/** All ms. */
export interface DeliveryTiming {
  readonly firstMs: number;
  readonly mostMs: number;
  /** A call that has not ended by then is taken for lost: a library that hangs must not end all delivery. */
  readonly hangMs: number;
  /** What a stop may cost. */
  readonly closeMs: number;
}

/**
 * From a second, since most faults of a moment are over by then, to a minute, so that nobody learns of a fix long after
 * it.
 */
const TIMING: DeliveryTiming = { firstMs: 1_000, mostMs: 60_000, hangMs: 30_000, closeMs: 3_000 };

export interface Delivery {
  /** Something was put into the spool. */
  poke(): void;
  /** Tries what waits once more, then leaves it to the next start. Never rejects. */
  close(): Promise<void>;
}

/**
 * Takes a spool to its receiver, oldest first, again and again until it is taken: at least once, so receivers go by the
 * id.
 */
export const deliver = (spool: Spool, { name, most, clock, send, onTrouble, timing }: DeliveryOptions): Delivery => {
  const { firstMs, mostMs, hangMs, closeMs } = { ...TIMING, ...timing };
  /** Ends the wait for the next try. */
  const wake = new AbortController();
  /** Ends waiting for answers. */
  const stop = new AbortController();
  let closing = false;
  let running: Promise<void> | undefined;
  let failures = 0;

  /** The work, until it hangs or we stop: then its call is cut off, so that it keeps no process alive. */
  const within = async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, stop.signal]);
    const late = clock.sleep(hangMs, signal).then(() => Promise.reject(new Error(`no answer in ${hangMs / 1_000} s`)));
    try {
      return await Promise.race([work(signal), late]);
    } finally {
      over.abort();
      late.catch(() => undefined);
    }
  };

  /** @returns whether all went */
  const round = async (): Promise<boolean> => {
    const items = spool.oldest(most);
    try {
      const settled = await within((signal) => send(items, signal));
      spool.ack(settled);
      if (settled.length < items.length)
        throw new Error(`${items.length - settled.length} of ${items.length} must be tried again`);
      if (failures > 0) onTrouble(`${name}: delivered again`);
      failures = 0;
      return true;
    } catch (error) {
      if (failures === 0) onTrouble(`${name}: ${(error as Error).message}; kept and tried again`);
      failures += 1;
      return false;
    }
  };

  const run = async (): Promise<void> => {
    while (!stop.signal.aborted && spool.oldest(1).length > 0) {
      // A try that was under way when we were told to close is not the last one: what came meanwhile was not in it.
      const last = closing;
      if (await round()) continue;
      if (last) break;
      await clock.sleep(pauseAfter(failures, { firstMs, mostMs }), wake.signal).catch(() => undefined);
    }
    // No wait between the last look and this, or what comes in between would lie until the next event.
    running = undefined;
  };

  const poke = (): void => {
    if (running === undefined && spool.oldest(1).length > 0) running = run();
  };
  poke();

  return {
    poke,
    async close() {
      closing = true;
      const enough = new AbortController();
      wake.abort();
      await Promise.race([running, clock.sleep(closeMs, enough.signal).catch(() => undefined)]);
      enough.abort();
      stop.abort();
      await spool.close();
    },
  };
};
