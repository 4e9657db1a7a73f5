import { addressPlan, planWarnings } from './address-plan.ts';
import { cidr, contains, covers } from './cidr.ts';
import { boxes, capabilities } from './capability.ts';
import { issue, repeated, type Entry, type Path } from './issue.ts';
import { pathWarnings } from './path-warnings.ts';
import { redundancyWarnings } from './watched.ts';
import { zoneProblem } from './regions.ts';
import { pskFileOf, type DxLink, type Site, type SiteIssue, type VpnLink } from './site.ts';
import { vpcCidrs } from './vpc.ts';

/**
 * Everything about a site file that its shape can't say: names, references, address plan, what each box is able to do.
 * Pure. @returns every mistake, in the order of the sections; a message reads `what is wrong: how to fix it`.
 */
export const checkSite = (site: Site): readonly SiteIssue[] => [
  ...repeatedValues(site),
  ...references(site),
  ...zones(site),
  ...addressPlan(site),
  ...checkItems(site),
  ...canaries(site),
];

/** What each box can do, and what its items say of each other. */
export const checkItems = (site: Site): readonly SiteIssue[] => [
  ...capabilities(site),
  ...links(site),
  ...routeTables(site),
];

/**
 * The VPC's DNS resolver, the same in each (VPC user guide, "Amazon DNS server"); the VPC's own second address is
 * another name of it.
 */
const RESOLVER = '169.254.169.253';

/** A canary proves that we see: on a path that is judged it would go silent with that path. */
export const canaries = ({ cloud, gateways, monitor }: Site): readonly SiteIssue[] =>
  (monitor?.canaries ?? []).flatMap(({ address }, index) => {
    const path: Path = ['monitor', 'canaries', index];
    const gateway = gateways.find(({ private_ip }) => private_ip === address);
    if (gateway !== undefined)
      return [issue(path, `${address} is ${gateway.name}, which is watched: name another host of its zone`)];
    return address === RESOLVER || vpcCidrs({ cloud }).some((vpc) => contains(vpc, address))
      ? []
      : [issue(path, `${address} is not in the VPC (${cloud.cidr}): behind a link it would go silent with it`)];
  });

const entries = <T>(items: readonly T[], base: Path, key: keyof T & string): readonly Entry[] =>
  items.flatMap((item, index) => {
    const value = item[key];
    return typeof value === 'string' || typeof value === 'number' ? [{ path: [...base, index, key], value }] : [];
  });

/** Values that two entries have and only one may have. */
export const repeatedValues = (site: Site): readonly SiteIssue[] => {
  const routers: Path = ['onprem', 'routers'];
  const twice = (value: string, first: string): string =>
    `${value} is taken by ${first}: choose another name (case does not tell two apart)`;
  const box = (value: string, first: string): string => `${value} is the address of ${first} too: each box has its own`;
  const once = (value: string, first: string): string => `${value} is given in ${first} too: each entry has its own`;
  return [
    ...repeated(
      [...entries(site.gateways, ['gateways'], 'name'), ...entries(site.onprem.routers, routers, 'name')],
      twice,
    ),
    ...repeated(entries(site.tunnels, ['tunnels'], 'name'), twice),
    ...repeated(entries(site.links, ['links'], 'name'), twice),
    ...repeated(entries(site.route_tables, ['route_tables'], 'name'), twice),
    // Two routers behind one public address can't both be reached on UDP 500: the cloud side initiates.
    ...repeated(
      [...entries(site.gateways, ['gateways'], 'public_ip'), ...entries(site.onprem.routers, routers, 'public_ip')],
      box,
    ),
    ...repeated(
      [...entries(site.gateways, ['gateways'], 'private_ip'), ...entries(site.onprem.routers, routers, 'private_ip')],
      box,
    ),
    ...repeated(entries(site.onprem.routers, routers, 'lan_ip'), box),
    ...repeated(
      entries(site.onprem.routers, routers, 'router_id'),
      (value, first) => `${value} is the router id of ${first} too: OSPF and BGP need them distinct`,
    ),
    ...repeated(entries(site.gateways, ['gateways'], 'instance'), once),
    ...repeated(entries(site.gateways, ['gateways'], 'eni'), once),
    ...repeated(
      site.tunnels.flatMap((tunnel, index) => {
        const value = pskFileOf(tunnel);
        return value === undefined ? [] : [{ path: ['tunnels', index, 'psk_file'], value }];
      }),
      (_, first) => `is the key file of ${first} too: each tunnel has its own key`,
    ),
    ...repeated(entries(site.route_tables, ['route_tables'], 'id'), once),
  ];
};

const known = (path: Path, name: string, what: string, names: readonly string[]): readonly SiteIssue[] =>
  names.includes(name)
    ? []
    : [
        issue(
          path,
          `no ${what} is called ${name}: there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ') || 'none'}`,
        ),
      ];

const names = (items: readonly { readonly name: string }[]): readonly string[] => items.map(({ name }) => name);

const references = (site: Site): readonly SiteIssue[] => [
  ...site.tunnels.flatMap((tunnel, index) => [
    ...known(['tunnels', index, 'gateway'], tunnel.gateway, 'gateway', names(site.gateways)),
    ...known(['tunnels', index, 'router'], tunnel.router, 'router', names(site.onprem.routers)),
  ]),
  // IKE ids and keys are found by the pair of addresses: a second tunnel between them could not be told apart.
  ...repeated(
    site.tunnels.map((tunnel, index) => ({
      path: ['tunnels', index, 'router'],
      value: `${tunnel.gateway} and ${tunnel.router}`,
    })),
    (pair, first) =>
      `${pair} are joined by ${first.replace(/\.router$/, '')} already: one tunnel for each pair of boxes`,
  ),
  ...site.links.flatMap((link, index) =>
    link.kind === 'vpn'
      ? known(['links', index, 'tunnel'], link.tunnel, 'tunnel', names(site.tunnels))
      : known(['links', index, 'router'], link.router, 'router', names(site.onprem.routers)),
  ),
  ...site.route_tables.flatMap((table, index) =>
    table.links.flatMap((link, at) => known(['route_tables', index, 'links', at], link, 'link', names(site.links))),
  ),
];

/** A zone of another region has no subnet of this VPC. */
export const zones = ({ cloud, gateways, route_tables }: Site): readonly SiteIssue[] =>
  Object.entries({ gateways, route_tables }).flatMap(([list, items]) =>
    items.flatMap(({ az }, index) => {
      const problem = az === undefined ? undefined : zoneProblem(az, cloud.region);
      return problem === undefined ? [] : [issue([list, index, 'az'], problem)];
    }),
  );

const links = (site: Site): readonly SiteIssue[] => {
  const dx = site.links.flatMap((link, index) =>
    link.kind === 'dx' ? [{ link: link as DxLink, path: ['links', index] as Path }] : [],
  );
  const vpn = site.links.flatMap((link, index) =>
    link.kind === 'vpn' ? [{ link: link as VpnLink, path: ['links', index] as Path }] : [],
  );
  const active = dx.filter(({ link }) => link.role === 'active');
  return [
    ...(dx.length > 0 && site.cloud.vgw === undefined
      ? [
          issue(
            ['cloud', 'vgw'],
            `is missing: the dx link ${dx[0]!.link.name} ends on a virtual private gateway: set its id`,
          ),
        ]
      : []),
    ...dx.flatMap(({ link, path }) => {
      const at = site.onprem.routers.findIndex(({ name }) => name === link.router);
      const router = site.onprem.routers[at];
      if (router === undefined) return [];
      if (router.asn === undefined)
        return [
          issue(
            ['onprem', 'routers', at, 'asn'],
            `is missing: ${router.name} speaks BGP on the dx link ${link.name}: set its AS number`,
          ),
        ];
      return router.asn === link.cloud_asn
        ? [
            issue(
              [...path, 'cloud_asn'],
              `${link.cloud_asn} is the router's own AS number: Direct Connect is eBGP, the two differ`,
            ),
          ]
        : [];
    }),
    ...site.links.flatMap(({ probe }, index) =>
      (probe?.targets ?? []).flatMap((target, at) =>
        vpcCidrs(site).some((block) => contains(block, target))
          ? [
              issue(
                ['links', index, 'probe', 'targets', at],
                `${target} is in the VPC: its answer crosses no link, and proves nothing: name a host of the office`,
              ),
            ]
          : [],
      ),
    ),
    ...repeated(
      dx.map(({ link, path }) => ({ path: [...path, 'vlan'], value: `${link.vlan} on ${link.router}` })),
      (value, first) => `VLAN ${value} is ${first} too: each virtual interface has its own`,
    ),
    ...(dx.length > 0 && active.length === 0
      ? [issue([...dx[0]!.path, 'role'], 'standby, and no dx link is active: set role: active on one')]
      : []),
    ...repeated(
      vpn.map(({ link, path }) => ({ path: [...path, 'tunnel'], value: link.tunnel })),
      (value, first) => `${value} is ${first} too: one link for each tunnel`,
    ),
  ];
};

const routeTables = (site: Site): readonly SiteIssue[] => {
  const vpc = vpcCidrs(site);
  return site.route_tables.flatMap((table, index) => {
    const base: Path = ['route_tables', index];
    return [
      ...repeated(
        table.links.map((value, at) => ({ path: [...base, 'links', at], value })),
        (value, first) => `${value} is ${first} already: name each link once`,
      ),
      ...repeated(
        (table.destinations ?? []).map((value, at) => ({ path: [...base, 'destinations', at], value })),
        (value, first) => `${value} is ${first} already: name each destination once`,
      ),
      ...(table.destinations ?? []).flatMap((text, at) => {
        const inside = text.startsWith('pl-') ? undefined : vpc.find((own) => covers(own, cidr(text)));
        return inside === undefined
          ? []
          : [
              issue(
                [...base, 'destinations', at],
                `${text} is inside the VPC (${inside.text}): the VPC routes it itself`,
              ),
            ];
      }),
    ];
  });
};

/** A gateway is in the site file before it is made; until then no route can point at it. */
export const withoutTarget = (site: Site): readonly SiteIssue[] =>
  site.route_tables.flatMap((table, index) =>
    table.links.flatMap((name, at) => {
      const link = site.links.find((candidate) => candidate.name === name);
      const tunnel =
        link?.kind === 'vpn' ? site.tunnels.find((candidate) => candidate.name === link.tunnel) : undefined;
      const gateway =
        tunnel === undefined ? undefined : site.gateways.find((candidate) => candidate.name === tunnel.gateway);
      return gateway !== undefined && gateway.eni === undefined && gateway.instance === undefined
        ? [
            issue(
              ['route_tables', index, 'links', at],
              `${name} ends on ${gateway.name}, which has neither eni nor instance: a route can't point at it yet: set one, or create it with "vpn init --apply"`,
            ),
          ]
        : [];
    }),
  );

/** What a person should know although nothing is wrong. Same form as the mistakes. */
export const siteWarnings = (site: Site): readonly SiteIssue[] => [
  ...redundancyWarnings(site),
  ...site.gateways.flatMap(({ name, public_ip, released }, index) =>
    released === true
      ? [
          issue(
            ['gateways', index, 'public_ip'],
            `${public_ip} of ${name} was given back by "vpn destroy" and may be somebody else's by now: "vpn init --apply" gets a new one`,
          ),
        ]
      : [],
  ),
  ...site.links.flatMap((link, index) =>
    link.kind === 'dx' && link.bgp_password_file === undefined
      ? [
          issue(
            ['links', index, 'bgp_password_file'],
            `is not set: AWS always sets an MD5 key on the BGP session of ${link.name}, which stays down until the router has the same key`,
          ),
        ]
      : [],
  ),
  ...planWarnings(site),
  ...pathWarnings(site),
  ...(site.links.length === 0
    ? [
        issue(
          ['links'],
          'is empty, and so is the network: "vpn init --gateway" adds gateways of your own, "vpn init --apply --gateway aws" makes AWS\'s',
        ),
      ]
    : []),
  ...withoutTarget(site),
  ...site.tunnels.flatMap((tunnel, index) =>
    site.links.some((link) => link.kind === 'vpn' && link.tunnel === tunnel.name)
      ? []
      : [issue(['tunnels', index], `no link uses ${tunnel.name}: routes will never point at it`)],
  ),
  ...site.links.flatMap((link, index) =>
    site.route_tables.length === 0 || site.route_tables.some((table) => table.links.includes(link.name))
      ? []
      : [issue(['links', index], `no route table uses ${link.name}`)],
  ),
  ...boxes(site).flatMap((box) => {
    if (box.tunnels.length === 0)
      return site.tunnels.length === 0 || site.links.some((link) => link.kind === 'dx' && link.router === box.name)
        ? []
        : [issue(box.path, `no tunnel ends on ${box.name}`)];
    const at: Path = [...box.path, 'dialect'];
    if (box.dialect === 'libreswan' && site.crypto === 'legacy')
      return [issue(at, 'Libreswan has DH group 2 (modp1024) only in a special build since 3.30')];
    if (box.dialect === 'asa-8.3' && site.crypto !== 'legacy')
      return [
        issue(
          at,
          `crypto level ${site.crypto} needs ASA 9.0 or later: IKEv2 came with 8.4, AES-GCM and DH 19/20 with 9.0`,
        ),
      ];
    if (box.dialect === 'asa-9.7-vti' && site.crypto !== 'legacy')
      return [issue(at, `crypto level ${site.crypto} needs ASA 9.8(1) or later: the VTI of 9.7 speaks IKEv1 only`)];
    return [];
  }),
];

/**
 * What the probes of Direct Connect will not see: they end at the far router, as long as the site file names no
 * targets.
 */
export const blindSpots = (site: Site): readonly SiteIssue[] =>
  site.links.flatMap((link, index) => {
    const router = site.onprem.routers.find(({ name }) => link.kind === 'dx' && name === link.router);
    if (router === undefined || link.probe !== undefined) return [];
    const what =
      router.lan_ip === undefined
        ? `${link.name} is not probed, as ${router.name} has no lan_ip, and no route is moved to it`
        : `${link.name} is probed at ${router.name} (${router.lan_ip}) and a dead line behind it is not seen`;
    return [issue(['links', index], `${what}: name hosts of the office in probe.targets`)];
  });
