import { readFileSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { files } from '../../src/lib/adapters/files.ts';
import { shell } from '../../src/lib/adapters/shell.ts';
import { labShell } from '../../src/lib/lab/guest/shell.ts';
import { inside, must } from '../../src/lib/lab/run.ts';
import { openLab, paths, type Lab } from '../../src/lib/lab/state.ts';
import { nodeNamed } from '../../src/lib/lab/topology.ts';
import { until } from '../../src/lib/lab/wait.ts';
import { fixture } from '../helpers/cloud.ts';
import { nothing, traces, workshop, type Workshop } from './lab.ts';

// Gateways and routers on a user-mode kernel: kernel ESP through the documents' VTI, two tunnels on one gateway, netem.
const LAB = 'vuml';
/** Half a minute on an idle machine; with fifteen busy programs on two cores, five. */
const UP_MS = 900_000;
const SITE = fixture('lab')
  .replaceAll('interface: tun', 'interface: vti')
  .replace(
    /^ {2}- \{ name: vpn2, .*$/m,
    '$&\n  - { name: vpn3, gateway: gw-1, router: rtr-2, inside: 169.254.150.0/30, psk_file: psk/vpn3 }',
  )
  .replace(/^ {2}- \{ name: vpn-b, .*$/m, '$&\n  - { name: vpn-c, kind: vpn, tunnel: vpn3 }');

let shop: Workshop;
let lab: Lab;

/** Runs a program on a node as `lab exec` does, without a new hybridctl each time. */
const on = (node: string, ...argv: readonly string[]): Promise<string> =>
  must(labShell(shell, lab.record), 'ip', inside(nodeNamed(lab.topology, node).netns, argv));
/** Median round trip of a ping, ms. */
const rtt = async (node: string, address: string): Promise<number> => {
  const said = await on(node, 'ping', '-n', '-c', '5', '-i', '0.3', address);
  const times = [...said.matchAll(/time=([\d.]+)/g)].map(([, ms]) => Number(ms)).sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)]!;
};

beforeAll(async () => {
  shop = await workshop();
  await writeFile(shop.site, SITE);
  await writeFile(join(shop.dir, 'psk', 'vpn3'), 'lab.key.of.vpn3.0123456789', { mode: 0o600 });
  expect(await shop.run(['vpn', 'render', '--site', shop.site, '--out', 'rendered'])).toMatchObject({ exit: 0 });
  const up = await shop.run([
    'lab',
    'up',
    '--site',
    shop.site,
    '--rendered',
    'rendered',
    '--kernel',
    'uml',
    '--name',
    LAB,
  ]);
  expect(up, up.err).toMatchObject({ exit: 0 });
  lab = await openLab(files, LAB);
}, UP_MS);
afterAll(async () => {
  await shop.run(['lab', 'down', '--name', LAB, '--yes']);
  await shop.remove();
});

it('boots the boxes with the very files of vpn render, and the kernel carries ESP', async () => {
  for (const box of ['gw-1', 'gw-2', 'rtr-1', 'rtr-2']) {
    const from = join(shop.dir, 'rendered', box);
    const entries = await readdir(from, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((one) => one.isFile())) {
      const path = join(entry.parentPath, entry.name);
      expect(await readFile(join(paths(LAB).files(box), path.slice(from.length)), 'utf8')).toBe(
        readFileSync(path, 'utf8'),
      );
    }
  }
  expect(lab.record.notes).toEqual([]);
  const { out } = await shop.run(['lab', 'status', '--name', LAB]);
  expect(out).toMatch(
    /kernel +of the gateways and routers: 6\.1\.\S+ \(a user-mode Linux beside it\), with ESP, VTI, netem; without XFRM interfaces/,
  );
  const { tunnels } = JSON.parse((await shop.run(['lab', 'status', '--name', LAB, '--json'])).out) as {
    tunnels: { name: string; state: string; esp: string }[];
  };
  expect(tunnels.map(({ name, state, esp }) => [name, state, esp])).toEqual([
    ['vpn1', 'established', 'kernel'],
    ['vpn2', 'established', 'kernel'],
    ['vpn3', 'established', 'kernel'],
  ]);
  // In UDP, since the gateway is behind its Elastic IP; and no charon has a TUN device.
  expect(await on('gw-1', 'ip', 'xfrm', 'state')).toMatch(/encap type espinudp/);
  expect(await on('gw-1', 'ip', '-o', 'link')).not.toMatch(/ipsec0/);
});

it('has two tunnels on one gateway, each on its VTI with its own mark', async () => {
  const links = await on('gw-1', 'ip', '-d', '-o', 'link', 'show', 'type', 'vti');
  const keys = [...links.matchAll(/tunnel\d+@.*? ikey ([\d.]+)/g)].map(([, key]) => key);
  expect(new Set(keys).size).toBe(2);
  const counted = async (dev: string): Promise<number> =>
    Number(await on('gw-1', 'cat', `/sys/class/net/${dev}/statistics/rx_packets`));
  for (const [dev, far] of [
    ['tunnel1', '169.254.100.1'],
    ['tunnel2', '169.254.150.1'],
  ] as const) {
    const before = await counted(dev);
    await on('gw-1', 'ping', '-n', '-c', '3', '-i', '0.2', far);
    expect((await counted(dev)) - before, dev).toBeGreaterThanOrEqual(3);
  }
  // The office's networks by the tunnels' own table, as in the documents.
  expect(await on('gw-1', 'ip', 'rule')).toMatch(/10:\s+from all lookup 10/);
  expect(await on('gw-1', 'ip', 'route', 'show', 'table', '10')).toMatch(/10\.10\.0\.0\/16 .*dev tunnel1/);
  // The rendered MSS clamp and probe relay are there, as iptables rules.
  expect(await on('gw-1', 'iptables-legacy', '-t', 'mangle', '-S')).toMatch(/-o tunnel1 .*TCPMSS --set-mss/);
  expect(await on('gw-1', 'iptables-legacy', '-t', 'nat', '-S')).toMatch(/DNAT --to-destination 169\.254\.100\.1/);
});

it('has delay and loss by netem', async () => {
  expect(await rtt('gw-1', '169.254.100.1')).toBeLessThan(40);
  await on('rtr-1', 'tc', 'qdisc', 'add', 'dev', 'wan', 'root', 'netem', 'delay', '60ms');
  expect(await rtt('gw-1', '169.254.100.1')).toBeGreaterThanOrEqual(60);
  await on('rtr-1', 'tc', 'qdisc', 'replace', 'dev', 'wan', 'root', 'netem', 'loss', '100%');
  await expect(on('gw-1', 'ping', '-n', '-c', '2', '-W', '1', '169.254.100.1')).rejects.toThrow();
  // The other tunnel of the same gateway does not mind.
  await on('gw-1', 'ping', '-n', '-c', '2', '169.254.150.1');
  await on('rtr-1', 'tc', 'qdisc', 'delete', 'dev', 'wan', 'root');
  await on('gw-1', 'ping', '-n', '-c', '2', '169.254.100.1');
});

it('sets cuts in there and heals them, and hands exit codes and input on', async () => {
  expect(await shop.run(['lab', 'cut', 'vpn-a', '--kind', 'esp', '--name', LAB])).toMatchObject({ exit: 0 });
  await expect(on('gw-1', 'ping', '-n', '-c', '2', '-W', '1', '169.254.100.1')).rejects.toThrow();
  expect(await shop.run(['lab', 'heal', '--all', '--name', LAB])).toMatchObject({ exit: 0 });
  await on('gw-1', 'ping', '-n', '-c', '2', '169.254.100.1');
  const ended = await shop.run([
    'lab',
    'exec',
    '--name',
    LAB,
    'gw-1',
    '--',
    'sh',
    '-c',
    'uname -r; echo no >&2; exit 7',
  ]);
  expect(ended).toEqual({ exit: 7, out: `${lab.record.kernel!.release}\n`, err: 'no\n' });
});

it('ends with its keeper, and leaves nothing', async () => {
  const uml = async (): Promise<readonly string[]> =>
    (await shell.run('ip', ['netns', 'pids', `${LAB}-guest`])).stdout.split('\n').filter((line) => line !== '');
  expect((await uml()).length).toBeGreaterThan(0);
  process.kill(lab.record.guest!.pid, 'SIGKILL');
  await until(async () => (await uml()).length === 0, { what: 'the guest did not end', withinMs: 20_000 });
  expect(await shop.run(['lab', 'status', '--name', LAB])).toMatchObject({ exit: 0 });
  expect(await shop.run(['lab', 'down', '--name', LAB, '--yes'])).toMatchObject({ exit: 0 });
  expect(await traces(LAB)).toEqual(nothing);
});
