import type { Values } from '../../core/procedure.ts';

/** `eip/gw-1` as a shell variable. */
export const variable = (slot: string): string => slot.toUpperCase().replace(/[^A-Z0-9]+/g, '_');

/** What is known so far. @param unknown the word for a slot that is not. */
export interface ValueStore {
  readonly values: Values;
  set(slot: string, value: string): void;
  forget(slot: string): void;
}

export const valueStore = (unknown: (slot: string) => string = (slot) => `<${slot}>`): ValueStore => {
  const known = new Map<string, string>();
  const values = Object.assign((slot: string): string => known.get(slot) ?? unknown(slot), {
    has: (slot: string) => known.has(slot),
  });
  return { values, set: (slot, value) => void known.set(slot, value), forget: (slot) => void known.delete(slot) };
};
