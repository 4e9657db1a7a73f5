import { expect, it } from 'vitest';
import { officeHalf } from '../../../src/lib/domain/health/office-half.ts';
import { slaPace } from '../../../src/lib/domain/health/sla-pace.ts';
import type { Site } from '../../../src/lib/domain/site.ts';
import { renderIosVti } from '../../../src/lib/render/cisco/ios.ts';
import { deviceOf, siteOf } from '../render/linux/rendered.ts';

const halves = (site: Site) =>
  site.links.map((link) => {
    const { by, leastMs, mostMs } = officeHalf(site, link);
    return [link.name, by, leastMs, mostMs];
  });

it('goes by what each router has: BFD, the tunnel watch, an IP SLA, IKE keepalives, or nothing', () => {
  const cisco = siteOf('lab', (loose) => {
    loose.onprem.routers[0].dialect = 'ios-vti';
    loose.onprem.routers[1].dialect = 'asa-9.7-vti';
  });
  expect(halves(cisco)).toEqual([
    ['dx-1', 'bfd', 600, 900],
    ['vpn-a', 'ip-sla', 5_500, 7_500],
    ['vpn-b', 'ike-keepalive', expect.any(Number), expect.any(Number)],
  ]);
  const selectors = siteOf('lab', (loose) => {
    for (const tunnel of loose.tunnels) tunnel.mode = 'policy';
    for (const link of loose.links.slice(1)) link.probe = { targets: ['10.10.0.9'] };
    loose.links[0].bfd = false;
  });
  expect(halves(selectors)).toEqual([
    ['dx-1', 'bgp-hold', 20_000, 30_000],
    ['vpn-a', 'nothing', null, null],
    ['vpn-b', 'nothing', null, null],
  ]);
});

it('the level legacy keeps the field document: an SLA every 5 s', () => {
  const legacy = siteOf('lab', (loose) => {
    loose.crypto = 'legacy';
    loose.onprem.routers[0].dialect = 'ios-vti';
  });
  expect(halves(legacy)[1]).toEqual(['vpn-a', 'ip-sla', 5_000, 15_000]);
});

it('IOS gets the very numbers that "route tune" says, each where IOS takes it', () => {
  const site = siteOf('lab', (loose) => {
    loose.onprem.routers[0].dialect = 'ios-vti';
    loose.links[1].probe = { targets: ['10.10.0.9'], rtt_ms: 180, loss_percent: 0.1 };
  });
  expect(slaPace(site, 'vpn1')).toEqual({
    frequency: 1,
    timeoutMs: 720,
    lookEvery: 1,
    delayDown: 2,
    withinMs: [2_720, 4_720],
  });
  const text = renderIosVti(deviceOf(site, 'rtr-1'))
    .map(({ content }) => content)
    .join('\n');
  expect(text).toContain('track timer ip sla 1\n');
  expect(text).toContain(' delay down 2 up 30\n');
  // A threshold above the timeout is refused, and a timeout above the frequency.
  expect(text).toMatch(/ threshold 720\n timeout 720\n frequency 1\n/);
});
