import { describe, expect, it } from 'vitest';
import { checkSite } from '../../../src/lib/domain/check.ts';
import { profileOf, PROFILE_NAMES } from '../../../src/lib/domain/health/profiles.ts';
import { observe } from '../../../src/lib/monitor/observe.ts';
import { canariesOf, watchedBy } from '../../../src/lib/monitor/watch.ts';
import { fixture, siteOf } from '../../helpers/cloud.ts';
import { run } from '../../helpers/run.ts';

const CANARIES = ['172.16.11.10', '172.16.12.10', '172.16.50.1'];
const withCanaries = (text: string, canaries = CANARIES): string =>
  `${text}\nmonitor: { canaries: [${canaries.join(', ')}] }\n`;
const PEERS = fixture('lab').replaceAll('links: [dx-1, ', 'links: [');
const SITE = siteOf(withCanaries(PEERS));
const [GW_1, GW_2] = SITE.gateways.map(({ instance }) => instance!) as [string, string];

describe('canaries', () => {
  it.each([
    ['beside the gateways: all', undefined, CANARIES],
    ['on the first gateway: those of the zone it would take over', GW_1, ['172.16.12.10']],
    ['on the second', GW_2, ['172.16.11.10']],
  ])('%s', (_, self, expected) => {
    expect(canariesOf(SITE, self).map(({ address }) => address)).toEqual(expected);
    const { probes, watched } = watchedBy(SITE, profileOf('fast'), self);
    expect(watched.canaries).toEqual(expected.map((address) => `canary/${address}`));
    expect(
      probes
        .filter(({ id }) => watched.canaries.includes(id))
        .map(({ kind, address, intervalMs }) => [kind, address, intervalMs]),
    ).toEqual(expected.map((address) => ['icmp', address, 20]));
  });

  it('are asked as the site file says: the resolver of every VPC answers TCP', () => {
    const site = siteOf(
      `${PEERS}\nmonitor: { canaries: [172.16.11.10, { address: 169.254.169.253, kind: tcp, port: 53 }, { address: 172.16.0.2, kind: udp, port: 53 }] }\n`,
    );
    expect(checkSite(site)).toEqual([]);
    expect(watchedBy(site, profileOf('default')).probes.filter(({ id }) => id.startsWith('canary/'))).toEqual([
      { id: 'canary/172.16.11.10', kind: 'icmp', address: '172.16.11.10', intervalMs: 100 },
      { id: 'canary/tcp:169.254.169.253:53', kind: 'tcp', address: '169.254.169.253', port: 53, intervalMs: 100 },
      { id: 'canary/udp:172.16.0.2:53', kind: 'udp', address: '172.16.0.2', port: 53, intervalMs: 100 },
    ]);
  });

  it.each([
    ['{ address: 172.16.0.2, kind: tcp }', 'is needed for tcp probes'],
    ['{ address: 172.16.0.2, port: 53 }', 'is for tcp and udp: leave it out'],
    ['resolver', 'is neither an IPv4 address'],
  ])('%s is refused', async (canary, why) => {
    const ran = await run('route monitor --once --dry-run', {
      files: { 'hybridctl.yaml': `${PEERS}\nmonitor: { canaries: [${canary}] }\n` },
    });
    expect([ran.exit, ran.err]).toEqual([2, expect.stringContaining(why)]);
  });

  it('are hosts of the VPC, and none of the gateways', () => {
    const site = siteOf(withCanaries(PEERS, ['172.16.11.10', '10.10.0.2', '172.16.1.157']));
    expect(checkSite(site).filter(({ path }) => path[0] === 'monitor')).toEqual([
      {
        path: ['monitor', 'canaries', 1],
        message: '10.10.0.2 is not in the VPC (172.16.0.0/16): behind a link it would go silent with it',
      },
      {
        path: ['monitor', 'canaries', 2],
        message: '172.16.1.157 is gw-1, which is watched: name another host of its zone',
      },
    ]);
  });

  it('that no table of the other gateway has are refused on a gateway', async () => {
    const ran = await run('route monitor --self gw-1 --once --dry-run', {
      files: { 'hybridctl.yaml': withCanaries(PEERS, ['172.16.11.10']) },
    });
    expect([ran.exit, ran.err]).toEqual([
      2,
      expect.stringContaining('monitor.canaries: none is in a subnet whose table another gateway carries'),
    ]);
  });

  it.each(PROFILE_NAMES)(
    '%s: what takes the path takes the canary first, whatever the phase; one lost ping does not',
    (name) => {
      const profile = profileOf(name);
      const { tauMs } = profile;
      for (let phase = 0; phase < tauMs; phase += tauMs / 4) {
        const eyes = observe({ links: [{ link: 'a', probes: ['a'] }], canaries: ['c'] }, profile);
        const reply = (id: string, at: number) =>
          eyes.sample(id, { at, sentAt: at, kind: 'reply', rttMs: 1, size: 'small' }, at);
        let now = 0;
        for (; now < 200 * tauMs; now += tauMs) {
          reply('a', now);
          if (now % (50 * tauMs) !== 0) reply('c', now + phase);
          expect(eyes.canary(now + tauMs)).toBe(now > 0);
        }
        const before = now;
        while (eyes.verdicts(now).get('a')!.state !== 'dead' && now < before + 60_000) {
          eyes.sample('a', { at: now + tauMs, sentAt: now, kind: 'lost', size: 'small' }, now + tauMs);
          now += tauMs;
        }
        expect([eyes.verdicts(now).get('a')!.state, eyes.canary(now)]).toEqual(['dead', false]);
      }
    },
  );
});
