import type * as z from 'zod';
import { addressPlan } from '../domain/address-plan.ts';
import { canaries, checkItems, repeatedValues, zones } from '../domain/check.ts';
import { pathText } from '../domain/issue.ts';
import { siteSchema, type Site, type SiteIssue } from '../domain/site.ts';
import { MOST } from './mistakes.ts';

type Path = SiteIssue['path'];
type Input = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Input =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (inner, part) =>
      isObject(inner) || Array.isArray(inner) ? (inner as Record<string | number, unknown>)[part] : undefined,
    value,
  );

/** A site as far as a file has the shape of one, and where its parts stand in the file. */
export interface Part {
  readonly site: Site;
  /** Of a path in `site`. */
  origin(path: Path): Path;
  /** Paths of the file that were left out, or stand here with a value of ours. */
  readonly without: readonly Path[];
}

/** Lists whose items mean something by themselves. */
const ITEMS: readonly Path[] = [['gateways'], ['onprem', 'routers'], ['tunnels'], ['links'], ['route_tables']];

/** Stand for what the rest can be judged without. */
const FALLBACKS: readonly (readonly [Path, unknown])[] = [
  [['version'], 1],
  [['site'], 'site'],
  [['crypto'], 'modern'],
  [['cloud', 'region'], 'us-east-1'],
  [['gateways'], []],
  [['tunnels'], []],
  [['links'], []],
];

const begins = (path: Path, start: Path): boolean => start.every((part, index) => path[index] === part);
/** The item of a list that a path lies in, the innermost. */
const itemOf = (path: Path): Path | undefined => {
  const last = path.findLastIndex((part) => typeof part === 'number');
  return last < 0 ? undefined : path.slice(0, last + 1);
};
const siteItemOf = (path: Path): Path | undefined => {
  const list = ITEMS.find((one) => begins(path, one) && typeof path[one.length] === 'number');
  return list === undefined ? undefined : path.slice(0, list.length + 1);
};

/** A copy without the paths of `bad`; `kept` gets the original index of each item of a list that lost some. */
const copied = (
  value: unknown,
  path: Path,
  bad: ReadonlySet<string>,
  kept: Map<string, readonly number[]>,
): unknown => {
  const stays = (part: string | number): boolean => !bad.has(pathText([...path, part]));
  if (Array.isArray(value)) {
    const indices = value.flatMap((_, index) => (stays(index) ? [index] : []));
    kept.set(pathText(path), indices);
    return indices.map((index) => copied(value[index], [...path, index], bad, kept));
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) =>
      stays(key) ? [[key, copied(inner, [...path, key], bad, kept)] as const] : [],
    ),
  );
};

const originIn =
  (kept: ReadonlyMap<string, readonly number[]>) =>
  (path: Path): Path =>
    path.reduce<Path>(
      (found, part) => [...found, typeof part === 'number' ? (kept.get(pathText(found))?.[part] ?? part) : part],
      [],
    );

/** What a mistake of the shape is left out by. @param known what is left out already. */
const leftOutBy = (
  input: unknown,
  issue: z.core.$ZodIssue,
  path: Path,
  known: ReadonlySet<string>,
): readonly Path[] => {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [...path, key]);
  if (at(input, path) !== undefined && !known.has(pathText(path))) return [path];
  const item = itemOf(path);
  return item === undefined ? [] : [item];
};

/** Items that name what is not there, or was left out: what is said of them would be said of half a tunnel. */
const danglingIn = ({ gateways, onprem, tunnels, links, route_tables: tables }: Site): readonly Path[] => {
  const has = (items: readonly { readonly name: string }[], name: string): boolean =>
    items.some((item) => item.name === name);
  const items = (list: string, dangles: readonly boolean[]): readonly Path[] =>
    dangles.flatMap((one, index) => (one ? [[list, index]] : []));
  return [
    ...items(
      'tunnels',
      tunnels.map(({ gateway, router }) => !has(gateways, gateway) || !has(onprem.routers, router)),
    ),
    ...items(
      'links',
      links.map((link) => (link.kind === 'vpn' ? !has(tunnels, link.tunnel) : !has(onprem.routers, link.router))),
    ),
    ...items(
      'route_tables',
      tables.map((table) => !table.links.every((name) => has(links, name))),
    ),
  ];
};

/** One round takes what is wrong out; what is then missing takes its item along. */
const MOST_ROUNDS = 10;

/**
 * What of a file has the shape of a site. undefined: too little, as where the VPC's own CIDR is wrong.
 * @param whole whether an item with a mistake is left out whole, since a default would stand where it has a mistake.
 */
export const partOf = (input: unknown, issues: readonly z.core.$ZodIssue[], whole: boolean): Part | undefined => {
  const bad = new Map<string, Path>();
  const add = (path: Path): boolean => {
    const left = (whole ? siteItemOf(path) : undefined) ?? path;
    const isNew = !bad.has(pathText(left));
    bad.set(pathText(left), left);
    return isNew;
  };
  let found: readonly z.core.$ZodIssue[] = issues;
  let origin = originIn(new Map());
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const known = new Set(bad.keys());
    const paths = found.flatMap((one) => leftOutBy(input, one, origin(one.path as Path), known));
    const news = paths.map(add);
    const kept = new Map<string, readonly number[]>();
    const copy = copied(input, [], new Set(bad.keys()), kept);
    for (const [path, value] of FALLBACKS) {
      const parent = at(copy, path.slice(0, -1));
      if (isObject(parent) && parent[path.at(-1)!] === undefined) {
        (parent as Record<string, unknown>)[path.at(-1)!] = value;
        bad.set(pathText(path), path);
      }
    }
    const parsed = siteSchema.safeParse(copy);
    origin = originIn(kept);
    if (parsed.success) {
      const dangling = whole ? danglingIn(parsed.data).map(origin).map(add) : [];
      if (!dangling.includes(true)) return { site: parsed.data, origin, without: [...bad.values()] };
      found = [];
      continue;
    }
    if (!news.includes(true) && found.length > 0 && round > 0) return undefined;
    found = parsed.error.issues;
  }
  return undefined;
};

/** What the check says of a part, at its place in the file, but for what the file has there and the part has not. */
const saidOf = (part: Part, said: readonly SiteIssue[]): readonly SiteIssue[] =>
  said
    .map(({ path, message }) => ({ path: part.origin(path), message }))
    .filter(({ path }) => !part.without.some((left) => begins(path, left) || begins(left, path)));

const list = (value: unknown): readonly Input[] =>
  Array.isArray(value) ? value.map((one) => (isObject(one) ? one : {})) : [];

/** Values that may be there once, wherever they can be read. */
const duplicates = (input: unknown): readonly SiteIssue[] =>
  repeatedValues({
    gateways: list(at(input, ['gateways'])),
    onprem: { routers: list(at(input, ['onprem', 'routers'])) },
    tunnels: list(at(input, ['tunnels'])),
    links: list(at(input, ['links'])),
    route_tables: list(at(input, ['route_tables'])),
  } as unknown as Site);

const isOurs = (part: Part | undefined, path: string): boolean =>
  part?.without.some((left) => pathText(left) === path) === true;

/** The part by which the files that a site names can be judged; what a key must be depends on the level. */
export const filesPart = (input: unknown, issues: readonly z.core.$ZodIssue[]): Part | undefined => {
  if (!isObject(input) || issues.length > MOST) return undefined;
  const part = partOf(input, issues, false);
  return isOurs(part, 'crypto') ? undefined : part;
};

/**
 * Everything that the meaning of a file can be judged by although its shape is wrong elsewhere: duplicates, the address
 * plan, what each box can do. It is said together with the mistakes of the shape.
 */
export const partialIssues = (input: unknown, issues: readonly z.core.$ZodIssue[]): readonly SiteIssue[] => {
  // A file with more is another kind of file.
  if (!isObject(input) || issues.length > MOST) return [];
  const loose = partOf(input, issues, false);
  const strict = partOf(input, issues, true);
  // A link that was left out may be the active one.
  const links = strict?.without.some((path) => path[0] === 'links') === true;
  return [
    ...duplicates(input),
    ...(loose === undefined
      ? []
      : saidOf(loose, [
          ...(isOurs(loose, 'cloud.region') ? [] : zones(loose.site)),
          ...addressPlan(loose.site),
          ...canaries(loose.site),
        ])),
    // What a box can do depends on the level.
    ...(strict === undefined || isOurs(strict, 'crypto')
      ? []
      : saidOf(strict, checkItems(strict.site)).filter(({ path }) => !(links && path.at(-1) === 'role'))),
  ];
};
