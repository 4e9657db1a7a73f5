import type { Initiated, Testimony, Witness } from '../../src/lib/core/ports.ts';

/** A daemon beside the path that sees what the test says. */
export interface FakeWitness {
  readonly witness: Witness;
  /** To all who listen. */
  says(testimony: Testimony): void;
  isHeard(now: boolean, because: string): void;
  /** How many listen. */
  listening(): number;
  /** What each connection's try to begin ends in; nothing: it is not down here. */
  readonly down: Map<string, Initiated>;
  /** Connections that were begun. */
  readonly begun: string[];
}

export const fakeWitness = (name: string): FakeWitness => {
  const down = new Map<string, Initiated>();
  const begun: string[] = [];
  const ears = new Set<Parameters<Witness['watch']>[0]>();
  return {
    witness: {
      name,
      watch(told) {
        ears.add(told);
        told.heard(true, 'it answers');
        return { stop: () => void ears.delete(told) };
      },
      async initiate(connection) {
        const ends = down.get(connection);
        if (ends === undefined) return { outcome: 'idle' };
        begun.push(connection);
        if (ends.outcome === 'up') down.delete(connection);
        return ends;
      },
    },
    down,
    begun,
    says: (testimony) => ears.forEach(({ evidence }) => evidence(testimony)),
    isHeard: (now, because) => ears.forEach(({ heard }) => heard(now, because)),
    listening: () => ears.size,
  };
};
