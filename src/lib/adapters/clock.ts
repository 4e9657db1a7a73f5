import { setTimeout as delay } from 'node:timers/promises';
import { interrupted } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';

export const clock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      if (signal?.aborted === true) throw interrupted();
      throw error;
    }
  },
};
