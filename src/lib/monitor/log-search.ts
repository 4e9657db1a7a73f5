import type { SearchQuery } from '../core/outlets.ts';
import type { Line } from './ecs.ts';

/** What is looked for in an event log: all that is said must hold; of several values one. */
export interface LogSelection {
  readonly sites: readonly string[];
  /** Links by name, Direct Connect or VPN; undefined: any event. */
  readonly links: readonly string[] | undefined;
  readonly tables: readonly string[];
  readonly kinds: readonly string[];
  readonly incident: string | undefined;
  /** Wall time, ms; the end is not in it. */
  readonly since: number | undefined;
  readonly until: number | undefined;
}

/** A link is in an event as what it is about, or as one end of a move. */
const LINK_FIELDS = ['link', 'from', 'to', 'subject'] as const;

export const isSelected = (
  { '@timestamp': at, labels, hybridctl, trace }: Line,
  { sites, links, tables, kinds, incident, since, until }: LogSelection,
): boolean => {
  const time = Date.parse(at);
  const label = (name: string): string => labels?.[name] ?? '';
  return (
    (sites.length === 0 || sites.includes(label('site'))) &&
    (links === undefined || LINK_FIELDS.some((field) => links.includes(label(field)))) &&
    (tables.length === 0 || tables.includes(label('table'))) &&
    (kinds.length === 0 || kinds.includes(hybridctl.kind)) &&
    (incident === undefined || trace?.id === incident) &&
    (since === undefined || time >= since) &&
    (until === undefined || time < until)
  );
};

/** The same for an index, which may find more: every document is judged by `isSelected` again. */
export const queryOf = ({ sites, links, tables, kinds, incident, since, until }: LogSelection): SearchQuery => ({
  from: since,
  to: until,
  all: [
    ...(sites.length === 0 ? [] : [{ fields: ['labels.site'], values: sites }]),
    ...(links === undefined ? [] : [{ fields: LINK_FIELDS.map((field) => `labels.${field}`), values: links }]),
    ...(tables.length === 0 ? [] : [{ fields: ['labels.table'], values: tables }]),
    ...(kinds.length === 0 ? [] : [{ fields: ['hybridctl.kind'], values: kinds }]),
    ...(incident === undefined ? [] : [{ fields: ['trace.id'], values: [incident] }]),
  ],
});
