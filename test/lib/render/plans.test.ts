import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkSite } from '../../../src/lib/domain/check.ts';
import { siteSchema, type Site } from '../../../src/lib/domain/site.ts';
import { tunnelsOf } from '../../../src/lib/domain/tunnel.ts';
import { renderSite } from '../../../src/lib/render/index.ts';

/** A site file's data, loose enough to be changed. */
type Loose = any;

const siteWith = (change: (site: Loose) => void): Site => {
  const loose: Loose = parse(readFileSync(new URL('../../fixtures/lab.yaml', import.meta.url), 'utf8'));
  change(loose);
  return siteSchema.parse(loose);
};

/** Every line of a device's files, by the end of their paths. */
const linesOf = (site: Site, device: string, file: string): readonly string[] => {
  expect(checkSite(site)).toEqual([]);
  const psks = new Map(site.tunnels.map(({ name }) => [name, 'Key.of_a_tunnel']));
  const { files } = renderSite(site, tunnelsOf(site), { psks }).find((one) => one.device === device)!;
  return files.find(({ path }) => path.endsWith(file))!.content.split('\n');
};

const xfrm = (site: Loose): void => site.gateways.forEach((gateway: Loose) => (gateway.interface = 'xfrm'));

test('a gateway under a network around the VPC keeps the VPC, the outer addresses and the metadata out of the tunnel', () => {
  const site = siteWith((s) => (xfrm(s), (s.onprem.networks = ['0.0.0.0/0'])));
  const lines = linesOf(site, 'gw-1', 'hybridctl/tunnels').map((line) => line.trim());
  expect(lines.filter((line) => line.startsWith('ip route replace'))).toEqual([
    'ip route replace throw 172.16.0.0/16 table 10',
    'ip route replace throw 198.51.100.77/32 table 10',
    'ip route replace throw 198.51.100.140/32 table 10',
    'ip route replace throw 169.254.169.254/32 table 10',
    'ip route replace 169.254.100.0/30 via 169.254.100.1 table 10 dev xfrm100',
    'ip route replace 0.0.0.0/0 via 169.254.100.1 table 10 dev xfrm100',
  ]);
  expect(lines.filter((line) => line.startsWith('quietly ip route del throw')).length).toBe(4);
  const usual = linesOf(siteWith(xfrm), 'gw-1', 'hybridctl/tunnels');
  expect(usual.filter((line) => line.includes('throw'))).toEqual([]);
});

const secondary = (dialect: string) =>
  siteWith((s) => {
    s.cloud.networks = ['172.16.0.0/16', '100.64.0.0/16'];
    s.onprem.routers[0].dialect = dialect;
    if (dialect.startsWith('asa')) s.links[0].router = 'rtr-2';
  });

test.each([
  ['ios-vti', '.ios', ['ip route 172.16.0.0 255.255.0.0 Tunnel100', 'ip route 100.64.0.0 255.255.0.0 Tunnel100']],
  ['asa-9.7-vti', '.asa', ['route vti100 172.16.0.0 255.255.0.0', 'route vti100 100.64.0.0 255.255.0.0']],
  ['swanctl', 'frr.conf', ['ip route 172.16.0.0/16 169.254.100.2', 'ip route 100.64.0.0/16 169.254.100.2']],
] as const)('%s has a route for each CIDR of the VPC', (dialect, file, expected) => {
  const lines = linesOf(secondary(dialect), 'rtr-1', file);
  for (const start of expected) expect(lines.filter((line) => line.startsWith(start)).length, start).toBe(1);
});

test('the relay of a gateway serves each CIDR of the VPC', () => {
  const lines = linesOf(secondary('swanctl'), 'gw-1', 'probe.nft');
  expect(lines.some((line) => line.includes('ip saddr { 172.16.0.0/16, 100.64.0.0/16 } ip daddr'))).toBe(true);
});

/** What the tunnel's own MTU and MSS are in each dialect, over PPPoE at both crypto levels. */
test.each([
  ['ios-vti', 'modern', '.ios', [' ip mtu 1430', ' ip tcp adjust-mss 1390']],
  ['ios-vti', 'legacy', '.ios', [' ip mtu 1422', ' ip tcp adjust-mss 1382']],
  ['ios-cryptomap', 'modern', '.ios', [' ip tcp adjust-mss 1390', ' ip address 198.51.100.77 255.255.255.255']],
  ['asa-8.3', 'modern', '.asa', ['sysopt connection tcpmss 1390']],
  ['asa-9.7-vti', 'modern', '.asa', ['sysopt connection tcpmss 1390']],
  ['swanctl', 'modern', 'mss.nft', ['# vpn1: 1492 - 20 outer IPv4 header - 8 UDP header (NAT-T) - 8 ESP header']],
  ['libreswan', 'legacy', 'hybridctl/tunnels', ['  ip link set ipsec100 up mtu 1422']],
] as const)('%s at level %s over PPPoE', (dialect, crypto, file, expected) => {
  const site = siteWith((s) => {
    s.crypto = crypto;
    Object.assign(s.onprem.routers[0], { dialect, interface: 'xfrm', wan: 'ppp0', wan_mtu: 1492, wan_prefix: 32 });
    s.gateways.forEach((gateway: Loose) => (gateway.interface = 'xfrm'));
    if (/cryptomap|8\.3/.test(dialect)) s.tunnels[0].mode = 'policy';
    if (dialect.startsWith('asa')) s.links[0].router = 'rtr-2';
  });
  const lines = linesOf(site, 'rtr-1', file);
  for (const start of expected) expect(lines.filter((line) => line.startsWith(start)).length, start).toBeGreaterThan(0);
});

test('a router that begins: start on its side, wait on the gateway; else the NAT has to forward', () => {
  const site = siteWith((s) => (xfrm(s), (s.tunnels[1].initiator = 'router')));
  const start = (device: string): readonly string[] =>
    linesOf(site, device, 'vpn2.conf')
      .map((line) => line.trim())
      .filter((line) => /^(start_action|close_action|dpd_action)|^# The NAT/.test(line));
  expect(start('rtr-2')).toEqual(['start_action = start', 'dpd_action = restart', 'close_action = start']);
  expect(start('gw-2')).toEqual(['start_action = none', 'dpd_action = clear', 'close_action = none']);
  expect(linesOf(siteWith(xfrm), 'rtr-2', 'vpn2.conf')).toContain(
    '# The NAT at 198.51.100.140 has to forward UDP 500 and 4500 to 10.10.2.100 (rtr-2), since the gateway begins.',
  );
});
