import type { Choice } from '../core/ports.ts';
import type { Questions } from './journal.ts';
import type { Offers } from './offers.ts';

/** Only what is in one VPC. */
export const ofVpc = (offers: Offers | undefined, vpc: string | undefined): Offers | undefined => {
  if (offers === undefined || vpc === undefined) return undefined;
  const here = <T extends { readonly vpc: string }>(list: readonly T[]): readonly T[] =>
    list.filter((one) => one.vpc === vpc);
  return { ...offers, subnets: here(offers.subnets), instances: here(offers.instances), tables: here(offers.tables) };
};

/** Something of the account, or what is typed: then undefined. */
export const choose = async <T extends object>(
  ask: Questions,
  question: string,
  things: readonly T[],
  words: (thing: T) => { readonly name: string; readonly description: string },
): Promise<T | undefined> => {
  if (things.length === 0) return undefined;
  const choices: Choice<T | null>[] = things.map((value) => ({ ...words(value), value }));
  choices.push({ name: 'another', value: null, description: 'type it' });
  return (await ask.select<T | null>(question, choices)) ?? undefined;
};
export const named = ({ id, name }: { readonly id: string; readonly name: string }): string =>
  name === '' ? id : `${name} (${id})`;

export const tableWords = (one: Offers['tables'][number]): string =>
  one.subnets.length === 0
    ? 'no subnet uses it by name'
    : one.subnets.map(({ cidr: text, az }) => `${text} in ${az}`).join(', ');
