import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressNumber, addressText, cidr, overlaps } from '../../../../src/lib/domain/cidr.ts';
import { suiteFor } from '../../../../src/lib/domain/crypto.ts';
import { tunnelsOf } from '../../../../src/lib/domain/tunnel.ts';
import { renderAsa82, renderAsa83, renderAsa97Vti } from '../../../../src/lib/render/cisco/asa.ts';
import { renderIosCryptomap, renderIosVti } from '../../../../src/lib/render/cisco/ios.ts';
import type { Renderer } from '../../../../src/lib/render/types.ts';
import { siteSchema, type DeviceDialect, type Site } from '../../../../src/lib/domain/site.ts';
import { deviceOf } from './helper.ts';

const RENDERERS: Readonly<Record<DeviceDialect, Renderer>> = {
  'ios-vti': renderIosVti,
  'ios-cryptomap': renderIosCryptomap,
  'asa-8.2': renderAsa82,
  'asa-8.3': renderAsa83,
  'asa-9.7-vti': renderAsa97Vti,
};

/** A router with one to four tunnels, each to a gateway of its own, and one to three networks a side. */
const box = fc
  .record({
    dialect: fc.constantFrom(...(Object.keys(RENDERERS) as DeviceDialect[])),
    crypto: fc.constantFrom('legacy' as const, 'modern' as const, 'cnsa' as const),
    gateways: fc.integer({ min: 1, max: 4 }),
    base: fc.option(fc.integer({ min: 1, max: 90 }).map((tenth) => tenth * 10)),
    inside: fc.uniqueArray(fc.integer({ min: 400, max: 9_000 }), { minLength: 4, maxLength: 4 }),
    onprem: fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { minLength: 1, maxLength: 3 }),
    cloud: fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { minLength: 1, maxLength: 3 }),
    nat: fc.boolean(),
    dx: fc.boolean(),
    lan: fc.boolean(),
  })
  .map((x): { readonly dialect: DeviceDialect; readonly site: Site } => ({
    dialect: x.dialect,
    site: siteSchema.parse({
      version: 1,
      site: 'office',
      crypto: x.dialect === 'asa-8.2' ? 'legacy' : x.crypto,
      cloud: { region: 'cn-north-1', cidr: '172.16.0.0/16', networks: x.cloud.map((third) => `172.16.${third}.0/24`) },
      gateways: Array.from({ length: x.gateways }, (_, at) => ({
        name: `gw-${at}`,
        az: 'cn-north-1a',
        private_ip: `172.16.200.${at + 10}`,
        public_ip: `203.0.113.${at + 10}`,
      })),
      onprem: {
        networks: x.onprem.map((third) => `10.10.${third}.0/24`),
        routers: [
          {
            name: 'rtr',
            public_ip: '198.51.100.7',
            dialect: x.dialect,
            asn: 65_010,
            ...(x.nat ? { private_ip: '192.168.77.7' } : {}),
            ...(x.lan ? { lan_ip: '10.10.0.1' } : {}),
          },
        ],
      },
      tunnels: Array.from({ length: x.gateways }, (_, at) => ({
        name: `t${at}`,
        gateway: `gw-${at}`,
        router: 'rtr',
        inside: `${addressText(addressNumber('169.254.0.0')! + 4 * x.inside[at]!)}/30`,
        psk_file: `psk/t${at}`,
        mode: x.dialect === 'ios-vti' || x.dialect === 'asa-9.7-vti' ? 'route' : 'policy',
        ...(x.base === null ? {} : { number: x.base + 10 * at }),
      })),
      links: [
        ...(x.dx ? [{ name: 'dx', kind: 'dx', router: 'rtr', inside: '169.254.10.0/30', cloud_asn: 64_512 }] : []),
        { name: 'v', kind: 'vpn', tunnel: 't0' },
      ],
    }),
  }));

const render = ({ dialect, site }: { dialect: DeviceDialect; site: Site }): readonly string[] =>
  RENDERERS[dialect](deviceOf(site, 'rtr', { psk: 'Key.of_a_tunnel' }))[0]!.content.split('\n');

const find = (lines: readonly string[], pattern: RegExp): readonly string[] =>
  lines.flatMap((line) => pattern.exec(line)?.slice(1) ?? []);
const distinct = (values: readonly string[]): void =>
  expect(new Set(values).size, values.join('; ')).toBe(values.length);

/** What a box defines once; a second definition would silently change or join the first. */
const DEFINED =
  /^((?:track|crypto keyring|crypto isakmp policy|crypto isakmp profile|crypto ikev[12] (?:policy|proposal|keyring|profile)|crypto ipsec (?:profile|transform-set|ikev1 transform-set|ikev2 ipsec-proposal)|interface|ip sla schedule|object network) \S+|ip sla \d+$|route-map \S+ permit \d+|crypto map \S+ \d+ ipsec-isakmp|tunnel-group \S+ type)/;

test('nothing on a box is defined twice, and everything named is defined', () => {
  fc.assert(
    fc.property(box, (one) => {
      const lines = render(one);
      const defined = find(lines, DEFINED);
      distinct(defined);
      distinct(find(lines, /^access-list (.*)$/));
      distinct(find(lines, /^ nameif (.*)$/));
      // `crypto map` sequence, SLA, track, profile and tag: each reference has its definition.
      const references: readonly (readonly [RegExp, string])[] = [
        [/^ {2,3}keyring (\S+)$/, 'crypto keyring'],
        [/^ keyring local (\S+)$/, 'crypto ikev2 keyring'],
        [/^ set ikev2-profile (\S+)$/, 'crypto ikev2 profile'],
        [/^ proposal (\S+)$/, 'crypto ikev2 proposal'],
        [/^ set transform-set (\S+)$/, 'crypto ipsec transform-set'],
        [/^ set ikev1 transform-set (\S+)$/, 'crypto ipsec ikev1 transform-set'],
        [/^ set ikev2 ipsec-proposal (\S+)$/, 'crypto ipsec ikev2 ipsec-proposal'],
        [/^ tunnel protection ipsec profile (\S+)$/, 'crypto ipsec profile'],
        [/^track \d+ ip sla (\d+) /, 'ip sla'],
        [/^ip route .* track (\d+)$/, 'track'],
        [/^ip route \S+ \S+ (Tunnel\d+)/, 'interface'],
      ];
      for (const [pattern, kind] of references)
        for (const name of find(lines, pattern)) expect(defined).toContain(`${kind} ${name}`);
      expect(find(lines, /^ match tag (\d+)$/)).toEqual(find(lines, /^ip route .* tag (\d+)/));
    }),
    { numRuns: 300 },
  );
});

test('every tunnel is there with its own peer and key', () => {
  fc.assert(
    fc.property(box, (one) => {
      const lines = render(one);
      const wanted = one.site.gateways.map(({ public_ip }) => public_ip);
      const peers = [
        ...find(lines, /^ tunnel destination (\S+)/),
        ...find(lines, /^(?:crypto map \S+ \d+)? set peer (.*)$/).flatMap((list) => list.split(' ')),
      ];
      expect(peers).toEqual(wanted);
      const keys = lines.filter((line) => line.includes('Key.of_a_tunnel'));
      const both = keys.filter((line) => line.includes('local-authentication')).length;
      expect(keys.length - both).toBe(wanted.length);
    }),
  );
});

test('a crypto ACL is the exact mirror of the selectors of the other end', () => {
  const bits = (mask: string): number => [...addressNumber(mask)!.toString(2)].filter((bit) => bit === '1').length;
  fc.assert(
    fc.property(
      box.filter(({ dialect }) => dialect !== 'ios-vti' && dialect !== 'asa-9.7-vti'),
      (one) => {
        const lines = render(one);
        const ios = one.dialect === 'ios-cryptomap';
        const acl = find(lines, ios ? /^ match address (\S+)$/ : /^crypto map \S+ \d+ match address (\S+)$/)[0]!;
        const named = ios && !/^\d+$/.test(acl);
        if (ios && !named)
          expect((Number(acl) >= 100 && Number(acl) <= 199) || (Number(acl) >= 2000 && Number(acl) <= 2699)).toBe(true);
        if (named) expect(lines).toContain(`ip access-list extended ${acl}`);
        const length = (mask: string): number => (ios ? 32 - bits(mask) : bits(mask));
        const entries = lines
          .filter((line) => line.startsWith(named ? ' permit ip ' : `access-list ${acl} `))
          .map((line) => line.split(' ').slice(-4))
          .map(([from, fromMask, to, toMask]) => `${from}/${length(fromMask!)} ${to}/${length(toMask!)}`);
        const { cloud } = tunnelsOf(one.site)[0]!;
        const mirror = one.site.onprem.networks.flatMap((mine) =>
          cloud.selectors.map((theirs) => `${mine} ${theirs.text}`),
        );
        expect(entries).toEqual(mirror);
      },
    ),
  );
});

test('a VTI box: interface numbers the platform takes, addresses that do not overlap, routes of the whole VPC', () => {
  fc.assert(
    fc.property(
      box.filter(({ dialect }) => dialect === 'ios-vti' || dialect === 'asa-9.7-vti'),
      (one) => {
        const lines = render(one);
        const addresses = lines
          .flatMap((line) => /^ ip address (\S+) (\S+)$/.exec(line)?.slice(1, 3).join(' ') ?? [])
          .map((text) => {
            const [address, mask] = text.split(' ').map((part) => addressNumber(part)!) as [number, number];
            const prefix = 32 - Math.log2(2 ** 32 - mask);
            return cidr(`${addressText(address - (address % 2 ** (32 - prefix)))}/${prefix}`);
          });
        expect(addresses.length).toBe(one.site.tunnels.length);
        addresses.forEach((a, at) =>
          addresses.slice(0, at).forEach((b) => expect(overlaps(a, b), `${a.text} ${b.text}`).toBe(false)),
        );
        if (one.dialect === 'asa-9.7-vti')
          for (const number of find(lines, /^interface Tunnel(\d+)$/)) expect(Number(number)).toBeLessThanOrEqual(100);
        const routes = lines.filter((line) => /^(ip )?route /.test(line));
        expect(routes.length).toBe(one.site.tunnels.length);
        for (const route of routes) expect(route).toContain('172.16.0.0 255.255.0.0');
      },
    ),
  );
});

test('one dialect a file: no word of another version', () => {
  const FOREIGN: Readonly<Record<DeviceDialect, RegExp>> = {
    'ios-vti': /crypto map|match address \d|nameif|tunnel-group|ikev1/,
    'ios-cryptomap': /tunnel (mode|protection)|ip sla|track|nameif|tunnel-group|ikev1/,
    'asa-8.2': /ikev[12]|object network|source static|tunnel mode|^ip |interface Tunnel/,
    'asa-8.3':
      /crypto isakmp (policy|enable)|^nat \(inside\) 0|^ pre-shared-key|crypto ipsec transform-set|tunnel mode|^ip /,
    'asa-9.7-vti': /crypto map|access-list|^nat |crypto isakmp (policy|enable)|sla monitor|crypto ipsec transform-set/,
  };
  fc.assert(
    fc.property(box, (one) => {
      const lines = render(one).filter((line) => !line.startsWith('!'));
      expect(lines.filter((line) => FOREIGN[one.dialect].test(line))).toEqual([]);
      // IKEv1 and IKEv2 never meet, and `crypto isakmp keepalive` is IKEv1's.
      const words =
        suiteFor(one.site.crypto).ikeVersion === 1
          ? /ikev2/
          : /ikev1|crypto isakmp (policy|key|keepalive|profile)|crypto keyring/;
      expect(lines.filter((line) => words.test(line))).toEqual([]);
      // IOS cuts a line after 254 characters.
      expect(Math.max(...render(one).map(({ length }) => length))).toBeLessThan(255);
    }),
  );
});
