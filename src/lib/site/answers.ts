import { addressText, cidr, overlaps, parseCidr, type Cidr } from '../domain/cidr.ts';
import { POLICY_ONLY } from '../domain/capability.ts';
import { RESERVED_INSIDE } from '../domain/address-plan.ts';
import { layoutOf } from '../domain/layout.ts';
import type { Auth, Dialect } from '../domain/site.ts';
import { absentKeys, type Spec } from './specs.ts';

/** What a person has said, by flag, environment or wizard. Absent: not said. */
export interface Answers {
  readonly name?: string | undefined;
  readonly region?: string | undefined;
  readonly vpcCidr?: string | undefined;
  readonly vpc?: string | undefined;
  readonly vgw?: string | undefined;
  readonly crypto?: string | undefined;
  /** Of tunnels that say nothing of it. */
  readonly auth?: Auth | undefined;
  readonly networks: readonly string[];
  readonly gateways: readonly Spec[];
  readonly routers: readonly Spec[];
  readonly tunnels: readonly Spec[];
  readonly dx: readonly Spec[];
  readonly tables: readonly Spec[];
  /** Route tables that take what a managed gateway learns. */
  readonly propagate: readonly string[];
}

/** A site as plain data on its way into a file, not judged yet. */
export interface Draft {
  version: number;
  site?: unknown;
  folder?: unknown;
  crypto?: unknown;
  cloud: Record<string, unknown>;
  gateways: Item[];
  onprem: { networks: unknown[]; routers: Item[] };
  tunnels: Item[];
  links: Item[];
  route_tables?: Item[];
}
type Item = Record<string, unknown>;

/** Of a new site. */
export const EMPTY: Draft = {
  version: 1,
  crypto: 'modern',
  cloud: {},
  gateways: [],
  onprem: { networks: [], routers: [] },
  tunnels: [],
  links: [],
};

export const saysNothing = (answers: Answers): boolean =>
  Object.values(answers).every((value) => value === undefined || (Array.isArray(value) && value.length === 0));

/**
 * The flags that a new site needs and that have no answer, all of them. @param managed it has no gateways of its own.
 */
export const unanswered = (
  { name, region, vpcCidr, networks, gateways, routers, tunnels, dx, tables }: Answers,
  managed: boolean,
): readonly string[] => [
  ...(name === undefined ? ['--name'] : []),
  ...(region === undefined ? ['--region'] : []),
  ...(vpcCidr === undefined ? ['--vpc-cidr'] : []),
  ...(gateways.length === 0 && !managed ? ['--gateway'] : []),
  ...(networks.length === 0 ? ['--network'] : []),
  ...(routers.length === 0 ? ['--router'] : []),
  ...absentKeys('gateway', gateways),
  ...absentKeys('router', routers),
  ...absentKeys('tunnel', tunnels),
  ...absentKeys('dx', dx),
  ...absentKeys('table', tables),
];

/**
 * The site that the answers describe, on top of the one that is there: entries are found by name (or id), else by their
 * place, and changed; others are added; none is removed. What nobody said gets the defaults a person would choose:
 * names gw-1, rtr-1, vpn1, vpn-a; a tunnel for each new box; /30s from 169.254.100.0 upward; a route table prefers
 * Direct Connect, then the tunnel of its own availability zone.
 */
export const draftSite = (answers: Answers, before: Draft = EMPTY): Draft => {
  const said = (entries: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
  // An address that is said is there, whatever became of the one before it.
  const addressed = answers.gateways.map(
    (spec): Item => (spec['public_ip'] === undefined ? spec : { ...spec, released: undefined }),
  );
  const gateways = upsert(before.gateways, addressed, 'name', numbered('gw-'));
  const routers = upsert(before.onprem.routers, answers.routers, 'name', numbered('rtr-'));
  const place = {
    site: String(answers.name ?? before.site),
    folder: before.folder === undefined ? undefined : String(before.folder),
  };
  const taken = {
    used: [...before.tunnels, ...before.links, ...answers.tunnels, ...answers.dx].flatMap(({ inside }) =>
      network(inside),
    ),
  };
  const paired = answers.tunnels.length > 0 ? answers.tunnels : pairUp(gateways, routers, before);
  const wanted = answers.auth === 'cert' ? paired.map((tunnel) => ({ auth: 'cert', ...tunnel })) : paired;
  const tunnels = upsert(before.tunnels, wanted, 'name', numbered('vpn')).map((tunnel) =>
    completeTunnel(tunnel, gateways, routers, taken, layoutOf(place).psk),
  );
  const dx = upsert(
    before.links.filter(({ kind }) => kind === 'dx'),
    answers.dx,
    'name',
    numbered('dx-'),
  );
  const links = linksOf(before.links, dx, tunnels, routers);
  const tables = upsert(before.route_tables ?? [], answers.tables, 'id', () => undefined);
  const names = tables.map(({ name }) => name);
  const complete = tables.map((table) => {
    const name = table['name'] ?? next(numbered('private-'), names);
    names.push(name);
    return {
      id: table['id'],
      name,
      ...table,
      links: table['links'] ?? preferred(table['az'], links, tunnels, gateways),
    };
  });
  return {
    version: before.version,
    ...said({ site: answers.name ?? before.site, folder: before.folder, crypto: answers.crypto ?? before.crypto }),
    cloud: {
      ...before.cloud,
      ...said({
        region: answers.region,
        vpc: answers.vpc,
        cidr: answers.vpcCidr,
        vgw: answers.vgw,
        propagate: answers.propagate.length > 0 ? [...answers.propagate] : undefined,
      }),
    },
    gateways,
    onprem: {
      ...before.onprem,
      networks: answers.networks.length > 0 ? [...answers.networks] : before.onprem.networks,
      routers,
    },
    tunnels,
    links,
    ...(complete.length > 0 ? { route_tables: complete } : {}),
  };
};

type Naming = (index: number) => string | undefined;
const numbered =
  (prefix: string): Naming =>
  (index) =>
    `${prefix}${index + 1}`;
/** vpn-a … vpn-z, then vpn-27. */
const lettered: Naming = (index) => `vpn-${index < 26 ? String.fromCharCode(97 + index) : index + 1}`;

const next = (naming: Naming, taken: readonly unknown[]): string | undefined => {
  for (let index = 0; ; index += 1) {
    const name = naming(index);
    if (name === undefined || !taken.some((other) => String(other).toLowerCase() === name)) return name;
  }
};

const upsert = (items: readonly Item[], specs: readonly Item[], key: string, naming: Naming): Item[] => {
  const result = items.map((item) => ({ ...item }));
  specs.forEach((spec, index) => {
    const at =
      spec[key] === undefined
        ? index < items.length
          ? index
          : -1
        : result.findIndex((item) => item[key] === spec[key]);
    if (at >= 0) result[at] = { ...result[at], ...spec };
    else {
      const name =
        spec[key] ??
        next(
          naming,
          [...result, ...specs].map((item) => item[key]),
        );
      result.push({ ...(name === undefined ? {} : { [key]: name }), ...spec });
    }
  });
  return result;
};

/**
 * Every box that is new gets a tunnel, to the box of the other side that has the fewest. Without gateways there is
 * none.
 */
const pairUp = (gateways: readonly Item[], routers: readonly Item[], before: Draft): readonly Spec[] => {
  if (gateways.length === 0) return [];
  const pairs: { gateway: string; router: string }[] = [];
  const fewest = (boxes: readonly Item[], side: 'gateway' | 'router'): string => {
    const load = (name: unknown): number =>
      [...before.tunnels, ...pairs].filter((tunnel) => tunnel[side] === name).length;
    return String([...boxes].sort((a, b) => load(a['name']) - load(b['name']))[0]?.['name']);
  };
  const fresh = (boxes: readonly Item[], old: readonly Item[]): readonly string[] =>
    boxes.slice(old.length).map(({ name }) => String(name));
  for (const gateway of fresh(gateways, before.gateways)) pairs.push({ gateway, router: fewest(routers, 'router') });
  for (const router of fresh(routers, before.onprem.routers)) {
    if (!pairs.some((pair) => pair.router === router)) pairs.push({ gateway: fewest(gateways, 'gateway'), router });
  }
  const names = before.tunnels.map(({ name }) => name);
  return pairs.map((pair) => {
    const name = next(numbered('vpn'), names)!;
    names.push(name);
    return { name, ...pair };
  });
};

const network = (text: unknown): readonly Cidr[] => {
  const parsed = typeof text === 'string' ? parseCidr(text) : 'none';
  return typeof parsed === 'string' ? [] : [parsed];
};

const completeTunnel = (
  tunnel: Item,
  gateways: readonly Item[],
  routers: readonly Item[],
  taken: { used: Cidr[] },
  folder: string,
): Item => {
  const ends = [
    gateways.find(({ name }) => name === tunnel['gateway']),
    routers.find(({ name }) => name === tunnel['router']),
  ];
  const policy = ends.some((end) => POLICY_ONLY.includes(end?.['dialect'] as Dialect));
  const { name, gateway, router, inside = freeInside(taken), psk_file = `${folder}/${String(name)}`, ...rest } = tunnel;
  const key = rest['auth'] === 'cert' ? {} : { psk_file };
  return { name, gateway, router, inside, ...key, ...(policy ? { mode: 'policy' } : {}), ...rest };
};

/** The next /30 from 169.254.100.0 that nobody has and AWS does not keep. */
const freeInside = (taken: { used: Cidr[] }): string => {
  let inside = cidr('169.254.100.0/30');
  while ([...taken.used, ...RESERVED_INSIDE].some((other) => overlaps(other, inside)))
    inside = cidr(`${addressText(inside.first + 4)}/30`);
  taken.used.push(inside);
  return inside.text;
};

const linksOf = (
  before: readonly Item[],
  dx: readonly Item[],
  tunnels: readonly Item[],
  routers: readonly Item[],
): Item[] => {
  const speaker = routers.find(({ asn }) => asn !== undefined) ?? routers[0];
  const complete = dx.map(({ name, kind: _, ...rest }) => ({ name, kind: 'dx', router: speaker?.['name'], ...rest }));
  const vpn = before.filter(({ kind }) => kind !== 'dx').map((link) => ({ ...link }));
  const names = [...dx, ...vpn].map(({ name }) => name as unknown);
  for (const tunnel of tunnels.filter(({ name }) => !vpn.some((link) => link['tunnel'] === name))) {
    const name = next(lettered, names);
    names.push(name);
    vpn.push({ name, kind: 'vpn', tunnel: tunnel['name'] });
  }
  // What stands in the file keeps its place there.
  const all = [...complete, ...vpn];
  const old = before.flatMap(({ name }) => all.filter((link) => link['name'] === name));
  return [...old, ...all.filter((link) => !old.includes(link))];
};

const preferred = (
  az: unknown,
  links: readonly Item[],
  tunnels: readonly Item[],
  gateways: readonly Item[],
): unknown[] => {
  const zone = (link: Item): unknown =>
    gateways.find(({ name }) => name === tunnels.find((tunnel) => tunnel['name'] === link['tunnel'])?.['gateway'])?.[
      'az'
    ];
  const rank = (link: Item): number => (link['kind'] === 'dx' ? 0 : zone(link) === az ? 1 : 2);
  return [...links].sort((a, b) => rank(a) - rank(b)).map(({ name }) => name);
};
