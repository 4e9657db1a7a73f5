import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { awsRouteTables } from '../../src/lib/adapters/aws/routes.ts';
import { clock } from '../../src/lib/adapters/clock.ts';
import { files } from '../../src/lib/adapters/files.ts';
import { shell } from '../../src/lib/adapters/shell.ts';
import type { Ports } from '../../src/lib/core/ports.ts';
import { positions } from '../../src/lib/drill/reset.ts';
import { startWatcher, type Watcher } from '../../src/lib/drill/watcher.ts';
import { cut, heal } from '../../src/lib/lab/cut.ts';
import { inside, must } from '../../src/lib/lab/run.ts';
import { openLab, type Lab } from '../../src/lib/lab/state.ts';
import { measureGap, type StreamResult } from '../../src/lib/lab/stream.ts';
import { until } from '../../src/lib/lab/wait.ts';
import { fixture } from '../helpers/cloud.ts';
import { workshop, type Workshop } from './lab.ts';

// One table in override mode (the Local Zone case), one in replace mode with another order: each follows its own.
const LAB = 'vord';
const NETWORK = '10.10.0.0/16';
const [VGW, ENI1, ENI2] = ['vgw-078bcc55', 'eni-023fbd87a1b2c3d4e', 'eni-02d75e6061b2c3d4e'];
const [A, B] = ['rtb-0468f52220000000a', 'rtb-04b8f522f0000000b'];
const SITE = fixture('lab')
  .replace('links: [dx-1, vpn-a, vpn-b] }', 'links: [dx-1, vpn-a, vpn-b], mode: override }')
  .replace('links: [dx-1, vpn-b, vpn-a] }', 'links: [vpn-b, dx-1, vpn-a] }');

let shop: Workshop;
let lab: Lab;
let watcher: Watcher;
const ports = {
  shell,
  files,
  clock,
  signal: new AbortController().signal,
  progress: () => undefined,
} as unknown as Ports;

beforeAll(async () => {
  shop = await workshop();
  await writeFile(shop.site, SITE);
  const { exit, err } = await shop.run(['lab', 'up', '--name', LAB, '--site', shop.site]);
  if (exit !== 0) throw new Error(err);
  lab = await openLab(files, LAB);
  for (const [name, value] of Object.entries({
    AWS_ENDPOINT_URL: lab.record.endpoint!,
    AWS_ACCESS_KEY_ID: 'lab',
    AWS_SECRET_ACCESS_KEY: 'lab',
    AWS_EC2_METADATA_DISABLED: 'true',
  }))
    vi.stubEnv(name, value);
}, 90_000);

afterAll(async () => {
  vi.unstubAllEnvs();
  await watcher?.stop();
  await shop.run(['lab', 'down', '--name', LAB, '--yes']);
  await shop.remove();
}, 60_000);

/** Packets of a stream that never came; one is sent each ms. */
const lost = ({ gaps }: StreamResult): number => gaps.reduce((sum, gap) => sum + gap.lost, 0);

/** What EC2 shows of the network in each table: [origin, target, state]. */
const routes = async () => {
  const tables = await awsRouteTables({ region: 'cn-north-1' }).read([A!, B!]);
  return [A, B].map((id) =>
    tables
      .find((table) => table.id === id)!
      .routes.filter(({ destination }) => destination === NETWORK)
      .map(({ origin, target, state }) => [origin, target.id, state])
      .sort(),
  );
};
const moves = () =>
  watcher.events.flatMap((event) =>
    event.kind === 'move' ? [[event.table, event.from, event.to, event.outcome]] : [],
  );
const alerts = () =>
  watcher.events.flatMap((event) =>
    event.kind === 'alert' ? [[event.alert.subject.split('|')[0], event.alert.from, event.alert.to]] : [],
  );
const verdictOf = (link: string) =>
  watcher.events.findLast((event) => event.kind === 'verdict' && event.link === link) as { to: string } | undefined;
const eventually = (what: string, check: () => boolean | Promise<boolean>, withinMs = 20_000) =>
  until(async () => check(), {
    what,
    withinMs,
    everyMs: 20,
    more: async () => [
      ...watcher.trouble(),
      JSON.stringify(watcher.events.filter(({ kind }) => kind !== 'health' && kind !== 'api').slice(-8)),
    ],
  });
const writes = async (): Promise<readonly string[]> => {
  const { calls } = (await (await fetch(`${lab.record.endpoint}/_lab/state`)).json()) as {
    calls: { action: string }[];
  };
  return calls.map(({ action }) => action).filter((action) => !action.startsWith('Describe'));
};
/**
 * The data of Direct Connect is lost and its BGP session lives: the propagated route stands, as when a carrier's core
 * fails.
 */
const data = {
  lose: () =>
    must(shell, 'ip', inside(`${LAB}-rtr-1`, ['nft', '-f', '-']), {
      input: `table netdev core {\nchain in { type filter hook ingress device "dx-1" priority 0; ip daddr ${NETWORK} drop; }\n}\n`,
    }),
  fix: () => must(shell, 'ip', inside(`${LAB}-rtr-1`, ['nft', 'delete', 'table', 'netdev', 'core'])),
};

describe('each table follows its own order', () => {
  it('override: a static route over the propagated one on loss, deleted after the hold-down; replace: another order, down to its last link and back', async () => {
    watcher = await startWatcher(lab, { profile: 'fast', path: process.env['PATH'], flags: ['--no-heal'] });
    await eventually('every link is judged', () =>
      ['dx-1', 'vpn-a', 'vpn-b'].every((link) => verdictOf(link)?.to === 'alive'),
    );
    await delay(6_000);
    expect(await routes()).toEqual([
      [['propagated', VGW, 'active']],
      [
        ['propagated', VGW, 'active'],
        ['static', ENI2, 'active'],
      ],
    ]);
    const before = (await writes()).length;

    const second = await measureGap(shell, lab.topology, {
      from: 'app-2',
      to: 'host',
      durationMs: 0,
      during: async () => {
        await cut(ports, lab, { what: 'vpn-b', kind: 'blackhole', direction: 'out' });
        await eventually('the second table is on Direct Connect', () => alerts().length === 1);
        await delay(300);
      },
    });
    expect({ moves: moves(), routes: await routes() }).toEqual({
      moves: [[B, 'vpn-b', 'dx-1', 'done']],
      routes: [
        [['propagated', VGW, 'active']],
        // A static route to the VGW would lie over the propagated one for ever, also when that is withdrawn.
        [['propagated', VGW, 'active']],
      ],
    });

    const first = await measureGap(shell, lab.topology, {
      from: 'app-1',
      to: 'host',
      durationMs: 0,
      during: async () => {
        await data.lose();
        await eventually('both tables are on the last tunnel', () => alerts().length === 3);
        await delay(300);
      },
    });
    expect({ moves: moves().slice(1).sort(), routes: await routes(), at: await positions(ports, lab) }).toEqual({
      moves: [
        [A, 'dx-1', 'vpn-a', 'done'],
        [B, 'dx-1', 'vpn-a', 'done'],
      ],
      routes: [
        [
          ['propagated', VGW, 'active'],
          ['static', ENI1, 'active'],
        ],
        [
          ['propagated', VGW, 'active'],
          ['static', ENI1, 'active'],
        ],
      ],
      at: { 'private-1': 'vpn-a', 'private-2': 'vpn-a' },
    });
    expect(
      [first.longestGapMs, second.longestGapMs].every((ms) => ms > 60 && ms < 700),
      `gaps ${first.longestGapMs}, ${second.longestGapMs}`,
    ).toBe(true);

    const fixedAt = Date.now();
    await data.fix();
    await heal(ports, lab);
    const back = await measureGap(shell, lab.topology, {
      from: 'app-1',
      to: 'host',
      durationMs: 0,
      during: () =>
        eventually(
          'every table is at its first link',
          async () =>
            JSON.stringify(await positions(ports, lab)) ===
              JSON.stringify({ 'private-1': 'dx-1', 'private-2': 'vpn-b' }) && alerts().length >= 5,
          120_000,
        ),
    });
    expect(await routes()).toEqual([
      [['propagated', VGW, 'active']],
      [
        ['propagated', VGW, 'active'],
        ['static', ENI2, 'active'],
      ],
    ]);
    const calls = (await writes()).slice(before);
    // The second table leaves its tunnel for the propagated route, both tables leave that, and the first comes back to it.
    expect(calls.filter((action) => action !== 'ReplaceRoute')).toEqual([
      'DeleteRoute',
      'CreateRoute',
      'CreateRoute',
      'DeleteRoute',
    ]);
    const { at } = watcher.events.find((event) => event.kind === 'move' && event.table === A && event.to === 'dx-1')!;
    expect(at - fixedAt).toBeGreaterThan(25_000);
    expect(lost(back)).toBeLessThan(20);
    expect(alerts()).toEqual(moves().map(([table, from, to]) => [table, from, to]));
  }, 200_000);
});
