import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { siteWarnings } from '../../../../src/lib/domain/check.ts';
import { watchPace } from '../../../../src/lib/domain/health/watch-pace.ts';
import type { Site } from '../../../../src/lib/domain/site.ts';
import { WATCH_FILE } from '../../../../src/lib/render/linux/watch.ts';
import { fileOf, rendered, siteOf } from './rendered.ts';

/** Two gateways, two routers, a tunnel between each pair; rtr-1 has FRR, rtr-2 holds its routes in the kernel. */
const mesh = siteOf('lab', (loose) => {
  for (const box of [...loose.gateways, ...loose.onprem.routers]) box.interface = 'xfrm';
  delete loose.onprem.routers[1].asn;
  loose.tunnels.push(
    { name: 'vpn3', gateway: 'gw-1', router: 'rtr-2', inside: '169.254.101.0/30', psk_file: 'psk/vpn3' },
    { name: 'vpn4', gateway: 'gw-2', router: 'rtr-1', inside: '169.254.201.0/30', psk_file: 'psk/vpn4' },
  );
});

const has = (site: Site, device: string): boolean => rendered(site, device).some(({ path }) => path === WATCH_FILE);

describe('who is watched', () => {
  it('every router with routes through tunnels, and a gateway with more than one', () => {
    expect(['gw-1', 'gw-2', 'rtr-1', 'rtr-2'].map((device) => has(mesh, device))).toEqual([true, true, true, true]);
    expect(['gw-1', 'rtr-1'].map((device) => has(siteOf('lab'), device))).toEqual([false, true]);
  });

  it('no box whose tunnels are chosen by selectors', () => {
    const policy = siteOf('lab', (loose) => {
      for (const tunnel of loose.tunnels) tunnel.mode = 'policy';
      for (const link of loose.links.slice(1)) link.probe = { targets: ['10.10.0.9'] };
    });
    expect(['gw-1', 'rtr-1'].map((device) => has(policy, device))).toEqual([false, false]);
  });

  it('two policy-based tunnels on one box are warned about, each box once; routed ones are not', () => {
    const policy = siteOf('lab', (loose) => {
      for (const tunnel of loose.tunnels) Object.assign(tunnel, { mode: 'policy', gateway: 'gw-1' });
    });
    expect(siteWarnings(policy).map(({ path, message }) => `${path.join('.')} ${message}`)).toContain(
      'tunnels.1.mode vpn1 and vpn2 of gw-1 are policy-based, with the same selectors: when one dies its packets do not go through the other. Set mode: route, or give each a box of its own',
    );
    expect(siteWarnings(mesh).filter(({ message }) => message.includes('policy-based'))).toEqual([]);
  });
});

describe('the pace', () => {
  const of = (profile: string, probe?: object) =>
    watchPace(
      siteOf('lab', (loose) => {
        loose.monitor = { profile };
        if (probe !== undefined) loose.links[1].probe = { targets: ['10.10.0.2'], ...probe };
      }),
      'vpn1',
    );
  it.each([
    ['fast', undefined, { everyMs: 20, lost: 9, good: 100, withinMs: [180, 200] }],
    ['default', undefined, { everyMs: 100, lost: 7, good: 20, withinMs: [700, 800] }],
    ['legacy', undefined, { everyMs: 1_000, lost: 6, good: 10, withinMs: [6_000, 7_000] }],
    // 100 ms under way are five pings of 20 ms that are not lost.
    ['fast', { rtt_ms: 100, loss_percent: 1 }, { everyMs: 20, lost: 10, good: 100, withinMs: [200, 220] }],
    ['default', { rtt_ms: 5, loss_percent: 0 }, { everyMs: 100, lost: 3, good: 20, withinMs: [300, 400] }],
  ])('%s, %j', (profile, probe, pace) => expect(of(profile, probe)).toEqual(pace));

  it('expects at most the budget of false verdicts a year at the ordinary loss', () => {
    for (const profile of ['fast', 'default', 'legacy'])
      for (const loss_percent of [0.5, 1, 3, 5, 10]) {
        const { everyMs, lost } = of(profile, { rtt_ms: 1, loss_percent });
        const p = loss_percent / 100;
        expect(((365 * 86_400_000) / everyMs) * (1 - p) * p ** lost).toBeLessThanOrEqual(1);
      }
  });
});

describe('what the script decides', () => {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hyw-'));
    // Each says what it was asked; ip refuses where a file says so, as it does without the interface.
    const program = (name: string) =>
      writeFile(
        join(dir, name),
        `#!/bin/sh\necho "${name} $*" >>${dir}/asked\n[ ! -e ${dir}/refuses ] || [ "$2" = del ]\n`,
        { mode: 0o755 },
      );
    await Promise.all(['ip', 'vtysh'].map(program));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  /** Runs one function of the rendered script on lines that it would read. */
  const call = async (device: string, line: string, input: readonly string[]) => {
    const [functions] = fileOf(rendered(mesh, device), WATCH_FILE).split('\ncase ${1-} in');
    await writeFile(join(dir, 'tunnel-watch'), `${functions}\n${line}\n`);
    await writeFile(join(dir, 'asked'), '');
    const said = await new Promise<string>((resolve, reject) => {
      const child = execFile(
        'sh',
        [join(dir, 'tunnel-watch')],
        { env: { PATH: `${dir}:${process.env['PATH']}` } },
        (error, stdout, stderr) => (error === null && stderr === '' ? resolve(stdout) : reject(error ?? stderr)),
      );
      child.stdin!.end(input.map((one) => `${one}\n`).join(''));
    });
    const lines = (text: string) => text.split('\n').filter((one) => one !== '');
    return {
      said: lines(said).map((one) => one.replace(/^\S+Z /, '')),
      asked: lines(await readFile(join(dir, 'asked'), 'utf8')),
    };
  };

  const ANSWER = '64 bytes from 169.254.100.1: icmp_seq=1 ttl=64 time=0.5 ms';
  const MISS = 'no answer yet for icmp_seq=1';
  const times = (count: number, line: string): string[] => Array.from({ length: count }, () => line);
  /** Dead after 3, alive after 12 answers, said again every 1000 lines. */
  const count = async (...input: readonly string[]) => (await call('gw-1', 'count 1 3 12 1000', input)).said;

  it.each([
    ['is up with the first answer', [ANSWER], ['1 up']],
    ['is not dead before the last miss', [ANSWER, ...times(2, MISS), ANSWER, ...times(2, MISS)], ['1 up']],
    ['is dead with the last miss', [ANSWER, ...times(3, MISS)], ['1 up', '1 down']],
    ['is dead without having been up', times(3, MISS), ['1 down']],
    ['is up at once where it was never up', [...times(9, MISS), ANSWER], ['1 down', '1 up']],
    ['has to earn its way back', [ANSWER, ...times(3, MISS), ...times(11, ANSWER)], ['1 up', '1 down']],
    ['is back with enough answers', [ANSWER, ...times(3, MISS), ...times(12, ANSWER)], ['1 up', '1 down', '1 up']],
    [
      'pays five answers for a miss',
      [ANSWER, ...times(3, MISS), ...times(11, ANSWER), MISS, ...times(5, ANSWER)],
      ['1 up', '1 down'],
    ],
    [
      'hears only answers and misses',
      [ANSWER, ...times(9, 'From 169.254.100.2 icmp_seq=1 Destination Host Unreachable'), '--- statistics ---'],
      ['1 up'],
    ],
  ] as const)('a tunnel %s', async (_, input, said) => expect(await count(...input)).toEqual(said));

  it('says a verdict again', async () =>
    expect((await call('gw-1', 'count 2 3 12 4', [ANSWER, ...times(8, ANSWER)])).said).toEqual([
      '2 up',
      '2 up',
      '2 up',
    ]));

  const TO_VPN1 = '10.10.0.0/16 via 169.254.100.1 table 10 dev xfrm100';
  const TO_VPN3 = '10.10.0.0/16 via 169.254.101.1 table 11 dev xfrm110';
  const decide = (device: string, ...input: readonly string[]) => call(device, 'decide', input);

  it('a gateway takes the routes of a dead tunnel away while another answers, and puts them back', async () => {
    const { said, asked } = await decide('gw-1', '1 up', '2 up', '1 down', '1 up');
    expect(asked).toMatchInlineSnapshot(`
      [
        "ip route replace 10.10.0.0/16 via 169.254.100.1 table 10 dev xfrm100",
        "ip route replace 10.10.0.0/16 via 169.254.101.1 table 11 dev xfrm110",
        "ip route del 10.10.0.0/16 via 169.254.100.1 table 10 dev xfrm100",
        "ip route replace 10.10.0.0/16 via 169.254.100.1 table 10 dev xfrm100",
      ]
    `);
    expect(said).toMatchInlineSnapshot(`
      [
        "vpn1 (xfrm100): answers",
        "vpn3 (xfrm110): answers",
        "vpn1 (xfrm100): does not answer",
        "vpn1 (xfrm100): its routes are taken away",
        "vpn1 (xfrm100): answers",
        "vpn1 (xfrm100): its routes are back",
      ]
    `);
  });

  it('a gateway keeps all routes while no tunnel answers: packets without a route would leave unencrypted', async () => {
    const { said, asked } = await decide('gw-1', '1 up', '2 up', '1 down', '2 down');
    expect(asked.slice(2)).toMatchInlineSnapshot(`
      [
        "ip route del 10.10.0.0/16 via 169.254.100.1 table 10 dev xfrm100",
        "ip route replace 10.10.0.0/16 via 169.254.100.1 table 10 dev xfrm100",
      ]
    `);
    expect(said.at(-1)).toMatchInlineSnapshot(`"vpn1 (xfrm100): its routes are back, since no tunnel answers"`);
  });

  it('a router lets the last one go too: the office has other ways', async () =>
    expect((await decide('rtr-2', '1 up', '2 down', '1 down')).asked).toMatchInlineSnapshot(`
      [
        "ip route replace 172.16.0.0/16 via 169.254.200.2 dev xfrm100 metric 100",
        "ip route del 172.16.0.0/16 via 169.254.101.2 dev xfrm110 metric 110",
        "ip route del 172.16.0.0/16 via 169.254.200.2 dev xfrm100 metric 100",
      ]
    `));

  it('a router with FRR takes it from FRR, which then stops to redistribute it', async () =>
    expect((await decide('rtr-1', '1 up', '1 down', '1 up')).asked).toMatchInlineSnapshot(`
      [
        "vtysh -c configure terminal -c ip route 172.16.0.0/16 169.254.100.2 xfrm100 tag 100 100",
        "vtysh -c configure terminal -c no ip route 172.16.0.0/16 169.254.100.2 xfrm100 tag 100 100",
        "vtysh -c configure terminal -c ip route 172.16.0.0/16 169.254.100.2 xfrm100 tag 100 100",
      ]
    `));

  it('takes them away again when it hears the verdict again, and tries to put back what it could not', async () => {
    expect((await decide('gw-1', '2 up', '1 down', '1 down')).asked.slice(-2)).toEqual(
      times(2, `ip route del ${TO_VPN1}`),
    );
    await writeFile(join(dir, 'refuses'), '');
    try {
      const { said, asked } = await decide('gw-1', '2 up', '2 up');
      expect(asked).toEqual(times(2, `ip route replace ${TO_VPN3}`));
      expect(said).toEqual(['vpn3 (xfrm110): answers']);
    } finally {
      await rm(join(dir, 'refuses'));
    }
  });
});
