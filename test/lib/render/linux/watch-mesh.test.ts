import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { files as diskFiles } from '../../../../src/lib/adapters/files.ts';
import { watchPace } from '../../../../src/lib/domain/health/watch-pace.ts';
import { ownMachine } from '../../../../src/lib/lab/run.ts';
import { renderSite } from '../../../../src/lib/render/index.ts';
import { tunnelsOf, linuxInterfaceName } from '../../../../src/lib/domain/tunnel.ts';
import { until } from '../../../helpers/charon-pair.ts';
import { frrSpaces, type FrrSpaces } from '../../../helpers/frr-spaces.ts';
import { siteOf } from './rendered.ts';

/**
 * Two gateways, two routers with FRR, a tunnel between each pair. Every box runs the very files of "vpn render": the
 * tunnels script, the tunnel watch, frr.conf. This kernel has no XFRM interfaces, so a cable stands for each pair of
 * them, with the rendered name and mark: what dies is the way, as when ESP is dropped, and the interface stays.
 */
const site = siteOf('lab', (loose) => {
  for (const box of [...loose.gateways, ...loose.onprem.routers]) box.interface = 'xfrm';
  loose.monitor = { profile: 'fast' };
  loose.links.shift();
  loose.tunnels.push(
    { name: 'vpn3', gateway: 'gw-1', router: 'rtr-2', inside: '169.254.101.0/30', psk_file: 'psk/vpn3' },
    { name: 'vpn4', gateway: 'gw-2', router: 'rtr-1', inside: '169.254.201.0/30', psk_file: 'psk/vpn4' },
  );
  for (const table of loose.route_tables) table.links = ['vpn-a', 'vpn-b'];
});
const tunnels = tunnelsOf(site);
const HOST = '10.10.3.100';
const GATEWAYS = ['gw-1', 'gw-2'];
const ROUTERS = ['rtr-1', 'rtr-2'];
/** For FRR and OSPF to follow. Without the watch a dead tunnel keeps its routes for as long as one looks. */
const SLACK_MS = 200;

describe('a mesh of four tunnels, as rendered', () => {
  let spaces: FrrSpaces;
  const run = (name: string, ...line: string[]) => spaces.space[name]!.run(...line);
  /** With the space's folder for /run, as each machine has its own. */
  const script = (name: string, program: string, verb: string) =>
    run(
      name,
      ...['unshare', '-m', 'sh', '-c', 'mount --bind "$0" /run && exec "$@"', spaces.space[name]!.folder],
      // As the lab runs its boxes: other work on this machine must not keep them waiting.
      ...ownMachine([`/run/files/usr/local/lib/hybridctl/${program}`, verb]),
    );
  const interfaceOf = (tunnel: string, side: 'cloud' | 'onprem'): string => {
    const found = tunnels.find(({ name }) => name === tunnel)!;
    return linuxInterfaceName(found[side], found.numbers)!;
  };
  const cut = async (...names: readonly string[]): Promise<void> => {
    for (const name of names) {
      const { cloud } = tunnels.find((tunnel) => tunnel.name === name)!;
      const iface = interfaceOf(name, 'cloud');
      await run(
        cloud.device,
        'nft',
        `add table ip cut; add chain ip cut in { type filter hook prerouting priority -300; }; add chain ip cut out { type filter hook postrouting priority 300; }; add rule ip cut in iifname ${iface} drop; add rule ip cut out oifname ${iface} drop`,
      );
    }
  };
  const heal = () =>
    Promise.all(
      GATEWAYS.map((name) =>
        run(name, 'nft', 'destroy table ip cut').catch(() => run(name, 'nft', 'delete table ip cut').catch(() => '')),
      ),
    );
  const answers = () =>
    run('app', 'ping', '-n', '-c', '1', '-W', '1', HOST).then(
      () => true,
      () => false,
    );
  const well = async (): Promise<void> => {
    await heal();
    await until('every tunnel has its routes', async () => {
      const held = await Promise.all([
        ...GATEWAYS.flatMap((name) =>
          ['10', '11'].map((table) => run(name, 'ip', 'route', 'show', 'table', table).catch(() => '')),
        ),
      ]);
      const statics = await Promise.all(ROUTERS.map((name) => spaces.space[name]!.vtysh('show running-config')));
      return (
        held.every((text) => text.includes('10.10.0.0/16')) &&
        statics.every((text) => [...text.matchAll(/^ip route /gm)].length === 2)
      );
    });
    await until('packets go', answers);
  };
  /** The longest time without an echo while something happens, ms, by a ping every 10 ms. */
  const longestGap = async (during: () => Promise<unknown>, seconds = 3): Promise<number> => {
    const echo = run('app', 'ping', '-n', '-D', '-i', '0.01', '-w', String(seconds), HOST).catch(
      (error: { stdout: string }) => error.stdout,
    );
    const begun = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await during();
    const at = [...(await echo).matchAll(/^\[(\d+\.\d+)\] \d+ bytes from/gm)].map(([, time]) => Number(time) * 1_000);
    at.push(begun + seconds * 1_000);
    return Math.max(...at.slice(1).map((time, index) => time - at[index]!));
  };

  beforeAll(async () => {
    spaces = await frrSpaces(['app', 'office', ...GATEWAYS, ...ROUTERS]);
    for (const [hub, address, boxes, device] of [
      ['app', '172.16.11.10/16', GATEWAYS, 'eth0'],
      ['office', `${HOST}/16`, ROUTERS, 'lan'],
    ] as const) {
      await run(hub, 'ip', 'link', 'add', 'br0', 'up', 'type', 'bridge');
      await run(hub, 'ip', 'addr', 'add', address, 'dev', 'br0');
      for (const box of boxes) {
        await spaces.join([hub, `to-${box}`], [box, device]);
        await run(hub, 'ip', 'link', 'set', `to-${box}`, 'master', 'br0');
      }
    }
    const addresses = {
      'gw-1': ['eth0', '172.16.1.157/16'],
      'gw-2': ['eth0', '172.16.2.126/16'],
      'rtr-1': ['lan', '10.10.0.2/16'],
      'rtr-2': ['lan', '10.10.0.3/16'],
    };
    for (const [box, [device, address]] of Object.entries(addresses))
      await run(box, 'ip', 'addr', 'add', address!, 'dev', device!);
    await run('app', 'ip', 'route', 'add', '10.10.0.0/16', 'via', '172.16.1.157');
    for (const { name, cloud, onprem } of tunnels)
      await spaces.join([cloud.device, interfaceOf(name, 'cloud')], [onprem.device, interfaceOf(name, 'onprem')]);
    const psks = new Map(tunnels.map(({ name }) => [name, `Key.of.${name}`]));
    for (const { device, files } of renderSite(site, tunnels, { psks })) {
      const { folder, load } = spaces.space[device]!;
      await diskFiles.write(
        files.map(({ path, content, mode }) => ({ path: join(folder, 'files', path), content, mode })),
      );
      const text = (path: string) => files.find((file) => file.path === path)?.content;
      // Where vtysh looks for its daemons, below a /run of the box's own.
      await symlink('.', join(folder, 'frr'));
      // What "make" of the script would have made.
      for (const [, iface, alias] of text('usr/local/lib/hybridctl/tunnels')!.matchAll(/^ {2}make (\S+) (\S+) /gm))
        await run(device, 'ip', 'link', 'set', iface!, 'alias', alias!);
      await run(device, 'sysctl', '-q', '-e', '-p', join(folder, 'files/etc/sysctl.d/90-hybridctl.conf'));
      const frr = text('etc/frr/frr.conf');
      if (frr !== undefined) await load(frr, ['zebra', 'staticd', 'ospfd']);
    }
    await spaces.space['office']!.load(
      'interface br0\n ip ospf area 0\n ip ospf dead-interval minimal hello-multiplier 4\n ip ospf priority 0\nexit\nrouter ospf\n ospf router-id 10.10.3.100\nexit\n',
      ['zebra', 'staticd', 'ospfd'],
    );
    for (const box of [...ROUTERS, ...GATEWAYS]) await script(box, 'tunnels', 'up');
    await well();
  }, 60_000);
  afterAll(async () => {
    for (const box of [...GATEWAYS, ...ROUTERS]) await script(box, 'tunnel-watch', 'stop').catch(() => '');
    await spaces.stop();
  });

  const { withinMs } = watchPace(site, 'vpn1');

  beforeEach(async () => {
    for (const box of [...GATEWAYS, ...ROUTERS]) await script(box, 'tunnel-watch', 'start');
    await well();
  });

  it.each([
    ['a dead tunnel: the gateway and the router go on over their other ones', ['vpn1']],
    ['both tunnels of a router dead: the office goes on over the other router', ['vpn1', 'vpn4']],
  ])('%s, within the detection time', { timeout: 60_000 }, async (_, dead) => {
    let gap = Infinity;
    // Other work on this machine can only make it longer.
    for (let tries = 0; tries < 3 && gap > withinMs[1] + SLACK_MS; tries += 1) {
      await well();
      gap = await longestGap(() => cut(...dead));
    }
    expect(gap).toBeLessThan(withinMs[1] + SLACK_MS);
  });

  it('with the watch stopped it does not come back', async () => {
    for (const box of [...GATEWAYS, ...ROUTERS]) await script(box, 'tunnel-watch', 'stop');
    expect(await longestGap(() => cut('vpn1'))).toBeGreaterThan(2_000);
  });

  it('stopped, it leaves the routes as the tunnels script made them, and nothing of itself', async () => {
    await cut('vpn1');
    await until(
      'the route is gone',
      async () => !(await run('gw-1', 'ip', 'route', 'show', 'table', '10')).includes('10.10.0.0/16'),
    );
    await script('gw-1', 'tunnel-watch', 'stop');
    expect(await run('gw-1', 'ip', 'route', 'show', 'table', '10')).toContain('10.10.0.0/16');
    expect(
      (await run('gw-1', 'sh', '-c', 'ps -o args= -p "$(ip netns pids $(ip netns identify $$) | paste -sd,)"'))
        .split('\n')
        .filter((line) => /tunnel-watch|ping/.test(line) && !line.includes('sh -c')),
    ).toEqual([]);
  });
});
