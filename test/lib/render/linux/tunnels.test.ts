import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CryptoLevel } from '../../../../src/lib/domain/crypto.ts';
import { ends } from '../../../../src/lib/domain/tunnel.ts';
import { until } from '../../../helpers/charon-pair.ts';
import { cable, elasticIp, makeSpace, startCharon, type Charon, type Space } from '../../../helpers/charon.ts';
import { deviceOf, rendered, siteOf } from './rendered.ts';

/** One tunnel of the lab fixture, without Direct Connect: the boxes' own routes are the only ones. */
const site = (crypto: CryptoLevel, dialect: string) =>
  siteOf('lab', (loose) => {
    loose.crypto = crypto;
    loose.tunnels = [loose.tunnels[0]];
    loose.links = [{ name: 'vpn-a', kind: 'vpn', tunnel: 'vpn1' }];
    loose.route_tables = [];
    loose.gateways[0].dialect = dialect;
    Object.assign(loose.onprem.routers[0], { dialect, wan: 'eth0' });
    delete loose.onprem.routers[0].asn;
  });

const HOST = '172.16.11.10';
const OFFICE = '10.10.0.10';

describe.each([
  ['modern', 'swanctl'],
  ['legacy', 'ipsec-conf'],
] as const)('the rendered boxes, running: %s, %s', (crypto, dialect) => {
  const spaces: Record<'host' | 'gw' | 'net' | 'rtr' | 'office', Space> = {} as never;
  const charons: Charon[] = [];
  const tag = `hyr-${randomBytes(3).toString('hex')}`;
  const plan = site(crypto, dialect);
  // Userspace ESP's own limit; the computed sum, 1422 to 1438, is for kernel ESP.
  const mtu = 1400;

  const tunnels = async (space: Space, charon: Charon, verb: 'up' | 'down') =>
    space.run(`${charon.root}/usr/local/lib/hybridctl/tunnels`, verb);
  const reaches = async (...flags: string[]): Promise<boolean> =>
    spaces.host.run('ping', '-c', '1', '-W', '1', ...flags, OFFICE).then(
      () => true,
      () => false,
    );

  beforeAll(async () => {
    for (const name of ['host', 'gw', 'net', 'rtr', 'office'] as const)
      spaces[name] = await makeSpace(`${tag}-${name}`);
    const { host, gw, net, rtr, office } = spaces;
    await cable(host, 'eth0', `${HOST}/24`, gw, 'lan', '172.16.11.1/24');
    await cable(gw, 'eth0', '172.16.1.157/24', net, 'vpc', '172.16.1.1/24');
    await cable(net, 'isp', '198.51.100.1/24', rtr, 'eth0', '198.51.100.77/24');
    await cable(rtr, 'lan', '10.10.0.2/24', office, 'eth0', `${OFFICE}/24`);
    await host.run('ip', 'route', 'add', 'default', 'via', '172.16.11.1');
    await gw.run('ip', 'route', 'add', 'default', 'via', '172.16.1.1');
    await rtr.run('ip', 'route', 'add', 'default', 'via', '198.51.100.1');
    await office.run('ip', 'route', 'add', 'default', 'via', '10.10.0.2');
    await elasticIp(net, '203.0.113.11', '172.16.1.157');
    // The waiting end first, so that the initiator's first packet finds it.
    for (const [space, device] of [
      [rtr, 'rtr-1'],
      [gw, 'gw-1'],
    ] as const) {
      const charon = await startCharon(space, rendered(plan, device));
      charons.push(charon);
      await space.run('sysctl', '-q', '-p', `${charon.root}/etc/sysctl.d/90-hybridctl.conf`);
      if (dialect === 'swanctl') {
        await charon.swanctl('--load-creds', '--file', `${charon.root}/etc/swanctl/conf.d/vpn1.secrets.conf`);
        await charon.swanctl('--load-conns', '--file', `${charon.root}/etc/swanctl/conf.d/vpn1.conf`);
      }
      await tunnels(space, charon, 'up');
    }
  }, 60_000);
  afterAll(async () => {
    for (const charon of charons) await charon.stop();
    for (const space of Object.values(spaces)) await space.remove();
  });

  it('come up with the suite asked for, and carry packets from host to office', async () => {
    await until('host reaches office', () => reaches());
    const sas = await charons[1]!.swanctl('--list-sas');
    expect(sas).toMatch(crypto === 'legacy' ? /ESTABLISHED, IKEv1/ : /ESTABLISHED, IKEv2/);
    expect(sas).toContain(
      crypto === 'legacy'
        ? 'AES_CBC-128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024'
        : 'AES_GCM_16-256/PRF_HMAC_SHA2_384/ECP_384',
    );
    expect(sas).toContain('TUNNEL-in-UDP');
  });

  it('twice "up" is as good as once', async () => {
    const state = async () =>
      Promise.all(
        ['-o addr show', 'rule', 'route show table all'].map((what) => spaces.gw.run('ip', '-4', ...what.split(' '))),
      );
    const before = await state();
    const rules = await spaces.gw.run('nft', 'list', 'ruleset');
    await tunnels(spaces.gw, charons[1]!, 'up');
    expect(await state()).toEqual(before);
    expect(await spaces.gw.run('nft', 'list', 'ruleset')).toEqual(rules);
  });

  it('a packet of the interface’s MTU leaves as one, and arrives; one byte more, and it is cut', async () => {
    expect(await spaces.gw.run('ip', '-o', 'link', 'show', 'ipsec0')).toContain(`mtu ${mtu} `);
    // The gateway's answers to the pings of the router's watch would be counted too.
    const [{ root }] = charons as [Charon, Charon];
    await spaces.rtr.run(`${root}/usr/local/lib/hybridctl/tunnel-watch`, 'stop');
    const outer = async (size: number): Promise<number> => {
      const count = async () =>
        Number(
          (
            JSON.parse(await spaces.gw.run('ip', '-j', '-s', 'link', 'show', 'ipsec0')) as {
              stats64: { tx: { packets: number } };
            }[]
          )[0]!.stats64.tx.packets,
        );
      const before = await count();
      await spaces.host.run('ping', '-c', '1', '-W', '2', '-M', 'dont', '-s', String(size - 28), OFFICE);
      return (await count()) - before;
    };
    // The interface's own packets (router solicitations, which come for some seconds) only add to the count.
    const least = async (size: number): Promise<number> =>
      Math.min(await outer(size), await outer(size), await outer(size));
    expect([await least(mtu), await least(mtu + 1)]).toEqual([1, 2]);
  });

  it('a full-size packet with "don’t fragment" still arrives', async () => {
    expect(await reaches('-M', 'do', '-s', '1472')).toBe(true);
  });

  it('each box by itself clamps TCP segments in both directions', async () => {
    // With both at it, each could do one direction only and nobody would see.
    await spaces.rtr.run('nft', 'delete table ip hybridctl');
    const ss = `require('node:child_process').execFileSync('ss', ['-tinH', 'state', 'established']).toString()`;
    const server = spawn(
      'ip',
      [
        'netns',
        'exec',
        spaces.office.name,
        'node',
        '-e',
        `require('node:net').createServer((s) => s.once('data', () => s.end(${ss}))).listen(7000, '${OFFICE}', () => console.log('ready'))`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    try {
      await once(server.stdout, 'data');
      const said = await spaces.host.run(
        'node',
        '-e',
        `const s = require('node:net').connect(7000, '${OFFICE}', () => { console.log(${ss}); s.write('your turn'); }); s.pipe(process.stdout)`,
      );
      // Of the MSS, the timestamp option takes 12 bytes of every segment.
      expect([...said.matchAll(/ mss:(\d+)/g)].map(([, size]) => Number(size))).toEqual([mtu - 40 - 12, mtu - 40 - 12]);
    } finally {
      server.kill();
      await tunnels(spaces.rtr, charons[0]!, 'up');
    }
  });

  it('"down" leaves nothing of its own behind, also twice, and "up" brings it back', async () => {
    await spaces.gw.run('nft', 'add table ip other');
    await tunnels(spaces.gw, charons[1]!, 'down');
    await tunnels(spaces.gw, charons[1]!, 'down');
    const { local } = ends(deviceOf(plan, 'gw-1').tunnels[0]!, 'cloud');
    expect(await spaces.gw.run('ip', 'rule')).not.toContain('lookup 10');
    expect(await spaces.gw.run('ip', 'route', 'show', 'table', 'all')).not.toContain('10.10.0.0/16');
    expect(await spaces.gw.run('ip', 'addr')).not.toContain(local.inside);
    expect((await spaces.gw.run('nft', 'list', 'ruleset')).trim()).toBe('table ip other {\n}');
    expect(await reaches()).toBe(false);
    await tunnels(spaces.gw, charons[1]!, 'up');
    await until('host reaches office again', () => reaches());
  });
});
