import type { Values } from '../../core/procedure.ts';

/** `eip/gw-1` as a shell variable. */
export const variable = (slot: string): string => slot.toUpperCase().replace(/[^A-Z0-9]+/g, '_');

/** What is known so far. @param unknown the word for a slot that is not. */
export interface ValueStore {
  readonly values: Values;
  set(slot: string, value: string): void;
  forget(slot: string): void;
  /** Says of a step's thing whether it is ours. */
  setOwned(key: string, owned: boolean): void;
  setCreated(key: string): void;
}

export const valueStore = (unknown: (slot: string) => string = (slot) => `<${slot}>`): ValueStore => {
  const known = new Map<string, string>();
  const [owned, created] = [new Set<string>(), new Set<string>()];
  const values = Object.assign((slot: string): string => known.get(slot) ?? unknown(slot), {
    has: (slot: string) => known.has(slot),
    owned: (key: string) => owned.has(key),
    created: (key: string) => created.has(key),
  });
  return {
    values,
    set: (slot, value) => void known.set(slot, value),
    forget: (slot) => void (known.delete(slot), owned.delete(slot)),
    setOwned: (key, is) => void (is ? owned.add(key) : owned.delete(key)),
    setCreated: (key) => void created.add(key),
  };
};
