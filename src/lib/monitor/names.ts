import type { Alert } from '../domain/failover/types.ts';
import { FOREIGN, NO_ROUTE } from '../domain/failover/types.ts';
import type { Site } from '../domain/site.ts';

/** Names of route tables by id: what people call them. */
export type TableNames = ReadonlyMap<string, string>;

export const tableNames = ({ route_tables: tables }: Pick<Site, 'route_tables'>): TableNames =>
  new Map(tables.map(({ id, name }) => [id, name]));

/** `rtb-…|10.10.0.0/16` as `private-1 10.10.0.0/16`; anything else, such as an instance, as it is. */
export const subjectText = (subject: string, names: TableNames): string => {
  const at = subject.indexOf('|');
  const table = subject.slice(0, at);
  return at < 0 ? subject : `${names.get(table) ?? table} ${subject.slice(at + 1)}`;
};

/** Position of a route, for a person. */
const placeText = (place: string): string =>
  place === NO_ROUTE ? 'no route' : place === FOREIGN ? 'a target outside the site' : place;

/** An alert in one line: what happened to what, and why. */
export const alertText = ({ kind, subject, from, to, because }: Alert, names: TableNames): string => {
  const what = subjectText(subject, names);
  switch (kind) {
    case 'moved':
      return `${what} moved ${placeText(from)} -> ${placeText(to)}: ${because}`;
    case 'found':
      return `${what} was changed by someone else: now ${placeText(to)}, expected ${placeText(from)}`;
    case 'dark':
      return `${what}: no path is left, nothing is changed until one is back: ${because}`;
    case 'healed':
      return `${what}: gateway restarted and running again: ${because}`;
    case 'heal-failed':
      return `${what}: gateway could not be restarted and needs a person: ${because}`;
  }
};
