import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clock } from '../../src/lib/adapters/clock.ts';
import { files } from '../../src/lib/adapters/files.ts';
import { shell } from '../../src/lib/adapters/shell.ts';
import { connectVici } from '../../src/lib/adapters/vici/client.ts';
import type { Ports } from '../../src/lib/core/ports.ts';
import { resetLab } from '../../src/lib/drill/reset.ts';
import { cut, heal } from '../../src/lib/lab/cut.ts';
import type { FaultsInput } from '../../src/lib/cloud/faults.ts';
import { openLab, paths, type Lab } from '../../src/lib/lab/state.ts';
import { measureGap } from '../../src/lib/lab/stream.ts';
import { until } from '../../src/lib/lab/wait.ts';
import { eventOf } from '../../src/lib/monitor/event-data.ts';
import type { MonitorEvent } from '../../src/lib/monitor/events.ts';
import { MEASURED, measured, SETTLE_MS, workshop, type Workshop } from './lab.ts';

// One lab and, one after another, real monitors in it: real probes through real tunnels, the EC2 endpoint, real
// packets.
const LAB = 'vtm';
const TABLES = ['rtb-0468f52220000000a', 'rtb-04b8f522f0000000b'] as const;
const LINKS = ['dx-1', 'vpn-a', 'vpn-b'] as const;

let shop: Workshop;
let lab: Lab;
let stateDir: string;
const ports = {
  shell,
  files,
  clock,
  vici: connectVici,
  signal: new AbortController().signal,
  progress: () => undefined,
} as unknown as Ports;
const running = new Set<ChildProcess>();

type Kind = MonitorEvent['kind'];
type Of<K extends Kind> = Extract<MonitorEvent, { kind: K }>;

/**
 * `route monitor --json` on the first zone's monitor host; resolves when it holds the lease and has judged every link.
 */
const begin = async (...more: string[]) => {
  const child = spawn(
    'ip',
    [
      'netns',
      'exec',
      `${LAB}-mon-1`,
      process.execPath,
      shop.program,
      'route',
      'monitor',
      '--detector',
      'fast',
      '--json',
      '--site',
      shop.site,
      '--state-dir',
      stateDir,
      ...more,
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  running.add(child);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = new Promise<number | null>((resolve) =>
    child.on('close', (code) => (running.delete(child), resolve(code))),
  );
  const events = <K extends Kind>(kind: K): readonly Of<K>[] =>
    out
      .slice(0, out.lastIndexOf('\n') + 1)
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [eventOf(line)]))
      .filter((event): event is Of<K> => event.kind === kind);
  const eventually = (what: string, check: () => boolean, withinMs = 15_000) =>
    until(async () => check(), { what, withinMs, everyMs: 20 }).catch((error: Error) => {
      throw new Error(`${error.message}\n${err}\n${out.split('\n').slice(-12).join('\n')}`);
    });
  await eventually(
    'the lease and every verdict',
    () =>
      events('lease').some(({ held }) => held) &&
      LINKS.every((name) => events('verdict').some(({ link, to }) => link === name && to !== 'unknown')),
  );
  return { child, ended, events, eventually };
};

const endpoint = async (path: string, body?: FaultsInput): Promise<any> => {
  const answer = await fetch(
    `${lab.record.endpoint}/_lab/${path}`,
    body === undefined ? {} : { method: 'PUT', body: JSON.stringify(body) },
  );
  return answer.ok ? answer.json().catch(() => undefined) : Promise.reject(new Error(await answer.text()));
};
/** Mutating route calls the endpoint has met, and the routes as they are. */
const writes = async (): Promise<number> =>
  ((await endpoint('state')) as { calls: { action: string }[] }).calls.filter(({ action }) =>
    /^(Create|Replace|Delete)Route$/.test(action),
  ).length;
const statics = async (): Promise<unknown> =>
  ((await endpoint('state')) as { cloud: { tables: { statics: unknown }[] } }).cloud.tables.map(
    (table) => table.statics,
  );
const blackhole = () => cut(ports, lab, { what: 'dx-1', kind: 'blackhole', direction: 'out' });
const route = (...words: string[]) => shop.run(['route', ...words, '--site', shop.site, '--state-dir', stateDir]);

beforeAll(async () => {
  shop = await workshop();
  stateDir = join(shop.dir, 'state');
  const { exit, err } = await shop.run(['lab', 'up', '--name', LAB, '--site', shop.site]);
  if (exit !== 0) throw new Error(err);
  lab = await openLab(files, LAB);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: lab.record.endpoint,
    AWS_ACCESS_KEY_ID: 'lab',
    AWS_SECRET_ACCESS_KEY: 'lab',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
}, 90_000);

afterEach(async () => {
  await endpoint('faults', {});
  await heal(ports, lab);
  for (const child of running) child.kill('SIGKILL');
});

afterAll(async () => {
  await shop.run(['lab', 'down', '--name', LAB, '--yes']);
  await shop.remove();
}, 60_000);

describe('a monitor in the lab', () => {
  it('moves traffic off a blackholed Direct Connect before most would have noticed; a restart and a stop of ten seconds write nothing; a pin brings it back', {
    ...MEASURED,
    timeout: 600_000,
  }, async () => {
    await resetLab(ports, lab);
    const untouched = await writes();
    const first = await begin();
    await delay(SETTLE_MS + Math.random() * 100); // the fault comes at a random phase
    expect(await writes()).toBe(untouched);
    const stream = await measureGap(shell, lab.topology, {
      from: 'app-1',
      to: 'host',
      durationMs: 800,
      during: async () => (
        await blackhole(), first.eventually('both moves', () => first.events('move').length === 2, 5_000)
      ),
    });
    const { longestGapMs, paths } = measured(stream, 400);
    expect(longestGapMs).toBeLessThan(400);
    expect(paths).toMatchObject({ 'gw-1': expect.toSatisfy((packets: number) => packets > 100) });
    expect(first.events('move').map(({ from, to, outcome }) => [from, to, outcome])).toEqual([
      ['dx-1', 'vpn-a', 'done'],
      ['dx-1', 'vpn-b', 'done'],
    ]);
    const written = await writes();

    first.child.kill('SIGSTOP');
    await delay(10_000);
    first.child.kill('SIGCONT');
    await delay(1_500);
    first.child.kill('SIGKILL');
    await first.ended;
    expect(first.events('move')).toHaveLength(2);

    const second = await begin();
    await delay(2_000);
    expect(await writes()).toBe(written);
    expect(second.events('move')).toEqual([]);

    await heal(ports, lab);
    expect((await route('pin', '--table', 'private-1', '--to', 'dx-1')).exit).toBe(0);
    await second.eventually(
      'the pinned return',
      () =>
        second
          .events('move')
          .some(({ table, to, outcome }) => table === TABLES[0] && to === 'dx-1' && outcome === 'done'),
      90_000,
    );
    expect((await route('unpin', '--table', 'private-1')).exit).toBe(0);
    await second.eventually('the end of the pin', () => second.events('pin').some(({ link }) => link === null), 2_000);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
    expect(JSON.parse((await files.read(join(stateDir, 'demo.lease.json')))!).holder).toBe('');
  });

  it.each(['html', 'garbage', 'error'] as const)(
    'holds everything while the API answers %s, says so, and moves when it is back',
    async (nonsense) => {
      // As on a good day: Direct Connect carries, and the first table is on it.
      await until(
        async () =>
          (await shell.run('ip', ['netns', 'exec', `${LAB}-mon-1`, 'ping', '-c', '1', '-W', '1', '10.10.0.2']))
            .exitCode === 0,
        { what: 'the way over dx-1', withinMs: 30_000, everyMs: 100 },
      );
      expect(
        (
          await shop.run([
            'route',
            'set',
            '--table',
            'private-1',
            '--destination',
            '10.10.0.0/16',
            '--to',
            'dx-1',
            '--yes',
            '--site',
            shop.site,
          ])
        ).exit,
      ).toBe(0);
      const run = await begin();
      // Moved by hand a moment ago: that is believed once reads agree on it.
      await run.eventually(
        'its place is known',
        () =>
          run
            .events('health')
            .at(-1)
            ?.routes.find(({ table }) => table === TABLES[0])?.at === 'dx-1',
      );
      const before = await statics();
      await endpoint('faults', { '*': { break: nonsense } });
      await delay(500);
      await cut(ports, lab, { what: 'dx-1', kind: 'blackhole', direction: 'out' });
      await run.eventually('an error', () => run.events('error').some(({ during }) => during === 'read route tables'));
      await run.eventually('the verdict', () =>
        run.events('verdict').some(({ link, to }) => link === 'dx-1' && to === 'dead'),
      );
      await delay(1_500);
      expect([run.child.exitCode, await statics()]).toEqual([null, before]);
      await endpoint('faults', {});
      await run.eventually(
        'the move',
        () =>
          run
            .events('move')
            .some(({ table, to, outcome }) => table === TABLES[0] && to === 'vpn-a' && outcome === 'done'),
        15_000,
      );
      run.child.kill('SIGTERM');
      expect(await run.ended).toBe(0);
    },
    60_000,
  );

  it('hears BFD of its router and the charon of a gateway: silent while all is well, and each death is told beside what the probes find', async () => {
    await until(
      async () =>
        (await shell.run('ip', ['netns', 'exec', `${LAB}-mon-1`, 'ping', '-c', '1', '-W', '1', '10.10.0.2']))
          .exitCode === 0,
      { what: 'the way over dx-1', withinMs: 30_000, everyMs: 100 },
    );
    const run = await begin('--uri', paths(LAB).vici('gw-1'), '--bfd', join(paths(LAB).frr('rtr-1'), 'bfdd.vty'));
    await run.eventually('both witnesses', () => run.events('witness').filter(({ heard }) => heard).length === 2);
    const told = () => run.events('evidence').map(({ link, evidence, about }) => [link, evidence, about]);
    await delay(2_000);
    expect(told()).toEqual([]);
    await cut(ports, lab, { what: 'dx-1', kind: 'blackhole', direction: 'both' });
    await run.eventually('word of BFD', () => told().length === 1);
    expect(told()).toEqual([['dx-1', 'bfd-down', expect.stringMatching(/^169\.254\.10\.[12]$/)]]);
    await cut(ports, lab, { what: 'gw-1', kind: 'kill', direction: 'both' });
    await run.eventually('word of charon', () => told().length === 2);
    expect(told()[1]).toEqual(['vpn-a', 'ike-down', 'vpn1']);
    await run.eventually('both verdicts', () =>
      ['dx-1', 'vpn-a'].every((name) => run.events('verdict').some(({ link, to }) => link === name && to === 'dead')),
    );
    await run.eventually('that charon is missed', () =>
      run.events('witness').some(({ heard, witness }) => !heard && witness.startsWith('charon')),
    );
    run.child.kill('SIGTERM');
    expect(await run.ended).toBe(0);
  }, 90_000);
});
