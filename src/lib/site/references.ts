import { issue } from '../domain/issue.ts';
import type { SiteIssue } from '../domain/site.ts';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const at = (value: unknown, key: string): unknown => (isObject(value) ? value[key] : undefined);

const isName = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z][A-Za-z0-9-]{0,30}$/.test(value);

/** Names of a list; undefined where it can't be judged by them, as when a key is misspelt. */
const namesOf = (items: unknown): readonly string[] | undefined => {
  const names = Array.isArray(items) ? items.map((item) => at(item, 'name')) : undefined;
  return names?.every(isName) === true ? names : undefined;
};

/**
 * References to what is not there, in a file whose shape is wrong elsewhere: they are said with the other mistakes, not
 * after those are put right. Whatever is no list or no text here is the schema's business.
 */
export const unknownNames = (input: unknown): readonly SiteIssue[] => {
  const [tunnels, links] = [list(at(input, 'tunnels')), list(at(input, 'links'))];
  const known = {
    gateway: namesOf(at(input, 'gateways')),
    router: namesOf(at(at(input, 'onprem'), 'routers')),
    tunnel: namesOf(at(input, 'tunnels')),
    link: namesOf(at(input, 'links')),
  };
  const check = (path: SiteIssue['path'], kind: keyof typeof known, name: unknown): readonly SiteIssue[] => {
    const names = known[kind];
    if (!isName(name) || names === undefined || names.includes(name)) return [];
    const there = names.join(', ') || 'none';
    return [issue(path, `no ${kind} is called ${name}: there ${names.length === 1 ? 'is' : 'are'} ${there}`)];
  };
  return [
    ...tunnels.flatMap((tunnel, index) =>
      (['gateway', 'router'] as const).flatMap((kind) => check(['tunnels', index, kind], kind, at(tunnel, kind))),
    ),
    ...links.flatMap((link, index) =>
      (['tunnel', 'router'] as const).flatMap((kind) => check(['links', index, kind], kind, at(link, kind))),
    ),
    ...list(at(input, 'route_tables')).flatMap((table, index) =>
      list(at(table, 'links')).flatMap((name, place) => check(['route_tables', index, 'links', place], 'link', name)),
    ),
  ];
};
