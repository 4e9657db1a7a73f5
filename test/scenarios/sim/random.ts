import { seeded } from '../../../src/lib/domain/seeded.ts';

/** Seeded chance: the same seed gives the same episode, on any machine. */
export interface Random {
  /** [0, 1) */
  next(): number;
  /** Whole number, both ends included. */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
}

export const createRandom = (seed: number): Random => {
  // Seeds come one after another: spread, they begin at places far apart.
  const next = seeded((seed * 2_654_435_761 + 0x9e3779b9) >>> 0);
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    between,
    chance: (probability) => next() < probability,
    pick: (list) => list[between(0, list.length - 1)]!,
  };
};
