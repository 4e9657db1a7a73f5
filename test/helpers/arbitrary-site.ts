import fc from 'fast-check';
import { addressText } from '../../src/lib/domain/cidr.ts';
import { POLICY_ONLY, ROUTE_ONLY, LEGACY_CRYPTO_ONLY } from '../../src/lib/domain/capability.ts';
import { CRYPTO_LEVELS } from '../../src/lib/domain/crypto.ts';
import {
  DIALECTS,
  LINUX_DIALECTS,
  siteSchema,
  type Dialect,
  type Site,
  type SiteInput,
} from '../../src/lib/domain/site.ts';

/**
 * Random valid sites: any dialect on either side that fits the other, one to three boxes a side, route- and
 * policy-based tunnels, with and without Direct Connect and route tables. Shrinks towards one gateway, one router, one
 * tunnel.
 */
const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const stem = fc.string({ unit: fc.constantFrom(...`${letters}0123456789-`), maxLength: 26 });
const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 8, maxLength: 8 });

const gateway = fc.record({
  stem,
  dialect: fc.constantFrom(...LINUX_DIALECTS),
  interface: fc.constantFrom('xfrm' as const, 'vti' as const, 'tun' as const),
  az: fc.constantFrom('cn-north-1a', 'cn-north-1b', 'cn-north-1c'),
  wan: fc.constantFrom('eth0', 'ens5'),
  point: fc.constantFrom('eni' as const, 'instance' as const, 'both' as const),
});
const router = fc.record({
  stem,
  dialect: fc.constantFrom(...DIALECTS),
  interface: fc.constantFrom('xfrm' as const, 'vti' as const, 'tun' as const),
  nat: fc.boolean(),
  lanIp: fc.boolean(),
  routerId: fc.boolean(),
  wan: fc.constantFrom('GigabitEthernet1', 'outside', 'eth0'),
  lan: fc.constantFrom('GigabitEthernet2', 'inside', 'Vlan10', 'eth1.20'),
});
const ingredients = fc.record({
  site: stem,
  vpc: fc.record({ second: fc.integer({ min: 0, max: 127 }), prefix: fc.integer({ min: 16, max: 22 }) }),
  onprem: fc.uniqueArray(
    fc.record({ second: fc.integer({ min: 128, max: 254 }), prefix: fc.integer({ min: 16, max: 28 }) }),
    { minLength: 1, maxLength: 3, selector: ({ second }) => second },
  ),
  offered: fc.boolean(),
  crypto: fc.constantFrom(...CRYPTO_LEVELS),
  gateways: fc.array(gateway, { minLength: 1, maxLength: 3 }),
  routers: fc.array(router, { minLength: 1, maxLength: 3 }),
  pairs: fc.uniqueArray(fc.tuple(fc.nat(2), fc.nat(2)), {
    minLength: 1,
    maxLength: 4,
    selector: ([g, r]) => `${g} ${r}`,
  }),
  policy: fc.boolean(),
  insideStart: fc.integer({ min: 6, max: 150 }),
  numbers: fc.boolean(),
  stems: fc.tuple(stem, stem, stem),
  dx: fc.integer({ min: 0, max: 2 }),
  tables: fc.integer({ min: 0, max: 2 }),
  prefixList: fc.boolean(),
  override: fc.boolean(),
  hex,
});
type Ingredients = typeof ingredients extends fc.Arbitrary<infer T> ? T : never;

/** The mode that suits both boxes; a box that fits neither takes the nearest dialect that does. */
const fit = (dialect: Dialect, policy: boolean): Dialect => {
  if (policy) return ROUTE_ONLY.includes(dialect) ? (dialect === 'ios-vti' ? 'ios-cryptomap' : 'asa-8.3') : dialect;
  return POLICY_ONLY.includes(dialect)
    ? dialect === 'openswan'
      ? 'libreswan'
      : dialect === 'ios-cryptomap'
        ? 'ios-vti'
        : 'asa-9.7-vti'
    : dialect;
};
const strongswan = (dialect: Dialect): boolean => dialect === 'swanctl' || dialect === 'ipsec-conf';

const assemble = (x: Ingredients): SiteInput => {
  const id = (kind: string, index: number): string => `${kind}-${x.hex}${index.toString(16).padStart(2, '0')}`;
  const named = (text: string, letter: string, index: number): string => `${letter}${text}${index}`;
  const vpcFirst = 10 * 2 ** 24 + x.vpc.second * 2 ** 16;
  const pairs = x.pairs
    .map(([g, r]) => [g % x.gateways.length, r % x.routers.length] as const)
    .filter(([g, r], index, all) => all.findIndex(([g2, r2]) => g === g2 && r === r2) === index);
  const carried = (side: 0 | 1, index: number): number => pairs.filter((pair) => pair[side] === index).length;
  const kind = (dialect: Dialect, wanted: 'xfrm' | 'vti' | 'tun', load: number): 'xfrm' | 'vti' | 'tun' | 'policy' =>
    x.policy
      ? 'policy'
      : wanted === 'tun' && (!strongswan(dialect) || load > 1)
        ? 'vti'
        : wanted === 'xfrm' && dialect === 'ipsec-conf'
          ? 'vti'
          : wanted;
  const gateways = x.gateways.map((one, index) => {
    // At crypto level legacy, gateways of one crypto map speak one dialect; a policy-based site may be one of those.
    const dialect = fit((x.policy ? x.gateways[0]! : one).dialect, x.policy) as (typeof LINUX_DIALECTS)[number];
    return {
      name: named(one.stem, 'g', index),
      az: one.az,
      private_ip: addressText(vpcFirst + 2 ** 8 + 10 + index),
      public_ip: `203.0.113.${11 + index}`,
      ...(one.point === 'eni' ? {} : { instance: id('i', index) }),
      ...(one.point === 'instance' ? {} : { eni: id('eni', index) }),
      dialect,
      interface: kind(dialect, one.interface, carried(0, index)),
      wan: one.wan,
    };
  });
  const routers = x.routers.map((one, index) => {
    const dialect = fit(one.dialect, x.policy);
    return {
      name: named(one.stem, 'r', index),
      public_ip: `198.51.100.${20 + index}`,
      ...(one.nat ? { private_ip: `192.168.77.${20 + index}` } : {}),
      dialect,
      interface: kind(dialect, one.interface, carried(1, index)),
      // A Linux interface has a short name without a slash.
      ...(LINUX_DIALECTS.some((linux) => linux === dialect)
        ? { wan: 'eth0', lan: 'eth1.20' }
        : { wan: one.wan, lan: one.lan }),
      ...(one.lanIp ? { lan_ip: `10.${x.onprem[0]!.second}.0.${index + 1}` } : {}),
      asn: 65_010 + index,
      ...(one.routerId ? { router_id: `1.1.1.${index + 1}` } : {}),
    };
  });
  const tunnels = pairs.map(([g, r], index) => ({
    name: named(x.stems[0], 't', index),
    gateway: gateways[g]!.name,
    router: routers[r]!.name,
    inside: `169.254.${x.insideStart}.${index * 4}/30`,
    psk_file: `psk/t${index}`,
    mode: x.policy ? ('policy' as const) : ('route' as const),
    ...(x.numbers ? { number: 200 + index * 10 } : {}),
  }));
  const speakers = routers.filter(({ dialect }) => !dialect.startsWith('asa-'));
  const dx = Array.from({ length: speakers.length === 0 ? 0 : x.dx }, (_, index) => ({
    name: named(x.stems[1], 'd', index),
    kind: 'dx' as const,
    router: speakers[index % speakers.length]!.name,
    vlan: 100 + index,
    inside: `169.254.${x.insideStart + 1}.${index * 4}/30`,
    cloud_asn: 64_512,
    role: index === 0 ? ('active' as const) : ('standby' as const),
  }));
  const links = [
    ...dx,
    ...tunnels.map(({ name: tunnel }, index) => ({
      name: named(x.stems[1], 'v', index),
      kind: 'vpn' as const,
      tunnel,
    })),
  ];
  const onprem = x.onprem.map(({ second, prefix }) => `10.${second}.0.0/${prefix}`);
  const capable = [...gateways, ...routers].every(({ dialect }) => !LEGACY_CRYPTO_ONLY.includes(dialect));
  return {
    version: 1,
    site: `s${x.site}`,
    crypto: capable ? x.crypto : 'legacy',
    cloud: {
      region: 'cn-north-1',
      cidr: `${addressText(vpcFirst)}/${x.vpc.prefix}`,
      ...(x.dx > 0 ? { vgw: id('vgw', 0) } : {}),
      ...(x.offered ? { networks: [`${addressText(vpcFirst)}/24`, `${addressText(vpcFirst + 2 ** 8)}/24`] } : {}),
    },
    gateways,
    onprem: { networks: onprem, routers },
    tunnels,
    links,
    route_tables: Array.from({ length: x.tables }, (_, index) => ({
      id: id('rtb', index),
      name: named(x.stems[2], 'p', index),
      subnets: [`${addressText(vpcFirst + (2 + index) * 2 ** 8)}/24`],
      ...(x.prefixList ? { destinations: [...onprem, id('pl', 0)] } : {}),
      links: links.map(({ name }) => name),
      mode: x.override ? ('override' as const) : ('replace' as const),
    })),
  };
};

/** A random valid site as a person would write it. */
export const arbitrarySiteInput: fc.Arbitrary<SiteInput> = ingredients.map(assemble);
/** A random valid site as `loadSite` gives it. */
export const arbitrarySite: fc.Arbitrary<Site> = arbitrarySiteInput.map((input) => siteSchema.parse(input));

/** Keys by tunnel name that satisfy the rules for pre-shared keys. */
export const pskFor = (site: Site): ReadonlyMap<string, string> =>
  new Map(site.tunnels.map(({ name }, index) => [name, `Key.of_tunnel_${index}_abcdefghijklmnop`]));
