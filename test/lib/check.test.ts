import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { blindSpots, checkSite, siteWarnings } from '../../src/lib/domain/check.ts';
import { pathText } from '../../src/lib/domain/issue.ts';
import { siteSchema, type Site } from '../../src/lib/domain/site.ts';

/** A site file's data, loose enough to be spoilt. */
type Loose = any;

const load = (name: string): Loose => parse(readFileSync(new URL(`../fixtures/${name}.yaml`, import.meta.url), 'utf8'));
const spoilt = (name: string, spoil: (site: Loose) => void): Site => {
  const loose = load(name);
  spoil(loose);
  return siteSchema.parse(loose);
};
const lines = (issues: ReturnType<typeof checkSite>): readonly string[] =>
  issues.map(({ path, message }) => `${pathText(path)}: ${message}`);

test.each(['lab', 'seed-bjs', 'seed-openswan'])('%s has no mistakes', (name) => {
  expect(checkSite(spoilt(name, () => undefined))).toEqual([]);
});

const CASES: readonly (readonly [what: string, spoil: (site: Loose) => void, ...lines: string[]])[] = [
  [
    'a name twice',
    (s) => (s.tunnels[1].name = 'vpn1'),
    'tunnels[1].name: vpn1 is taken by tunnels[0].name: choose another name (case does not tell two apart)',
    'links[2].tunnel: no tunnel is called vpn2: there are vpn1, vpn1',
  ],
  [
    'zones that are not of the region',
    (s) => {
      s.gateways[0].az = 'eu-west-1a';
      s.route_tables[1].az = 'cn-north-1z';
    },
    'gateways[0].az: eu-west-1a is a zone of eu-west-1, not of cn-north-1',
    'route_tables[1].az: cn-north-1z is not a zone of cn-north-1: it looks like cn-north-1a',
  ],
  [
    'a name twice in another case',
    (s) => (s.onprem.routers[1].name = 'GW-1'),
    'onprem.routers[1].name: GW-1 is taken by gateways[0].name: choose another name (case does not tell two apart)',
    'tunnels[1].router: no router is called rtr-2: there are rtr-1, GW-1',
  ],
  [
    'a public address twice',
    (s) => (s.onprem.routers[1].public_ip = '203.0.113.11'),
    'onprem.routers[1].public_ip: 203.0.113.11 is the address of gateways[0].public_ip too: each box has its own',
  ],
  [
    'a private address twice',
    (s) => (s.gateways[1].private_ip = '172.16.1.157'),
    'gateways[1].private_ip: 172.16.1.157 is the address of gateways[0].private_ip too: each box has its own',
  ],
  [
    'a router id twice',
    (s) => (s.onprem.routers[1].router_id = '10.10.0.2'),
    'onprem.routers[1].router_id: 10.10.0.2 is the router id of onprem.routers[0].router_id too: OSPF and BGP need them distinct',
  ],
  [
    'an instance twice',
    (s) => (s.gateways[1].instance = s.gateways[0].instance),
    'gateways[1].instance: i-0e1466e8a5dd4892c is given in gateways[0].instance too: each entry has its own',
  ],
  [
    'a key file twice',
    (s) => (s.tunnels[1].psk_file = 'psk/vpn1'),
    'tunnels[1].psk_file: is the key file of tunnels[0].psk_file too: each tunnel has its own key',
  ],
  [
    'an unknown gateway',
    (s) => (s.tunnels[0].gateway = 'gw-9'),
    'tunnels[0].gateway: no gateway is called gw-9: there are gw-1, gw-2',
  ],
  [
    'a second tunnel of one pair',
    (s) => Object.assign(s.tunnels[1], { gateway: 'gw-1', router: 'rtr-1' }),
    'tunnels[1].router: gw-1 and rtr-1 are joined by tunnels[0] already: one tunnel for each pair of boxes',
    'tunnels[1].gateway: gw-1 has interface tun and carries vpn1 already: one tunnel a box, or interface xfrm',
    'tunnels[1].router: rtr-1 has interface tun and carries vpn1 already: one tunnel a box, or interface xfrm',
  ],
  [
    'an unknown link in a table',
    (s) => (s.route_tables[0].links[1] = 'vpn-z'),
    'route_tables[0].links[1]: no link is called vpn-z: there are dx-1, vpn-a, vpn-b',
  ],
  [
    'the office in the VPC',
    (s) => (s.onprem.networks = ['172.16.128.0/17']),
    'onprem.networks[0]: 172.16.128.0/17 overlaps 172.16.0.0/16 of cloud.cidr: each needs addresses of its own',
  ],
  [
    'one /30 for two tunnels',
    (s) => (s.tunnels[1].inside = '169.254.100.0/30'),
    'tunnels[1].inside: 169.254.100.0/30 overlaps 169.254.100.0/30 of tunnels[0].inside: each needs addresses of its own',
  ],
  [
    'one /30 for a tunnel and a virtual interface',
    (s) => (s.links[0].inside = '169.254.100.0/30'),
    'links[0].inside: 169.254.100.0/30 overlaps 169.254.100.0/30 of tunnels[0].inside: each needs addresses of its own',
  ],
  [
    'a VPC that is too big',
    (s) => (s.cloud.cidr = '172.16.0.0/12'),
    "cloud.cidr: 172.16.0.0/12 is no VPC's CIDR: AWS takes /16 to /28",
  ],
  [
    'a gateway outside the VPC',
    (s) => (s.gateways[0].private_ip = '172.17.1.1'),
    'gateways[0].private_ip: 172.17.1.1 is outside the VPC: use an address within 172.16.0.0/16',
  ],
  [
    'a router inside the VPC',
    (s) => (s.onprem.routers[1].private_ip = '172.16.9.9'),
    "onprem.routers[1].private_ip: 172.16.9.9 is inside the VPC (172.16.0.0/16): use the router's own address",
  ],
  [
    'a subnet outside the VPC',
    (s) => (s.route_tables[1].subnets = ['10.99.0.0/24']),
    'route_tables[1].subnets[0]: 10.99.0.0/24 is outside the VPC: use a network within 172.16.0.0/16',
  ],
  [
    'a subnet in two tables',
    (s) => (s.route_tables[1].subnets = ['172.16.11.0/24']),
    'route_tables[1].subnets[0]: 172.16.11.0/24 overlaps 172.16.11.0/24 of route_tables[0].subnets[0]: each needs addresses of its own',
  ],
  [
    'a /29 inside',
    (s) => (s.tunnels[0].inside = '169.254.100.0/29'),
    'tunnels[0].inside: 169.254.100.0/29 is a /29: a tunnel takes a /30, like 169.254.100.0/30',
  ],
  [
    'an inside that is not link-local',
    (s) => (s.tunnels[0].inside = '192.168.9.0/30'),
    'tunnels[0].inside: 192.168.9.0/30 is not inside 169.254.0.0/16: take a /30 like 169.254.100.0/30',
  ],
  ...[
    '169.254.0.0/30',
    '169.254.1.0/30',
    '169.254.2.0/30',
    '169.254.3.0/30',
    '169.254.4.0/30',
    '169.254.5.0/30',
    '169.254.169.252/30',
  ].map(
    (inside) =>
      [
        `the reserved ${inside}`,
        (s: Loose) => (s.tunnels[0].inside = inside),
        `tunnels[0].inside: ${inside} is reserved by AWS: take another /30, like 169.254.100.0/30`,
      ] as const,
  ),
  [
    'a /29 for a virtual interface',
    (s) => (s.links[0].inside = '169.254.10.0/29'),
    'links[0].inside: 169.254.10.0/29 is a /29: a virtual interface takes a /30 or a /31',
  ],
  [
    'one number twice on a box',
    (s) =>
      s.tunnels.forEach((tunnel: Loose, index: number) =>
        Object.assign(tunnel, { number: 200, gateway: 'gw-1' }, index === 0 ? {} : {}),
      ),
    'tunnels[1].gateway: gw-1 has interface tun and carries vpn1 already: one tunnel a box, or interface xfrm',
    'tunnels[1].number: 200 is tunnels[0].number on gw-1 too: choose another base, or leave it out',
  ],
  [
    'a VTI box with a policy tunnel',
    (s) => Object.assign(s.onprem.routers[0], { dialect: 'ios-vti' }) && (s.tunnels[0].mode = 'policy'),
    'tunnels[0].mode: policy does not fit rtr-1: ios-vti is a tunnel interface: set mode: route',
  ],
  [
    'a crypto map with a route tunnel',
    (s) => (s.onprem.routers[0].dialect = 'ios-cryptomap'),
    'tunnels[0].mode: route does not fit rtr-1: ios-cryptomap has no tunnel interface: set mode: policy',
  ],
  [
    'an old ASA with modern crypto',
    (s) => (s.onprem.routers[1].dialect = 'asa-8.2') && (s.tunnels[1].mode = 'policy'),
    "onprem.routers[1].dialect: asa-8.2 can't do crypto level modern: set crypto: legacy, or choose a newer dialect",
  ],
  [
    'one crypto map for an Openswan and a strongSwan gateway',
    (s) =>
      Object.assign(s, { crypto: 'legacy' }) &&
      Object.assign(s.gateways[0], { dialect: 'openswan' }) &&
      s.tunnels.forEach((t: Loose) => Object.assign(t, { mode: 'policy', router: 'rtr-1' })) === undefined &&
      (s.onprem.routers[0].dialect = 'ios-cryptomap'),
    'tunnels[1].gateway: rtr-1 has one crypto map entry for all its tunnels, and at crypto level legacy an Openswan and a strongSwan gateway differ: set one dialect for both, or crypto: modern',
  ],
  [
    'Openswan with modern crypto',
    (s) => (s.gateways[0].dialect = 'openswan') && (s.tunnels[0].mode = 'policy'),
    "gateways[0].dialect: openswan can't do crypto level modern: set crypto: legacy, or choose a newer dialect",
  ],
  [
    'a route tunnel without an interface',
    (s) => (s.gateways[0].interface = 'policy'),
    'tunnels[0].mode: route does not fit gw-1: it has interface policy: set mode: policy or interface: xfrm',
  ],
  [
    'userspace ESP under Libreswan',
    (s) => (s.gateways[0].dialect = 'libreswan'),
    'gateways[0].interface: tun needs strongSwan (swanctl or ipsec-conf): libreswan takes xfrm or vti',
  ],
  [
    'an interface name that Linux has not',
    (s) => (s.onprem.routers[0].wan = 'GigabitEthernet0/1'),
    'onprem.routers[0].wan: GigabitEthernet0/1 is not the name of a Linux interface (at most 15 characters, no "/"): use what "ip link" shows, like eth0',
  ],
  [
    'XFRM interfaces by ipsec.conf',
    (s) => Object.assign(s.gateways[0], { dialect: 'ipsec-conf', interface: 'xfrm' }),
    "gateways[0].interface: strongSwan's ipsec.conf has no if_id for xfrm: set interface: vti, or dialect: swanctl",
  ],
  [
    'Direct Connect at an ASA',
    (s) => (s.onprem.routers[0].dialect = 'asa-9.7-vti'),
    'onprem.routers[0].dialect: Direct Connect is rendered for IOS and Linux (FRR), not for asa-9.7-vti: let it end on another router',
  ],
  [
    'Direct Connect without a VGW',
    (s) => delete s.cloud.vgw,
    'cloud.vgw: is missing: the dx link dx-1 ends on a virtual private gateway: set its id',
  ],
  [
    'Direct Connect without an AS number',
    (s) => delete s.onprem.routers[0].asn,
    'onprem.routers[0].asn: is missing: rtr-1 speaks BGP on the dx link dx-1: set its AS number',
  ],
  [
    'one AS on both sides',
    (s) => (s.links[0].cloud_asn = 65010),
    "links[0].cloud_asn: 65010 is the router's own AS number: Direct Connect is eBGP, the two differ",
  ],
  [
    'no active link',
    (s) => (s.links[0].role = 'standby'),
    'links[0].role: standby, and no dx link is active: set role: active on one',
  ],
  [
    'one VLAN twice',
    (s) => s.links.push({ ...s.links[0], name: 'dx-2', role: 'standby', inside: '169.254.11.0/30' }),
    'links[3].vlan: VLAN 100 on rtr-1 is links[0].vlan too: each virtual interface has its own',
  ],
  [
    'two links of one tunnel',
    (s) => (s.links[2].tunnel = 'vpn1'),
    'links[2].tunnel: vpn1 is links[1].tunnel too: one link for each tunnel',
  ],
  [
    'a link twice in a table',
    (s) => (s.route_tables[0].links = ['dx-1', 'vpn-a', 'dx-1']),
    'route_tables[0].links[2]: dx-1 is route_tables[0].links[0] already: name each link once',
  ],
  [
    'a destination inside the VPC',
    (s) => (s.route_tables[0].destinations = ['172.16.3.0/24']),
    'route_tables[0].destinations[0]: 172.16.3.0/24 is inside the VPC (172.16.0.0/16): the VPC routes it itself',
  ],
  [
    'an id twice',
    (s) => (s.route_tables[1].id = s.route_tables[0].id),
    'route_tables[1].id: rtb-0468f52220000000a is given in route_tables[0].id too: each entry has its own',
  ],
];

test.each(CASES)('%s', (_, spoil, ...expected) => {
  expect(lines(checkSite(spoilt('lab', spoil as (site: Loose) => void)))).toEqual(expected);
});

describe('warnings', () => {
  /** The lab's Direct Connect has no password file. */
  const NO_PASSWORD =
    'links[0].bgp_password_file: is not set: AWS always sets an MD5 key on the BGP session of dx-1, which stays down until the router has the same key';
  const FORWARDING =
    'onprem.routers[1].private_ip: the NAT at 198.51.100.140 has to forward UDP 500 and 4500 to 10.10.2.100 (rtr-2), since the gateway begins: or set initiator: router on its tunnels';
  const WARNINGS: readonly (readonly [spoil: (site: Loose) => void, ...lines: string[]])[] = [
    [() => undefined],
    [
      (s) => (s.route_tables.forEach((table: Loose) => (table.links = ['dx-1', 'vpn-a'])), undefined),
      'links[2]: no route table uses vpn-b',
    ],
    [
      (s) => (s.links.pop(), s.route_tables.forEach((table: Loose) => (table.links = ['dx-1', 'vpn-a']))),
      'tunnels[1]: no link uses vpn2: routes will never point at it',
    ],
    [
      (s) => Object.assign(s.onprem.routers[1], { dialect: 'asa-9.7-vti' }),
      'onprem.routers[1].dialect: crypto level modern needs ASA 9.8(1) or later: the VTI of 9.7 speaks IKEv1 only',
    ],
    [
      (s) => ['eni', 'instance'].forEach((key) => delete s.gateways[0][key]),
      'route_tables[0].links[1]: vpn-a ends on gw-1, which has neither eni nor instance: a route can\'t point at it yet: set one, or create it with "vpn init --apply"',
      'route_tables[1].links[2]: vpn-a ends on gw-1, which has neither eni nor instance: a route can\'t point at it yet: set one, or create it with "vpn init --apply"',
    ],
    [
      (s) => (Object.assign(s.gateways[0], { dialect: 'libreswan', interface: 'xfrm' }), (s.crypto = 'legacy')),
      'gateways[0].dialect: Libreswan has DH group 2 (modp1024) only in a special build since 3.30',
    ],
  ];
  test.each(WARNINGS)('%#', (spoil, ...expected) => {
    expect(lines(siteWarnings(spoilt('lab', spoil as (site: Loose) => void)))).toEqual([
      NO_PASSWORD,
      FORWARDING,
      ...expected,
    ]);
  });

  test('a Direct Connect with its password file has none', () => {
    const site = spoilt('lab', (s) => Object.assign(s.links[0], { bgp_password_file: 'psk/dx-1' }));
    expect(lines(siteWarnings(site))).toEqual([FORWARDING]);
  });
});

const UNSEEN: readonly (readonly [spoil: (site: Loose) => unknown, ...lines: string[]])[] = [
  [
    () => undefined,
    'links[0]: dx-1 is probed at rtr-1 (10.10.0.2) and a dead line behind it is not seen: name hosts of the office in probe.targets',
  ],
  [
    (s) => delete s.onprem.routers[0].lan_ip,
    'links[0]: dx-1 is not probed, as rtr-1 has no lan_ip, and no route is moved to it: name hosts of the office in probe.targets',
  ],
  [(s) => Object.assign(s.links[0], { probe: { targets: ['10.10.3.100'] } })],
];
test.each(UNSEEN)('what the probes of Direct Connect do not see: %#', (spoil, ...expected) => {
  expect(lines(blindSpots(spoilt('lab', spoil as (site: Loose) => void)))).toEqual(expected);
});
