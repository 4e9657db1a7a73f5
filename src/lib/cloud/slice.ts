import type { CloudState } from './state.ts';

/** What one service keeps of its own in the cloud's state. It is there from the service's first change on. */
export interface Slice<T> {
  of(state: CloudState): T;
  /** The state with another value in this service's place. */
  put(state: CloudState, own: T): CloudState;
}

type Shown = (own: never) => unknown;
const shown = new Map<string, Shown>();

/** @param show what `GET /_lab/state` says of it, where that must not be all: anybody on the machine can read it. */
export const slice = <T>(name: string, initial: T, show: (own: T) => unknown = (own) => own): Slice<T> => {
  shown.set(name, show);
  return {
    of: ({ services }) => (Object.hasOwn(services, name) ? (services[name] as T) : initial),
    put: (state, own) => ({ ...state, services: { ...state.services, [name]: own } }),
  };
};

/** The services' parts of a state, without what nobody may read. */
export const shownServices = ({ services }: CloudState): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(services).map(([name, own]) => [name, (shown.get(name) as (own: unknown) => unknown)(own)]),
  );

/** The list with an item put in place of the one of its name, or added. */
export const withNamed = <T extends { readonly name: string }>(items: readonly T[], item: T): readonly T[] => [
  ...items.filter(({ name }) => name !== item.name),
  item,
];
export const withoutNamed = <T extends { readonly name: string }>(items: readonly T[], name: string): readonly T[] =>
  items.filter((item) => item.name !== name);
