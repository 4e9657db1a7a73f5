import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { files as realFiles } from '../../src/lib/adapters/files.ts';
import { outlets } from '../../src/lib/adapters/records/outlets.ts';
import type { Files } from '../../src/lib/core/ports.ts';
import type { CloudState } from '../../src/lib/cloud/state.ts';
import { metrics } from '../../src/lib/cloud/services/cloudwatch/state.ts';
import { fakeCharon } from '../fakes/vici.ts';
import { fixture, testCloud } from '../helpers/cloud.ts';
import { startServices } from '../helpers/services.ts';
import { run as runLine } from '../helpers/run.ts';

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

/** A gateway with one charon and three interfaces, of which two are tunnels; its state folder is a real one. */
const gateway = () => {
  const folder = mkdtempSync(join(tmpdir(), 'hybridctl-traffic-'));
  folders.push(folder);
  writeFileSync(join(folder, 'hybridctl.yaml'), fixture('lab'));
  const devices = new Map([
    ['eth0', { index: 2, type: 1, bytes: 900 }],
    ['tunnel1', { index: 7, type: 768, bytes: 0 }],
    ['ipsec0', { index: 8, type: 65_534, bytes: 0 }],
  ]);
  const read = async (path: string, limit?: number): Promise<string | undefined> => {
    if (path === '/proc/net/dev')
      return [...devices]
        .map(([name, { bytes }]) => `${name}: ${bytes} 1 0 0 0 0 0 0 ${2 * bytes} 1 0 0 0 0 0 0`)
        .join('\n');
    if (path.startsWith('/proc/')) return 'gw-1\n';
    const [, name, what] = /^\/sys\/class\/net\/([^/]+)\/(ifindex|type)$/.exec(path) ?? [];
    const device = name === undefined ? undefined : devices.get(name);
    return name === undefined
      ? realFiles.read(path, limit)
      : device === undefined
        ? undefined
        : String(what === 'type' ? device.type : device.index);
  };
  const charon = fakeCharon();
  charon.connections.set('vpn1', { children: { vpn1: {} } });
  const pass = (spi: string, bytes: number) =>
    charon.sas.set('vpn1', {
      version: '2',
      state: 'ESTABLISHED',
      'child-sas': {
        'vpn1-1': {
          name: 'vpn1',
          state: 'INSTALLED',
          'spi-in': spi,
          'spi-out': 'f',
          'bytes-in': String(bytes),
          'packets-in': '1',
          'bytes-out': '3',
          'packets-out': '1',
        },
      },
    });
  pass('c0', 100);
  const files: Files = { ...realFiles, read };
  let dead = false;
  const ports = {
    files,
    cwd: folder,
    random: (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)),
    outlets: async () => outlets,
    vici: async () => {
      if (dead) throw new Error('ECONNREFUSED');
      charon.closed = false;
      return charon.vici;
    },
  };
  return {
    folder,
    devices,
    pass,
    ports,
    die: () => void (dead = true),
    line: (more: string) => `vpn traffic --state-dir ${folder} --uri unix:///x.vici ${more}`,
  };
};

const figures = (state: CloudState) =>
  Object.values(metrics.of(state).series).map(({ name, dimensions, points }) => [
    name,
    ...Object.values(dimensions).slice(1),
    ...points.map(({ sum }) => sum),
  ]);

describe('vpn traffic', () => {
  test('--once tells what passed since the run before: rekeys and interfaces that are new begin at nothing', async () => {
    const cloud = await testCloud(fixture('lab'));
    const { ports, line, devices, pass, folder, die } = gateway();
    const once = (more = '') => cloud.run(line(`--once ${more}`), { ports });
    const first = await once();
    expect([first.exit, first.out, await cloud.calls()]).toEqual([0, expect.stringContaining('first look'), []]);
    expect(statSync(join(folder, 'demo.traffic.json')).mode & 0o777).toBe(0o600);
    pass('c1', 40);
    devices.set('tunnel1', { index: 9, type: 768, bytes: 30 });
    devices.set('ipsec0', { index: 8, type: 65_534, bytes: 70 });
    const second = await once('--json');
    expect([second.exit, second.err, JSON.parse(second.out)]).toMatchObject([
      0,
      '',
      {
        kind: 'traffic',
        tunnels: [{ of: 'vpn1', state: 'established', in: { bytes: 40 }, out: { bytes: 3 } }],
        interfaces: [
          { of: 'tunnel1', in: { bytes: 30 }, out: { bytes: 60 } },
          { of: 'ipsec0', in: { bytes: 70 } },
        ],
      },
    ]);
    die();
    const third = await once().then(({ exit }) => exit);
    expect(third).not.toBe(0);
    expect(figures(cloud.cloud.snapshot() as CloudState)).toEqual([
      ['TunnelState', 'vpn1', 1],
      ['TunnelDataIn', 'vpn1', 40],
      ['TunnelDataOut', 'vpn1', 3],
      ['InterfaceDataIn', 'gw-1', 'tunnel1', 30],
      ['InterfaceDataOut', 'gw-1', 'tunnel1', 60],
      ['InterfaceDataIn', 'gw-1', 'ipsec0', 70],
      ['InterfaceDataOut', 'gw-1', 'ipsec0', 140],
    ]);
  });

  test('while CloudWatch is away samples lie on disk; one compressed call brings what waited', async () => {
    const services = await startServices();
    const { ports, line, pass, folder } = gateway();
    const once = () =>
      runLine(line('--once'), {
        ports: {
          ...ports,
          clock: {
            now: () => Date.now(),
            sleep: async (ms, signal) =>
              void (await new Promise<void>((resolve) => {
                const timer = setTimeout(resolve, Math.min(ms, 300));
                signal?.addEventListener('abort', () => (clearTimeout(timer), resolve()));
              })),
          },
        },
      });
    await once();
    services.mood = 'down';
    for (let bytes = 200; bytes <= 400; bytes += 100) {
      pass('c0', bytes);
      expect((await once()).exit).toBe(0);
    }
    expect([
      services.figures.size,
      readFileSync(join(folder, 'spool/demo-traffic.spool'), 'utf8')
        .split('\n')
        .filter((entry) => entry.includes('"put"')).length,
    ]).toEqual([0, 3]);
    services.mood = 'well';
    pass('c0', 450);
    const calls = services.calls;
    await once();
    const told = services.figures
      .get('hybridctl')!
      .filter(({ MetricName }) => MetricName === 'TunnelDataIn')
      .map(({ Value }) => Value);
    expect([told, services.calls - calls, services.encodings.at(-1)]).toEqual([[100, 100, 100, 50], 2, 'gzip']);
  });

  test('runs at its interval, serves Prometheus, draws, and ends after --count', async () => {
    await testCloud(fixture('lab'));
    const { ports, line, pass } = gateway();
    let now = 1_795_200_000_000;
    let page = '';
    const served: typeof outlets = {
      ...outlets,
      listen: async (_port, answer) => ({ port: 1, close: async () => void (page = (await answer('/metrics'))!.body) }),
    };
    const clock = {
      now: () => now,
      sleep: async (ms: number) => {
        now += ms;
        pass('c0', 100 + (now - 1_795_200_000_000));
      },
    };
    const { exit, out, err } = await runLine(
      line('--no-cloudwatch --interval 2s --count 3 --graph --metrics-port 9743'),
      { ports: { ...ports, clock, outlets: async () => served } },
    );
    expect([exit, err.split('\n').filter((text) => / tunnels up/.test(text))]).toEqual([
      0,
      Array.from({ length: 3 }, (_, index) =>
        expect.stringContaining(`:0${2 * (index + 1)} 1 of 1 tunnels up, in 8.0 kbit/s, out 0 bit/s`),
      ),
    ]);
    expect(out).toMatch(/vpn1 +established +2.0 kB +8.0 kbit\/s/);
    expect(out).toContain('8.0 kbit/s ┼');
    expect(page).toContain('hybridctl_tunnel_bytes_total{tunnel="vpn1",direction="in"} 6000');
    expect(page).toContain('hybridctl_tunnel_up{tunnel="vpn1"} 1');
  });

  test.each([
    ['--interval 0s', '--interval'],
    ['--interval 60', '60 has no unit: write 60s'],
    ['--interval 2h', '--interval'],
    ['--interval 4000s', '--interval'],
    ['--once --count 2', '--once'],
    ['--namespace AWS/VPN', '--namespace'],
    ['--name office', '--region'],
    ['--interface "a b"', '--interface'],
    ['--metrics-port 70000', '--metrics-port'],
  ])('%s is refused', async (flags, field) => {
    const { ports, line } = gateway();
    const { exit, err } = await runLine(line(flags), { ports });
    expect([exit, err]).toEqual([2, expect.stringContaining(field)]);
  });
});
