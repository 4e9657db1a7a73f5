import type { Testimony, Witness } from '../../src/lib/core/ports.ts';

/** A daemon beside the path that sees what the test says. */
export interface FakeWitness {
  readonly witness: Witness;
  /** To all who listen. */
  says(testimony: Testimony): void;
  isHeard(now: boolean, because: string): void;
  /** How many listen. */
  listening(): number;
}

export const fakeWitness = (name: string): FakeWitness => {
  const ears = new Set<Parameters<Witness['watch']>[0]>();
  return {
    witness: {
      name,
      watch(told) {
        ears.add(told);
        told.heard(true, 'it answers');
        return { stop: () => void ears.delete(told) };
      },
    },
    says: (testimony) => ears.forEach(({ evidence }) => evidence(testimony)),
    isHeard: (now, because) => ears.forEach(({ heard }) => heard(now, because)),
    listening: () => ears.size,
  };
};
