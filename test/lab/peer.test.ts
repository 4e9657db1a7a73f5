import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clock } from '../../src/lib/adapters/clock.ts';
import { files } from '../../src/lib/adapters/files.ts';
import { shell } from '../../src/lib/adapters/shell.ts';
import type { Ports } from '../../src/lib/core/ports.ts';
import { call } from '../../src/lib/drill/endpoint.ts';
import { positions } from '../../src/lib/drill/reset.ts';
import { startWatcher, type Watcher } from '../../src/lib/drill/watcher.ts';
import { cut, heal } from '../../src/lib/lab/cut.ts';
import { inside, must } from '../../src/lib/lab/run.ts';
import { openLab, type Lab } from '../../src/lib/lab/state.ts';
import { measureGap, type StreamResult } from '../../src/lib/lab/stream.ts';
import { until } from '../../src/lib/lab/wait.ts';
import type { MonitorEvent } from '../../src/lib/monitor/events.ts';
import { fixture } from '../helpers/cloud.ts';
import { MEASURED, measured, workshop, type Workshop } from './lab.ts';

// Two gateways, a monitor on each: they watch each other, take over each other's route table and hand it back.
const LAB = 'vpeer';
const HOME = { 'private-1': 'vpn-a', 'private-2': 'vpn-b' };
/** A host of each zone, so that a gateway knows a zone that is cut off from a gateway that is dead. */
const SITE = fixture('lab')
  .replace(/^ {2}- \{ name: dx-1.*\n/m, '')
  .replaceAll('links: [dx-1, ', 'links: [')
  .concat('monitor: { canaries: [172.16.11.10, 172.16.12.10] }\n');

let shop: Workshop;
let lab: Lab;
const ports = {
  shell,
  files,
  clock,
  signal: new AbortController().signal,
  progress: () => undefined,
} as unknown as Ports;
const watchers = new Map<string, Watcher>();

type Of<K extends MonitorEvent['kind']> = Extract<MonitorEvent, { kind: K }>;
const told = <K extends MonitorEvent['kind']>(gateway: string, kind: K): readonly Of<K>[] =>
  watchers.get(gateway)!.events.filter((event): event is Of<K> => event.kind === kind);
const verdictOf = (gateway: string, link: string) =>
  told(gateway, 'verdict').findLast((event) => event.link === link)?.to;
const eventually = (what: string, check: () => boolean | Promise<boolean>, withinMs = 20_000) =>
  until(async () => check(), {
    what,
    withinMs,
    everyMs: 20,
    more: async () =>
      [...watchers].map(
        ([name, { events, trouble }]) =>
          `${name}: ${trouble()} ${JSON.stringify(events.filter(({ kind }) => kind !== 'health' && kind !== 'api').slice(-6))}`,
      ),
  });
const moves = (gateway: string) => told(gateway, 'move').map(({ from, to, outcome }) => [from, to, outcome]);
const alerts = (gateway: string) => told(gateway, 'alert').map(({ alert: { kind, from, to } }) => [kind, from, to]);
/** Packets that never came; one is sent each ms. */
const lost = ({ gaps }: StreamResult): number => gaps.reduce((sum, gap) => sum + gap.lost, 0);
const at = () => positions(ports, lab);

/** Calls that change something, as the endpoint has met them. */
const writes = async (): Promise<readonly string[]> => {
  const { calls } = (await (await fetch(`${lab.record.endpoint}/_lab/state`)).json()) as {
    calls: { action: string }[];
  };
  return calls.map(({ action }) => action).filter((action) => !action.startsWith('Describe'));
};

/** The real monitors, each on its own gateway; they judge both tunnels and know that a while has passed. */
const watch = async (): Promise<void> => {
  for (const gateway of ['gw-1', 'gw-2'])
    watchers.set(
      gateway,
      await startWatcher(lab, {
        profile: 'fast',
        path: process.env['PATH'],
        node: gateway,
        flags: ['--self', gateway],
      }),
    );
  for (const gateway of watchers.keys())
    await eventually(
      `${gateway} sees both tunnels`,
      () =>
        ['vpn-a', 'vpn-b'].every((link) => verdictOf(gateway, link) === 'alive') &&
        told(gateway, 'lease').some(({ held }) => held),
    );
  await delay(6_000); // a path's loss is learnt and reads agree, as in the drill
};

/**
 * Nothing from one group of addresses reaches the other, from one instant on: two cuts one after the other would be two
 * faults.
 */
const part = async (left: string, right: string): Promise<() => Promise<void>> => {
  const nft = (...args: string[]) => inside(`${LAB}-vpc`, ['nft', ...args]);
  const rules = `ip saddr { ${left} } ip daddr { ${right} } drop; ip saddr { ${right} } ip daddr { ${left} } drop;`;
  await must(shell, 'ip', nft('-f', '-'), {
    input: `table ip parted {\nchain forward { type filter hook forward priority -200; ${rules} }\n}\n`,
  });
  return async () => void (await must(shell, 'ip', nft('delete', 'table', 'ip', 'parted')));
};

beforeAll(async () => {
  shop = await workshop();
  await writeFile(shop.site, SITE);
  const { exit, err } = await shop.run(['lab', 'up', '--name', LAB, '--site', shop.site]);
  if (exit !== 0) throw new Error(err);
  lab = await openLab(files, LAB);
}, 90_000);

afterEach(async () => {
  for (const watcher of watchers.values()) {
    watcher.signal('SIGCONT');
    await watcher.stop();
  }
  watchers.clear();
  await heal(ports, lab);
  for (const { id, name } of lab.topology.site.route_tables) {
    const link = HOME[name as keyof typeof HOME];
    const gateway = lab.topology.site.gateways[link === 'vpn-a' ? 0 : 1]!;
    await call(lab, 'ReplaceRoute', {
      RouteTableId: id,
      DestinationCidrBlock: '10.10.0.0/16',
      NetworkInterfaceId: gateway.eni!,
    });
  }
}, 60_000);

afterAll(async () => {
  await shop.run(['lab', 'down', '--name', LAB, '--yes']);
  await shop.remove();
}, 60_000);

describe('two gateways that watch each other', () => {
  it("cut off from each other's zone, with both tunnels alive, move nothing and stop nobody", async () => {
    await watch();
    const before = await writes();
    let fix = async (): Promise<void> => undefined;
    const stream = await measureGap(shell, lab.topology, {
      from: 'app-2',
      to: 'host',
      durationMs: 0,
      during: async () => {
        fix = await part('172.16.1.0/24, 172.16.11.0/24', '172.16.2.0/24, 172.16.12.0/24');
        for (const [gateway, link] of [
          ['gw-1', 'vpn-b'],
          ['gw-2', 'vpn-a'],
        ] as const) {
          await eventually(`${gateway} sees nothing of ${link}`, () => verdictOf(gateway, link) === 'dead');
          await eventually(`${gateway} doubts itself`, () =>
            told(gateway, 'error').some(({ during }) => during === 'see beyond ourselves'),
          );
        }
        await delay(4_000); // a verdict takes 0.15 s, a move 10 ms more
        // When the zones hear each other again, the canaries answer before the tunnels are judged good.
        await fix();
        fix = async () => undefined;
        for (const [gateway, link] of [
          ['gw-1', 'vpn-b'],
          ['gw-2', 'vpn-a'],
        ] as const)
          await eventually(`${gateway} sees ${link} again`, () => verdictOf(gateway, link) === 'alive');
        await delay(2_500);
      },
    }).finally(() => fix());
    expect({
      moves: [moves('gw-1'), moves('gw-2')],
      at: await at(),
      writes: (await writes()).slice(before.length),
    }).toEqual({ moves: [[], []], at: HOME, writes: [] });
    expect(lost(stream)).toBeLessThan(20);
  }, 90_000);

  it("deaf to each other alone, take over each other's table without a gap, and stop nobody", async () => {
    await watch();
    const before = await writes();
    let fix = async (): Promise<void> => undefined;
    const stream = await measureGap(shell, lab.topology, {
      from: 'app-2',
      to: 'host',
      durationMs: 0,
      during: async () => {
        fix = await part('172.16.1.157', '172.16.2.126');
        await eventually(
          'both tables have crossed over',
          async () => JSON.stringify(await at()) === JSON.stringify({ 'private-1': 'vpn-b', 'private-2': 'vpn-a' }),
        );
        await delay(12_000); // longer than a dead gateway waits to be healed
      },
    }).finally(() => fix());
    expect((await writes()).slice(before.length)).toEqual(['ReplaceRoute', 'ReplaceRoute']);
    expect(lost(stream)).toBeLessThan(20);
  }, 90_000);

  it('a gateway is gone with its monitor: the peer takes its table over within a blink, tells it once, and hands it back after the hold-down', {
    ...MEASURED,
    timeout: 900_000,
  }, async () => {
    await watch();
    const begun = Date.now();
    const stream = await measureGap(shell, lab.topology, {
      from: 'app-2',
      to: 'host',
      durationMs: 0,
      during: async () => {
        await delay(Math.random() * 100);
        await cut(ports, lab, { what: 'gw-2', kind: 'hang' });
        watchers.get('gw-2')!.signal('SIGSTOP');
        await eventually('the alert', () => told('gw-1', 'alert').length > 0);
        await delay(500);
      },
    });
    const { longestGapMs, paths } = measured(stream, 700);
    expect({ moves: moves('gw-1'), alerts: alerts('gw-1'), at: await at() }).toEqual({
      moves: [['vpn-b', 'vpn-a', 'done']],
      alerts: [['moved', 'vpn-b', 'vpn-a']],
      at: { 'private-1': 'vpn-a', 'private-2': 'vpn-a' },
    });
    expect(longestGapMs).toBeLessThan(700);
    expect(paths['gw-1']).toBeGreaterThan(100);

    await heal(ports, lab);
    watchers.get('gw-2')!.signal('SIGCONT');
    const back = await measureGap(shell, lab.topology, {
      from: 'app-2',
      to: 'host',
      durationMs: 0,
      during: () => eventually('the table is handed back', () => told('gw-1', 'alert').length > 1, 120_000),
    });
    const [, returned] = told('gw-1', 'alert');
    expect(returned!.at - begun).toBeGreaterThan(30_000);
    expect({ alerts: [alerts('gw-1'), alerts('gw-2')], at: await at() }).toEqual({
      alerts: [
        [
          ['moved', 'vpn-b', 'vpn-a'],
          ['moved', 'vpn-a', 'vpn-b'],
        ],
        [],
      ],
      at: HOME,
    });
    expect(lost(back)).toBeLessThan(20);
    expect((await writes()).filter((action) => !action.endsWith('Route'))).toEqual([]);
  });
});
