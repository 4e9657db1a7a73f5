import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SiteInput } from '../../../../src/lib/domain/site.ts';
import { renderIosBgp } from '../../../../src/lib/render/bgp/dx-ios.ts';
import { bgpMetric, tunnelSessions } from '../../../../src/lib/render/bgp/policy.ts';
import { renderAsa97Vti } from '../../../../src/lib/render/cisco/asa.ts';
import { managedSite, managedTunnels } from '../../../../src/lib/domain/managed-vpn.ts';
import { renderFrr } from '../../../../src/lib/render/bgp/frr.ts';
import { deviceOf, fixture, rendered, siteOf, type Wanted } from '../cisco/helper.ts';

/** The lab with a standby link on the second router, a password, and one link without BFD. */
const twoLinks = (): SiteInput => {
  const lab = fixture('lab');
  return {
    ...lab,
    links: [
      ...lab.links.map((link) => (link.kind === 'dx' ? { ...link, bgp_password_file: 'bgp/dx-1' } : link)),
      {
        name: 'dx-2',
        kind: 'dx',
        router: 'rtr-2',
        vlan: 200,
        inside: '169.254.20.0/30',
        cloud_asn: 64_512,
        role: 'standby',
        bfd: false,
      },
    ],
  };
};
const onInterfaces = (input: SiteInput): SiteInput => ({
  ...input,
  links: input.links.map((link) => (link.kind === 'dx' ? { ...link, interface: 'TenGigabitEthernet0/1' } : link)),
});
const bgpPasswords = new Map([['dx-1', 'Dx.Session-Key_1']]);

const IOS: readonly (readonly [name: string, input: SiteInput, device: string, wanted: Wanted])[] = [
  ['seed-dx.cisco-1.legacy', fixture('seed-dx'), 'cisco-1', {}],
  ['seed-dx.cisco-2.legacy', fixture('seed-dx'), 'cisco-2', {}],
  ['seed-dx.cisco-1.modern', fixture('seed-dx'), 'cisco-1', { crypto: 'modern' }],
  ['seed-dx.cisco-2.cnsa', fixture('seed-dx'), 'cisco-2', { crypto: 'cnsa' }],
  ['two-links.rtr-1.modern', onInterfaces(twoLinks()), 'rtr-1', { bgpPasswords }],
  ['two-links.rtr-2.modern', onInterfaces(twoLinks()), 'rtr-2', { bgpPasswords }],
  ['managed.rtr-1.modern', fixture('lab'), 'rtr-1', { managed: true }],
  ['managed.rtr-2.modern', fixture('lab'), 'rtr-2', { managed: true }],
];
test.each(IOS)('BGP on IOS: %s', async (name, input, device, wanted) => {
  await expect(rendered(renderIosBgp, input, device, wanted)).toMatchFileSnapshot(
    `../../../golden/dx-ios/${name}.conf`,
  );
});

test('BGP of an ASA stands in its one file, and no static route', async () => {
  const content = rendered(renderAsa97Vti, fixture('lab'), 'rtr-2', { managed: true, dialect: 'asa-9.7-vti' });
  expect(content).not.toMatch(/^route /m);
  await expect(content).toMatchFileSnapshot('../../../golden/asa/managed.rtr-2.modern.conf');
});

/** As a BGP speaker weighs them: by the length of the path AWS hears, and by the preference the office gives. */
test('AWS and the office take the tunnels of all routers in the same order', () => {
  const site = siteOf(fixture('lab'));
  const sessions = ['rtr-1', 'rtr-2']
    .map((name) => deviceOf(site, name, { managed: true }))
    .flatMap((device) => tunnelSessions(device).map((session) => ({ ...session, metric: bgpMetric(device, []) })));
  const sorted = (by: (session: (typeof sessions)[number]) => number): readonly string[] =>
    [...sessions].sort((a, b) => by(a) - by(b)).map(({ name }) => name);
  const hears = sorted(({ prepend }) => prepend.length);
  expect(hears).toEqual(sorted(({ metric, preference }) => metric * 100 - preference));
  expect(new Set(sessions.map(({ prepend }) => prepend)).size).toBe(4);
  expect(() => managedTunnels(managedSite(site), 65_010)).toThrow("AWS's own AS number");
});

test('a file with a password is private, one without is not', () => {
  const site = siteOf(onInterfaces(twoLinks()));
  const modes = [renderIosBgp, renderFrr].flatMap((renderer) =>
    ['rtr-1', 'rtr-2'].map((name) => renderer(deviceOf(site, name, { bgpPasswords }))[0]!.mode),
  );
  expect(modes).toEqual([0o600, 0o644, 0o600, 0o644]);
});

const xfrm = (input: SiteInput): SiteInput => ({
  ...input,
  cloud: { ...input.cloud, networks: ['172.16.11.0/24', '172.16.12.0/24'] },
  onprem: {
    networks: [...input.onprem.networks, '192.168.50.0/24'],
    routers: input.onprem.routers.map((router) => ({ ...router, interface: 'xfrm' as const })),
  },
  tunnels: input.tunnels.map((tunnel) => ({ ...tunnel, router: 'rtr-1' })),
});
const policy = (input: SiteInput): SiteInput => ({
  ...input,
  tunnels: input.tunnels.map((tunnel) => ({ ...tunnel, mode: 'policy' as const })),
});

const FRR: readonly (readonly [name: string, input: SiteInput, device: string, wanted: Wanted])[] = [
  ['lab.rtr-1', fixture('lab'), 'rtr-1', {}],
  ['lab.rtr-2', fixture('lab'), 'rtr-2', {}],
  ['two-links.rtr-1', twoLinks(), 'rtr-1', { bgpPasswords }],
  ['two-links.rtr-2', twoLinks(), 'rtr-2', { bgpPasswords }],
  ['two-tunnels-xfrm.rtr-1', xfrm(fixture('lab')), 'rtr-1', {}],
  ['policy.rtr-1', policy(fixture('lab')), 'rtr-1', {}],
  ['managed.rtr-1', fixture('lab'), 'rtr-1', { managed: true }],
  ['managed.rtr-2', fixture('lab'), 'rtr-2', { managed: true }],
];
test.each(FRR)('FRR: %s', async (name, input, device, wanted) => {
  await expect(rendered(renderFrr, input, device, wanted)).toMatchFileSnapshot(`../../../golden/frr/${name}.conf`);
});

describe("FRR's own parser", () => {
  const check = (text: string): void => {
    const folder = mkdtempSync(join(tmpdir(), 'hybridctl-frr-'));
    try {
      const file = join(folder, 'frr.conf');
      writeFileSync(file, text, { mode: 0o600 });
      execFileSync('/usr/bin/vtysh', ['-C', '-f', file], { stdio: 'pipe' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  test.each(FRR)('accepts %s', (_name, input, device, wanted) => {
    check(rendered(renderFrr, input, device, wanted));
  });
  test('refuses a file with one word misspelt, so the check can fail', () => {
    expect(() =>
      check(rendered(renderFrr, fixture('lab'), 'rtr-1').replace('redistribute static', 'redistribute statics')),
    ).toThrow(/redistribute statics/);
  });
});
