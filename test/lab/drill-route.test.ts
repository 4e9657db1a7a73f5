import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { files } from '../../src/lib/adapters/files.ts';
import type { RouteDrillReport } from '../../src/lib/drill/real/report.ts';
import type { FaultsInput } from '../../src/lib/cloud/faults.ts';
import { environmentOf } from '../../src/lib/lab/environment.ts';
import { openLab, paths, type Lab } from '../../src/lib/lab/state.ts';
import { nodeNamed } from '../../src/lib/lab/topology.ts';
import { until } from '../../src/lib/lab/wait.ts';
import { workshop, type Ended, type Workshop } from './lab.ts';

// A drill on routes as a user would run it on an app host: real ESP, the EC2 endpoint, a real ping as the stream.
const LAB = 'drreal';
const HOST = '10.10.3.100';

let shop: Workshop;
let lab: Lab;
const running = new Set<ChildProcess>();

const begin = (node: string, ...words: readonly string[]) => {
  // `ip netns exec` becomes the program, so that a signal reaches it.
  const child = spawn('ip', ['netns', 'exec', `${LAB}-${node}`, process.execPath, shop.program, ...words], {
    cwd: shop.dir,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...environmentOf(lab.record, nodeNamed(lab.topology, node), process.env['PATH']),
      NO_COLOR: '1',
    },
  });
  running.add(child);
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = new Promise<Ended>((resolve) =>
    child.on('close', (exit) => (running.delete(child), resolve({ exit, out, err }))),
  );
  return { child, ended, said: () => `${out}\n${err}` };
};
const drill = (...more: readonly string[]) =>
  begin('app-1', 'drill', 'route', '--table', 'private-1', '--target', HOST, '--yes', '--json', ...more);
const told = ({ out, err }: Ended): RouteDrillReport => {
  if (!out.startsWith('{')) throw new Error(err);
  return JSON.parse(out) as RouteDrillReport;
};

const endpoint = async (path: string, body?: FaultsInput): Promise<any> => {
  const answer = await fetch(
    `${lab.record.endpoint}/_lab/${path}`,
    body === undefined ? {} : { method: 'PUT', body: JSON.stringify(body) },
  );
  return answer.ok ? answer.json().catch(() => undefined) : Promise.reject(new Error(await answer.text()));
};
const tables = async (): Promise<readonly { statics: Record<string, unknown> | readonly unknown[] }[]> =>
  ((await endpoint('state')) as { cloud: { tables: [] } }).cloud.tables;
const away = (): Promise<void> =>
  until(async () => JSON.stringify(await tables()) !== before, { what: 'the move', withinMs: 30_000, everyMs: 10 });
const pinned = async (): Promise<unknown> =>
  JSON.parse(await readFile(join(paths(LAB).state, 'demo.pins.json'), 'utf8')).pins;
const nothingLeft = async () =>
  expect([
    JSON.stringify(await tables()),
    await pinned(),
    JSON.parse(await readFile(join(paths(LAB).state, 'demo.drill.json'), 'utf8')).routes,
  ]).toEqual([before, {}, []]);
let before: string;

beforeAll(async () => {
  shop = await workshop();
  const { exit, err } = await shop.run(['lab', 'up', '--name', LAB, '--site', shop.site]);
  if (exit !== 0) throw new Error(err);
  lab = await openLab(files, LAB);
  before = JSON.stringify(await tables());
}, 90_000);

afterEach(async () => {
  await endpoint('faults', {});
  for (const child of running) child.kill('SIGKILL');
});

afterAll(async () => {
  await shop.run(['lab', 'down', '--name', LAB, '--yes']);
  await shop.remove();
}, 60_000);

describe('a drill on real routes, on packets', () => {
  it('moves the table from Direct Connect to its tunnel and back; hardly a packet is lost', async () => {
    const ended = await drill('--stay', '2s', '--report', 'real.html').ended;
    const report = told(ended);
    expect({ exit: ended.exit, problems: report.problems, ended: report.ended }).toEqual({
      exit: 0,
      problems: [],
      ended: 'stayed',
    });
    expect(report.routes).toMatchObject([
      { from: 'dx-1', to: 'vpn-a', out: { status: 'moved' }, back: { status: 'moved' } },
    ]);
    // A route that is replaced loses next to nothing; a whole second would be a failover, not a move.
    expect(report.gapMs.out).toBeLessThan(1_000);
    expect(report.gapMs.back).toBeLessThan(1_000);
    expect(report.stream.replies).toBeGreaterThan(150);
    await nothingLeft();
    expect(await readFile(join(shop.dir, 'real.html'), 'utf8')).toContain('private-1: dx-1 to vpn-a and back');
  }, 60_000);

  it('a running monitor neither fights it nor is left with a pin', async () => {
    const monitor = begin('mon-1', 'route', 'monitor', '--detector', 'fast', '--json');
    await until(
      async () =>
        /"kind":"lease".*"held":true/.test(monitor.said()) &&
        ['dx-1', 'vpn-a', 'vpn-b'].every((link) =>
          new RegExp(`"kind":"verdict".*"link":"${link}".*"to":"alive"`).test(monitor.said()),
        ),
      { what: 'a monitor that sees', withinMs: 30_000, everyMs: 50 },
    );
    const ended = await drill('--stay', '4s').ended;
    const report = told(ended);
    expect({ exit: ended.exit, problems: report.problems, notes: report.notes }).toEqual({
      exit: 0,
      problems: [],
      notes: [expect.stringContaining('a monitor runs here')],
    });
    await nothingLeft();
    // Nothing more is written once the drill is over: what the monitor wants is what is there.
    const calls = async (): Promise<number> =>
      ((await endpoint('state')) as { calls: { action: string }[] }).calls.filter(({ action }) =>
        /^(Create|Replace|Delete)Route$/.test(action),
      ).length;
    const written = await calls();
    await until(async () => (monitor.said().match(/"kind":"health"/g) ?? []).length > 12, {
      what: 'a dozen looks of the monitor',
      withinMs: 30_000,
      everyMs: 100,
    });
    monitor.child.kill('SIGTERM');
    await monitor.ended;
    expect(await calls()).toBe(written);
    await nothingLeft();
  }, 120_000);

  it('Ctrl-C in the middle: returned, exit 130', async () => {
    const run = drill('--stay', '600s');
    await away();
    run.child.kill('SIGINT');
    const ended = await run.ended;
    expect([ended.exit, told(ended).ended]).toEqual([130, 'interrupted']);
    await nothingLeft();
  }, 60_000);

  it('killed in the middle: --return puts back what it left', async () => {
    const run = drill('--stay', '600s');
    await away();
    run.child.kill('SIGKILL');
    await run.ended;
    expect(await pinned()).toEqual({ [lab.topology.site.route_tables[0]!.id]: 'vpn-a' });
    const back = await begin('app-1', 'drill', 'route', '--return', '--yes').ended;
    expect([back.exit, back.out]).toEqual([0, 'private-1 10.10.0.0/16 is back on dx-1\n']);
    await nothingLeft();
  }, 60_000);

  it('an API that fails at the return: exit 5, and the command it names puts everything back', async () => {
    const run = drill('--stay', '1s');
    await away();
    await endpoint('faults', { DeleteRoute: { break: 'error', code: 'Unavailable', status: 503 } });
    const ended = await run.ended;
    const { next, stranded } = told(ended);
    expect([ended.exit, stranded]).toEqual([
      5,
      [expect.objectContaining({ name: 'private-1', link: 'vpn-a', home: 'dx-1' })],
    ]);
    await endpoint('faults', {});
    const back = await begin('app-1', ...next!.split(' ').slice(1)).ended;
    expect(back.exit).toBe(0);
    await nothingLeft();
  }, 120_000);
});
