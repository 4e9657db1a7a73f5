import { describe, expect, test } from 'vitest';
import { siteWarnings } from '../../../../src/lib/domain/check.ts';
import type { Dialect, SiteInput } from '../../../../src/lib/domain/site.ts';
import { renderIosBgp } from '../../../../src/lib/render/bgp/dx-ios.ts';
import { renderAsa82, renderAsa83, renderAsa97Vti } from '../../../../src/lib/render/cisco/asa.ts';
import { renderIosCryptomap, renderIosVti } from '../../../../src/lib/render/cisco/ios.ts';
import type { Renderer } from '../../../../src/lib/render/types.ts';
import { fixture, rendered, siteOf, type Wanted } from './helper.ts';

const RENDERER: Readonly<Partial<Record<Dialect, Renderer>>> = {
  'ios-vti': renderIosVti,
  'ios-cryptomap': renderIosCryptomap,
  'asa-8.2': renderAsa82,
  'asa-8.3': renderAsa83,
  'asa-9.7-vti': renderAsa97Vti,
};

/** The lab's two tunnels on one router, which has more said about it. */
const oneRouter = (more: object = {}): SiteInput => {
  const lab = fixture('lab');
  return {
    ...lab,
    onprem: { ...lab.onprem, routers: [{ ...lab.onprem.routers[0]!, ...more }] },
    tunnels: lab.tunnels.map((tunnel) => ({ ...tunnel, router: 'rtr-1' })),
  };
};
const file = (dialect: Dialect, more: object = {}, wanted: Wanted = {}): string =>
  rendered(RENDERER[dialect]!, oneRouter(more), 'rtr-1', {
    dialect,
    crypto: dialect === 'asa-8.2' ? 'legacy' : 'modern',
    ...wanted,
  });

/** What a box may have already under the same name, whose meaning the file would change. */
const NAMED =
  /^(?:crypto keyring|crypto ikev2 (?:proposal|keyring|profile)|crypto isakmp profile|crypto ipsec (?:profile|transform-set|ikev1 transform-set|ikev2 ipsec-proposal)|object network|access-list|ip access-list extended|(?:ip )?prefix-list|route-map) (\S+)/;

const DIALECTS = Object.keys(RENDERER) as Dialect[];

describe.each(DIALECTS)('%s on a box that is in use', (dialect) => {
  test("every name begins with the user's word, at level legacy too", () => {
    for (const crypto of dialect === 'asa-8.2' ? (['legacy'] as const) : (['legacy', 'modern'] as const)) {
      const lines = file(dialect, { names: 'aws-east' }, { crypto }).split('\n');
      const names = lines.flatMap((line) => NAMED.exec(line)?.[1] ?? []);
      expect(names.length).toBeGreaterThan(1);
      expect(names.filter((name) => !/^aws-east(-|$)/.test(name))).toEqual([]);
    }
  });

  test('each global or replacing command has its note beside it', () => {
    const lines = `${file(dialect, { asn: 65_010, wan_prefix: 30, wan_next_hop: '198.51.100.78' })}`.split('\n');
    const GLOBAL =
      /^(crypto isakmp (keepalive|nat-traversal)|crypto ipsec (df-bit|fragmentation|security-association replay)|sysopt|crypto map \S+ interface|crypto map \S+$|nat \(inside\) 0|management-access|icmp permit|router (ospf|bgp)| router-id| bgp router-id| redistribute| ip tcp adjust-mss| ip address|ip route 0|crypto ikev2 policy [a-z]| crypto map )/;
    const section = (at: number): string => lines.slice(0, at).findLast((line) => /^\S/.test(line) && line[0] !== '!')!;
    const bare = lines.filter((line, at) => {
      // A tunnel interface of our own has nobody else's traffic.
      if (!GLOBAL.test(line) || section(at).startsWith('interface Tunnel')) return false;
      let before = at - 1;
      while (GLOBAL.test(lines[before]!)) before -= 1;
      return !/^! \S/.test(lines[before]!);
    });
    expect(bare).toEqual([]);
  });
});

test('numbers follow the base that the user chose', () => {
  const taken = (dialect: Dialect, crypto: Wanted['crypto'] = 'modern') =>
    [
      ...file(dialect, { sequence_base: 700, crypto_map: 'corp' }, { crypto }).matchAll(
        /^crypto (?:isakmp|ikev1|ikev2) policy (\d+)$|^crypto map corp (\d+) /gm,
      ),
    ].map(([, policy, entry]) => Number(policy ?? entry));
  expect(new Set(taken('ios-vti', 'legacy'))).toEqual(new Set([700, 710]));
  expect(new Set(taken('ios-cryptomap', 'legacy'))).toEqual(new Set([700]));
  expect(new Set(taken('asa-8.3'))).toEqual(new Set([700, 701]));
  expect(new Set(taken('asa-9.7-vti'))).toEqual(new Set([700, 701, 710, 711]));
});

test('the entries join the crypto map that is on the interface', () => {
  const ios = file('ios-cryptomap', { crypto_map: 'corp' });
  expect(ios).toContain('! The map that is on this interface already; other entries of it stay.\n crypto map corp\n');
  expect(file('asa-8.3', { crypto_map: 'corp' })).toContain(
    'other entries of it stay.\ncrypto map corp interface outside',
  );
  expect(file('ios-cryptomap')).toContain('Give its name as crypto_map.\n crypto map demo\n');
});

test('ASA 8.3: real interfaces and a route look-up, for the sake of management-access', () => {
  const nat = file('asa-8.3')
    .split('\n')
    .filter((line) => line.startsWith('nat '));
  expect(nat).toEqual([
    'nat (inside,outside) 1 source static demo-10.10.0.0 demo-10.10.0.0 destination static demo-172.16.0.0 demo-172.16.0.0 no-proxy-arp route-lookup',
  ]);
});

test('IKEv1 keys of a crypto map ask for no extended authentication; every dialect widens the replay window', () => {
  expect(file('ios-cryptomap', {}, { crypto: 'legacy' }).match(/^crypto isakmp key .*$/gm)).toEqual([
    'crypto isakmp key cisco address 203.0.113.11 no-xauth',
    'crypto isakmp key cisco address 203.0.113.12 no-xauth',
  ]);
  for (const dialect of DIALECTS) expect(file(dialect), dialect).toMatch(/security-association replay window-size 128/);
});

test.each(['asa-8.2', 'asa-8.3', 'ios-cryptomap'] as const)('%s with two gateways: one tunnel at a time', (dialect) => {
  const crypto = dialect === 'asa-8.2' ? 'legacy' : 'modern';
  expect(file(dialect)).toContain('! One tunnel lives at a time:');
  const site = siteOf(oneRouter(), { dialect, crypto });
  expect(siteWarnings(site).map(({ message }) => message)).toContainEqual(
    expect.stringMatching(/one crypto map entry for vpn1 and vpn2, and one of them lives at a time/),
  );
  expect(rendered(RENDERER[dialect]!, fixture('lab'), 'rtr-1', { dialect, crypto })).not.toContain('lives at a time');
});

test('two VTIs of a firewall, and a table that prefers the other one', () => {
  const warnings = (input: SiteInput) =>
    siteWarnings(siteOf(input, { dialect: 'asa-9.7-vti' }))
      .filter(({ path }) => path.at(-1) === 'links')
      .map(({ path, message }) => [path[1], message]);
  // The lab's second table prefers vpn-b; the firewall answers by vpn1.
  expect(warnings(oneRouter())).toEqual([
    [
      1,
      'private-2 prefers vpn2, vpn1, and rtr-1, which is a stateful firewall, answers by vpn1, vpn2 (the order of tunnels): it drops answers that take the other tunnel: give both the same order',
    ],
  ]);
  const input = oneRouter();
  const same = input.route_tables!.map((table) => ({ ...table, links: ['vpn-a', 'vpn-b'] }));
  expect(warnings({ ...input, route_tables: same })).toEqual([]);
});

describe('OSPF of an IOS box without a tunnel interface', () => {
  const bgp = (dialect: Dialect, more: object = {}): string =>
    rendered(renderIosBgp, oneRouter({ asn: 65_010, ...more }), 'rtr-1', { dialect });
  test('has the LAN in it', () => {
    expect(bgp('ios-cryptomap')).toContain(' network 10.10.0.2 0.0.0.0 area 0\n');
    expect(bgp('ios-vti')).not.toContain(' network 10.10.0.2 0.0.0.0 area 0\n');
  });
  test('or says that nobody hears its routes', () => {
    const text = bgp('ios-cryptomap', { lan_ip: undefined, ospf_process: 7 });
    expect(text).toContain('! The LAN is not in OSPF by this file: give lan_ip, or see that process 7 has');
    expect(text).toContain('\nrouter ospf 7\n');
    expect(file('ios-vti', { lan_ip: undefined })).toContain('! The LAN is not in it: give lan_ip');
  });
});

test('two active Direct Connects of one router are used at once', () => {
  const input = oneRouter();
  const both = {
    ...input,
    links: [...input.links, { ...input.links[0]!, name: 'dx-2', vlan: 101, inside: '169.254.11.0/30' }],
  } as SiteInput;
  expect(rendered(renderIosBgp, both, 'rtr-1', { dialect: 'ios-vti' })).toContain('\n maximum-paths 2\n');
  expect(rendered(renderIosBgp, input, 'rtr-1', { dialect: 'ios-vti' })).not.toContain('maximum-paths');
});
