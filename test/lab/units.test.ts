import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { CloudRoute } from '../../src/lib/core/ports.ts';
import { contains, cidr } from '../../src/lib/domain/cidr.ts';
import { siteSchema, type Site } from '../../src/lib/domain/site.ts';
import { adaptSite } from '../../src/lib/lab/adapt.ts';
import { cutRules, planCut } from '../../src/lib/lab/faults.ts';
import { changes, kernelTable } from '../../src/lib/lab/kernel-routes.ts';
import { judge, lostOnTheWayBack } from '../../src/lib/lab/stream.ts';
import { topologyOf } from '../../src/lib/lab/topology.ts';
import { arbitrarySite } from '../helpers/arbitrary-site.ts';

const fixture = (name: string): Site =>
  siteSchema.parse(parse(readFileSync(new URL(`../fixtures/${name}.yaml`, import.meta.url), 'utf8')));
const site = fixture('lab');
const topology = topologyOf(site, 'tst', 3);
const OLD_KERNEL = { esp: false, xfrm: false, vti: false, netem: false };
const NEW_KERNEL = { esp: true, xfrm: true, vti: true, netem: true };

describe('topology', () => {
  it('places the hosts of the field documents', () => {
    const address = (name: string) =>
      topology.nodes.find((node) => node.name === name)?.addresses.map(({ dev, address: text }) => `${dev} ${text}`);
    expect(
      Object.fromEntries(
        ['app-1', 'mon-1', 'app-2', 'gw-1', 'rtr-1', 'rtr-2', 'host', 'vgw'].map((name) => [name, address(name)]),
      ),
    ).toEqual({
      'app-1': ['eth0 172.16.11.10/32'],
      'mon-1': ['eth0 172.16.11.11/32'],
      'app-2': ['eth0 172.16.12.10/32'],
      'gw-1': ['eth0 172.16.1.157/32'],
      'rtr-1': ['wan 198.51.100.77/32', 'lan 10.10.0.2/16', 'dx-1 169.254.10.1/30'],
      'rtr-2': ['wan 10.10.2.100/32', 'lan 10.10.0.3/16'],
      host: ['eth0 10.10.3.100/16'],
      vgw: ['vpc 198.18.255.6/32', 'dx-1 169.254.10.2/30'],
    });
  });

  it.each([
    [
      'a box called like a node',
      { ...site, gateways: site.gateways.map((gateway, at) => (at === 0 ? { ...gateway, name: 'inet' } : gateway)) },
      'already has a node called inet',
    ],
    [
      'nothing to build',
      { ...site, tunnels: [], links: [], route_tables: [] },
      'there is no tunnel and no Direct Connect to build',
    ],
    [
      'a subnet too small for its hosts',
      { ...site, route_tables: [{ ...site.route_tables[0]!, subnets: ['172.16.11.0/29'] }] },
      'too small',
    ],
    [
      'a subnet outside the VPC',
      { ...site, route_tables: [{ ...site.route_tables[0]!, subnets: ['172.17.11.0/24'] }] },
      'not inside',
    ],
  ])('refuses %s', (_, wrong, message) => expect(() => topologyOf(wrong, 'tst', 0)).toThrow(message));

  it.each(['hyb-2', 'Hyb', '2hyb', '', 'abcdefghijk', 'a b'])('refuses the name %j', (name) =>
    expect(() => topologyOf(site, name, 0)).toThrow('1 to 10'),
  );

  it('builds any valid site: names fit the kernel, no two devices of a node share one, each link joins two nodes', () => {
    fc.assert(
      fc.property(arbitrarySite, (any) => {
        let built: ReturnType<typeof topologyOf>;
        try {
          built = topologyOf(adaptSite(any, NEW_KERNEL).site, 'tst', 0);
        } catch (error) {
          // A subnet below /28 has no room for the lab's hosts; the refusal says so.
          expect((error as Error).message).toMatch(/too small|not inside|already has a node/);
          return;
        }
        const ends = built.links.flatMap(({ cloud, onprem }) => [cloud, onprem]);
        const names = new Set(built.nodes.map(({ name }) => name));
        for (const { node, dev } of ends) expect([names.has(node), /^[^/\s]{1,15}$/.test(dev)]).toEqual([true, true]);
        expect(new Set(ends.map(({ node, dev }) => `${node} ${dev}`)).size).toBe(ends.length);
        expect(names.size).toBe(built.nodes.length);
        expect(new Set(built.links.map(({ name }) => name)).size).toBe(built.links.length);
        built.hostAddresses.forEach((address, at) =>
          expect(contains(cidr(any.onprem.networks[at]!), address)).toBe(true),
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe('what the machine can run', () => {
  it('leaves a site alone that fits', () =>
    expect(adaptSite(site, OLD_KERNEL)).toEqual({
      site,
      notes: [],
      esp: { 'gw-1': 'userspace', 'gw-2': 'userspace', 'rtr-1': 'userspace', 'rtr-2': 'userspace' },
    }));

  it('stands in for what does not run here, and says so', () => {
    const { site: adapted, notes, esp } = adaptSite(fixture('seed-bjs'), OLD_KERNEL);
    expect(adapted.gateways.map(({ dialect, interface: kind }) => [dialect, kind])).toEqual([
      ['swanctl', 'tun'],
      ['swanctl', 'tun'],
    ]);
    expect(new Set(Object.values(esp))).toEqual(new Set(['userspace']));
    expect(notes).toContain('strongswan-1: interface vti becomes tun with userspace ESP, since this kernel has no ESP');
    expect(notes).toContain('cisco-1: ios-vti stands as swanctl, since that box does not run here');
    expect(notes).toContain(
      'cisco-1: interface GigabitEthernet1 is called wan, since Linux takes 15 characters and no "/"',
    );
  });

  it('uses the kernel where it has ESP', () =>
    expect(adaptSite(fixture('seed-bjs'), NEW_KERNEL).esp).toEqual({
      'strongswan-1': 'kernel',
      'strongswan-2': 'kernel',
      'cisco-1': 'kernel',
      'cisco-2': 'kernel',
    }));

  it('refuses two tunnels on one box in userspace', () => {
    const two = { ...site, tunnels: site.tunnels.map((tunnel) => ({ ...tunnel, gateway: 'gw-1' })) };
    expect(() => adaptSite(two, OLD_KERNEL)).toThrow('gw-1 ends 2 tunnels');
  });
});

describe('routes', () => {
  const instances = [
    { id: 'i-1', name: 'gw-1', eni: 'eni-1', privateIp: '172.16.1.157', sourceDestCheck: false },
    { id: 'i-2', name: 'gw-2', eni: 'eni-2', privateIp: '172.16.2.126', sourceDestCheck: true },
  ] as never;
  const route = (destination: string, kind: string, id: string, rest: Partial<CloudRoute> = {}): CloudRoute => ({
    destination,
    target: { kind, id } as never,
    origin: 'static',
    state: 'active',
    ...rest,
  });
  const kernel = (...routes: CloudRoute[]) =>
    Object.fromEntries(kernelTable(topology, { id: 'rtb', name: 'x', routes, propagatingVgws: [] }, instances));

  it.each([
    ['the VPC itself', [route('172.16.0.0/16', 'local', 'local', { origin: 'table' })], {}],
    [
      'the VGW',
      [route('10.10.0.0/16', 'vgw', 'vgw-1', { origin: 'propagated' })],
      { '10.10.0.0/16': 'via 198.18.255.6 dev vgw onlink' },
    ],
    [
      'a gateway by interface',
      [route('10.10.0.0/16', 'eni', 'eni-1')],
      { '10.10.0.0/16': 'via 172.16.1.157 dev gw-1 onlink' },
    ],
    [
      'a gateway by instance',
      [route('10.0.0.0/8', 'instance', 'i-1')],
      { '10.0.0.0/8': 'via 172.16.1.157 dev gw-1 onlink' },
    ],
    [
      'static over propagated',
      [route('10.10.0.0/16', 'vgw', 'vgw-1', { origin: 'propagated' }), route('10.10.0.0/16', 'eni', 'eni-1')],
      { '10.10.0.0/16': 'via 172.16.1.157 dev gw-1 onlink' },
    ],
    [
      'a dead gateway',
      [route('10.10.0.0/16', 'eni', 'eni-1', { state: 'blackhole' })],
      { '10.10.0.0/16': 'blackhole' },
    ],
    [
      'a gateway with its source/dest check on',
      [route('10.10.0.0/16', 'eni', 'eni-2')],
      { '10.10.0.0/16': 'blackhole' },
    ],
    ['an unknown interface', [route('10.10.0.0/16', 'eni', 'eni-9')], { '10.10.0.0/16': 'blackhole' }],
    [
      'a prefix list',
      [route('pl-0123456789abcdef0', 'eni', 'eni-1')],
      { '10.10.0.0/16': 'via 172.16.1.157 dev gw-1 onlink' },
    ],
  ])('%s', (_, routes, expected) => expect(kernel(...routes)).toEqual(expected));

  it('changes what differs and nothing else', () => {
    const before = new Map([
      ['10.10.0.0/16', 'via a'],
      ['10.20.0.0/16', 'via b'],
      ['10.30.0.0/16', 'blackhole'],
    ]);
    const after = new Map([
      ['10.10.0.0/16', 'blackhole'],
      ['10.20.0.0/16', 'via b'],
      ['10.40.0.0/16', 'via c'],
    ]);
    expect(changes(1000, before, after)).toEqual([
      'route replace blackhole 10.10.0.0/16 table 1000',
      'route replace 10.40.0.0/16 via c table 1000',
      'route del blackhole 10.30.0.0/16 table 1000',
    ]);
  });
});

describe('cuts', () => {
  it.each([
    [{ what: 'dx-1' }, { kind: 'down', down: [{ node: 'vgw', dev: 'dx-1' }], filters: [] }],
    [{ what: 'gw-1' }, { kind: 'down', down: [{ node: 'gw-1', dev: 'eth0' }], filters: [] }],
    [
      { what: 'dx-1', direction: 'out' },
      { kind: 'blackhole', filters: [{ node: 'rtr-1', dev: 'dx-1', rules: ['drop'] }] },
    ],
    [
      { what: 'dx-1', loss: 0.305 },
      {
        kind: 'loss',
        filters: [
          { node: 'vgw', dev: 'dx-1', rules: ['numgen random mod 10000 < 3050 drop'] },
          { node: 'rtr-1', dev: 'dx-1', rules: ['numgen random mod 10000 < 3050 drop'] },
        ],
      },
    ],
    [
      { what: 'vpn-b' },
      {
        kind: 'blackhole',
        filters: [
          { node: 'inet', dev: 'rtr-2', rules: ['ip saddr 10.10.2.100 ip daddr 203.0.113.12 drop'] },
          { node: 'rtr-2', dev: 'wan', rules: ['ip saddr 203.0.113.12 ip daddr 10.10.2.100 drop'] },
        ],
      },
    ],
    [
      { what: 'rtr-1', kind: 'hang' },
      { kind: 'hang', boxes: ['rtr-1'], filters: [], down: [] },
    ],
  ] as const)('%j', (spec, expected) => expect(planCut(topology, spec)).toMatchObject(expected));

  it.each([
    [{ what: 'dx-9' }, 'no link or node called dx-9'],
    [{ what: 'vpn-a', kind: 'down' }, 'no carrier of its own'],
    [{ what: 'dx-1', kind: 'down', direction: 'in' }, 'has no direction'],
    [{ what: 'dx-1', kind: 'loss' }, 'go together'],
    [{ what: 'dx-1', loss: 1.5 }, 'not between'],
    [{ what: 'app-1', kind: 'kill' }, 'app-1 has none'],
  ] as const)('refuses %j', (spec, message) => expect(() => planCut(topology, spec)).toThrow(message));

  it('is one transaction that replaces itself', () =>
    expect(cutRules(planCut(topology, { what: 'dx-1', kind: 'udp4500', direction: 'in' }), 'vgw')).toBe(
      [
        'table netdev hybridctl_cut_dx_1_udp4500_in',
        'delete table netdev hybridctl_cut_dx_1_udp4500_in',
        'table netdev hybridctl_cut_dx_1_udp4500_in {',
        '  chain c0 {',
        '    type filter hook ingress device "dx-1" priority 0;',
        '    udp dport 4500 drop',
        '    udp sport 4500 drop',
        '  }',
        '}',
        '',
      ].join('\n'),
    ));
});

describe('the packet stream', () => {
  const at = (...sequences: number[]) =>
    sequences.map((sequence): readonly [number, number, number] => [sequence, sequence * 1000, sequence * 1000 + 300]);
  it.each([
    ['nothing arrived', [], { received: 0, longestGapMs: Number.POSITIVE_INFINITY, gaps: [] }],
    ['all arrived', at(0, 1, 2), { received: 3, longestGapMs: 1, gaps: [] }],
    [
      'two holes',
      at(0, 1, 5, 6, 8),
      {
        received: 5,
        longestGapMs: 4,
        gaps: [
          { at: 1, ms: 4, lost: 3 },
          { at: 6, ms: 2, lost: 1 },
        ],
      },
    ],
    ['overtaken on a faster path', at(0, 1, 4, 5, 2, 3, 6), { received: 7, longestGapMs: 3, gaps: [] }],
    ['a duplicate', [...at(0, 1), ...at(1), ...at(2)], { received: 3, longestGapMs: 1, gaps: [] }],
  ])('%s', (_, packets, expected) => expect(judge(packets)).toEqual(expected));

  it.each([
    ['every echo came back', at(0, 1, 2), [0, 1, 2], 0],
    ['lost on the way there', at(0, 1, 9, 10), [0, 1, 9, 10], 0],
    ['lost on the way back', at(0, 1, 2, 3, 4), [0, 4], 3],
    ['first there, then back: only its own part counts', at(0, 1, 5, 6, 7, 8), [0, 1, 8], 3],
    ['not over at the end', at(0, 1, 2, 3), [0, 1], 1],
  ])('the way back: %s', (_, packets, returned, expected) =>
    expect(lostOnTheWayBack(packets, new Set(returned))).toBe(expected),
  );
});
