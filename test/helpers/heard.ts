import type { Testimony, Witness } from '../../src/lib/core/ports.ts';
import { until } from './charon-pair.ts';

export interface Heard {
  readonly testimonies: Testimony[];
  /** Why it could not be heard, each time; '' where it could again. */
  readonly silences: string[];
  stop(): void;
}

/** Listens to a witness and keeps what it says; resolves once it is heard. */
export const hearken = async (witness: Witness): Promise<Heard> => {
  const testimonies: Testimony[] = [];
  const silences: string[] = [];
  let hears = false;
  const { stop } = witness.watch({
    evidence: (testimony) => void testimonies.push(testimony),
    heard(now, because) {
      if (hears) silences.push(now ? '' : because);
      hears ||= now;
    },
  });
  await until(`${witness.name} is heard`, async () => hears);
  return { testimonies, silences, stop };
};
