import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkSite, siteWarnings } from '../../src/lib/domain/check.ts';
import { dxSession } from '../../src/lib/domain/direct-connect.ts';
import { pathText } from '../../src/lib/domain/issue.ts';
import { siteSchema, type Site } from '../../src/lib/domain/site.ts';
import { tunnelsOf } from '../../src/lib/domain/tunnel.ts';
import { vpcCidrs } from '../../src/lib/domain/vpc.ts';

/** A site file's data, loose enough to be changed. */
type Loose = any;

const siteWith = (change: (site: Loose) => void, name = 'lab'): Site => {
  const loose: Loose = parse(readFileSync(new URL(`../fixtures/${name}.yaml`, import.meta.url), 'utf8'));
  change(loose);
  return siteSchema.parse(loose);
};
const lines = (issues: ReturnType<typeof checkSite>): readonly string[] =>
  issues.map(({ path, message }) => `${pathText(path)}: ${message}`);
/** What is said about the file as it is, password and NAT, is not repeated here. */
const said = (site: Site): readonly string[] =>
  lines(siteWarnings(site)).filter((line) => !/bgp_password_file|\.private_ip|no route table uses/.test(line));

/** The lab with a VPC out of 10.0.0.0/8. */
const inTen = (site: Loose): void => {
  site.cloud.cidr = '10.20.0.0/16';
  site.gateways.forEach((gateway: Loose, at: number) => (gateway.private_ip = `10.20.${at}.9`));
  site.route_tables.forEach((table: Loose, at: number) => (table.subnets = [`10.20.${100 + at}.0/24`]));
};

test('an office of 10.0.0.0/8 around the VPC is a plan, and what it costs is said', () => {
  const site = siteWith((s) => (inTen(s), (s.onprem.networks = ['10.0.0.0/8'])));
  expect(checkSite(site)).toEqual([]);
  expect(said(site)).toEqual([
    'onprem.networks[0]: 10.0.0.0/8 lies around the VPC (10.20.0.0/16): inside the VPC its own local route wins, whatever the office announces (VPC user guide, "How route priority works"), so hosts of the office in 10.20.0.0/16 can\'t be reached',
  ]);
});

test('the same with a policy-based tunnel is a mistake: its selectors would take the packets of the VPC', () => {
  const site = siteWith((s) => {
    inTen(s);
    s.onprem.networks = ['10.0.0.0/8'];
    s.tunnels[1].mode = 'policy';
  });
  expect(lines(checkSite(site))).toEqual([
    "tunnels[1].mode: policy does not fit 10.0.0.0/8 around the VPC: the selectors of vpn2 would take what the gateway sends inside the VPC: set mode: route, or name the office's own networks",
  ]);
});

test('networks of the office in one another are said, a network twice is a mistake', () => {
  const nested = siteWith((s) => (s.onprem.networks = ['10.0.0.0/8', '10.10.0.0/16']));
  expect(checkSite(nested)).toEqual([]);
  expect(said(nested)).toEqual([
    'onprem.networks[1]: 10.10.0.0/16 lies in 10.0.0.0/8 of onprem.networks[0]: both are routed and announced, and the longer one wins while it is there',
  ]);
  expect(lines(checkSite(siteWith((s) => (s.onprem.networks = ['10.10.0.0/16', '10.10.0.0/16']))))).toEqual([
    'onprem.networks[1]: 10.10.0.0/16 overlaps 10.10.0.0/16 of onprem.networks[0]: each needs addresses of its own',
  ]);
});

test('public addresses on the LAN, and a default route to the office', () => {
  const site = siteWith((s) => {
    s.onprem.networks = ['129.132.0.0/16'];
    s.onprem.routers.forEach((router: Loose, at: number) => (router.lan_ip = `129.132.0.${at + 2}`));
  });
  expect(checkSite(site)).toEqual([]);
  expect(said(site).join()).toMatch(/129\.132\.0\.0\/16 is public address space: it has to be your own/);
  const everything = siteWith((s) => (s.onprem.networks = ['0.0.0.0/0']));
  expect(checkSite(everything)).toEqual([]);
  expect(said(everything)).toEqual([
    expect.stringMatching(
      /^onprem\.networks\[0\]: 0\.0\.0\.0\/0 is a default route to the office: .* the gateways need/,
    ),
  ]);
});

test('two active Direct Connects are allowed, and what follows is said', () => {
  const site = siteWith((s) => s.links.push({ ...s.links[0], name: 'dx-2', vlan: 101, inside: '169.254.11.0/30' }));
  expect(checkSite(site)).toEqual([]);
  expect(said(site)).toEqual([
    expect.stringMatching(/^links\[3\]\.role: dx-2 is active and so is dx-1: AWS spreads the flows over both/),
  ]);
});

test('secondary CIDRs of the VPC: gateways, subnets and destinations know them', () => {
  const site = siteWith((s) => {
    s.cloud.networks = ['172.16.0.0/16', '100.64.0.0/16'];
    s.gateways[1].private_ip = '100.64.1.9';
    s.route_tables[1].subnets = ['100.64.2.0/24'];
  });
  expect(checkSite(site)).toEqual([]);
  expect(vpcCidrs(site).map(({ text }) => text)).toEqual(['172.16.0.0/16', '100.64.0.0/16']);
  expect(said(site)).toEqual([
    'cloud.networks[1]: 100.64.0.0/16 is outside 172.16.0.0/16 and is taken for a secondary CIDR of the VPC: routers get a route and a filter line for it',
  ]);
  const wrong = (networks: readonly string[], destinations: readonly string[] = ['10.10.0.0/16']) =>
    lines(checkSite(siteWith((s) => ((s.cloud.networks = networks), (s.route_tables[0].destinations = destinations)))));
  expect(wrong(['172.0.0.0/8'])).toEqual([
    "cloud.networks[0]: 172.0.0.0/8 is no VPC's CIDR: AWS takes /16 to /28",
    'cloud.networks[0]: 172.0.0.0/8 overlaps 172.16.0.0/16 of cloud.cidr: each needs addresses of its own',
  ]);
  expect(wrong(['100.64.0.0/16'], ['100.64.9.0/24'])).toEqual([
    'route_tables[0].destinations[0]: 100.64.9.0/24 is inside the VPC (100.64.0.0/16): the VPC routes it itself',
  ]);
  expect(wrong(['10.10.0.0/16'])).toContain(
    'onprem.networks[0]: 10.10.0.0/16 overlaps 10.10.0.0/16 of cloud.networks[0]: each needs addresses of its own',
  );
});

test('a virtual interface on a /31, and one whose first address is of AWS', () => {
  expect(checkSite(siteWith((s) => (s.links[0].inside = '169.254.10.0/31')))).toEqual([]);
  expect(dxSession({ inside: '169.254.10.0/31' })).toMatchObject({
    customer: '169.254.10.0/31',
    amazon: '169.254.10.1/31',
  });
  expect(dxSession({ inside: '169.254.10.4/30', cloud_address: 'first' })).toMatchObject({
    customer: '169.254.10.6/30',
    amazon: '169.254.10.5/30',
  });
});

test('PPPoE: the line carries 1492 bytes, and both ends go by it', () => {
  const site = siteWith((s) => Object.assign(s.onprem.routers[0], { wan_mtu: 1492, wan_prefix: 32, wan: 'ppp0' }));
  expect(checkSite(site)).toEqual([]);
  expect(said(site)).toEqual([]);
  expect(tunnelsOf(site).map(({ mtu: { path, mtu, mss } }) => [path, mtu, mss])).toEqual([
    [1492, 1430, 1390],
    [1500, 1438, 1398],
  ]);
  const forgotten = siteWith((s) => Object.assign(s.onprem.routers[0], { dialect: 'ios-vti', wan: 'Dialer1' }));
  expect(said(forgotten)).toEqual([
    'onprem.routers[0].wan: Dialer1 looks like PPPoE, whose line carries 1492 bytes, and MTU and MSS are computed for 1500: set wan_mtu: 1492',
  ]);
});

test('the router can be the end that begins; a crypto map can not', () => {
  const site = siteWith((s) => (s.tunnels[1].initiator = 'router'));
  expect(tunnelsOf(site).map(({ cloud, onprem }) => [cloud.initiates, onprem.initiates])).toEqual([
    [true, false],
    [false, true],
  ]);
  expect(lines(siteWarnings(site)).filter((line) => line.includes('forward'))).toEqual([]);
  const crypto = siteWith((s) => {
    Object.assign(s.onprem.routers[1], { dialect: 'ios-cryptomap' });
    Object.assign(s.tunnels[1], { mode: 'policy', initiator: 'router' });
  });
  expect(lines(checkSite(crypto))).toEqual([
    'tunnels[1].initiator: router does not fit rtr-2: a crypto map begins only when the office sends, and the gateway would wait: leave initiator out, or choose a dialect with a tunnel interface',
  ]);
});
