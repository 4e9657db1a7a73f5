import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awsRouteTables } from '../../src/lib/adapters/aws/routes.ts';
import { files } from '../../src/lib/adapters/files.ts';
import { shell } from '../../src/lib/adapters/shell.ts';
import { connectVici } from '../../src/lib/adapters/vici/client.ts';
import type { Ports, RouteTables, Sample } from '../../src/lib/core/ports.ts';
import { probePlan, type LinkProbe } from '../../src/lib/domain/health/probe-plan.ts';
import { cut, heal } from '../../src/lib/lab/cut.ts';
import type { CutSpec } from '../../src/lib/lab/faults.ts';
import { openLab, type Lab } from '../../src/lib/lab/state.ts';
import { until } from '../../src/lib/lab/wait.ts';
import { proberIn, type ProberProcess } from '../helpers/prober-process.ts';
import { workshop, type Workshop } from './lab.ts';

// A monitor's own probes on real packets: each link's cross that link, there and back, and no other.
const LAB = 'pr';
const NETWORK = '10.10.0.0/16';
const PROBES_EVERY = { tauMs: 20, largeEveryMs: 200 };
const ports = { shell, files, vici: async (uri: string) => connectVici(uri), signal: new AbortController().signal, progress: () => undefined } as unknown as Ports;

let shop: Workshop;
let lab: Lab;
let monitor: ProberProcess;
let plan: readonly LinkProbe[];
let samples: (Sample & { readonly link: string })[] = [];
let stop: () => Promise<void>;

beforeAll(async () => {
  shop = await workshop();
  const { exit, err } = await shop.run(['lab', 'up', '--name', LAB, '--site', shop.site]);
  if (exit !== 0) throw new Error(err);
  lab = await openLab(files, LAB);
  plan = probePlan(lab.record.site, PROBES_EVERY);
  monitor = await proberIn(`${LAB}-mon-1`);
  ({ stop } = monitor.prober.start(plan, (id, sample) => samples.push({ ...sample, link: plan.find((probe) => probe.id === id)!.link })));
}, 90_000);

afterAll(async () => {
  await stop?.();
  await monitor?.close();
  await shop.run(['lab', 'down', '--name', LAB, '--yes']);
  await shop.remove();
}, 60_000);

const LINKS = ['dx-1', 'vpn-a', 'vpn-b'] as const;

/** Part of the probes sent from now on that were answered, by link; a few lost to a busy machine round away. */
const answered = async (size: Sample['size'] = 'small', forMs = 1_200): Promise<Record<string, number>> => {
  samples = [];
  const from = performance.now();
  await delay(forMs);
  expect(performance.now() - from).toBeLessThan(forMs + 1_000);
  return Object.fromEntries(
    LINKS.map((link) => {
      const mine = samples.filter((sample) => sample.link === link && sample.size === size && sample.kind !== 'unknown');
      return [link, Math.round((10 * mine.filter(({ kind }) => kind === 'reply').length) / mine.length) / 10];
    }),
  );
};
const ALL = { 'dx-1': 1, 'vpn-a': 1, 'vpn-b': 1 };
const eventually = (what: string, check: () => Promise<boolean>, withinMs = 20_000) => until(check, { what, withinMs });
const well = async (): Promise<boolean> => JSON.stringify([await answered('small', 500), await answered('large', 600)]) === JSON.stringify([ALL, ALL]);

describe('probes cross the path they judge', () => {
  it('all answer, small and large, 50 times a second', async () => {
    await eventually('every probe answers', well);
    samples = [];
    await delay(2_000);
    const replies = (link: string) => samples.filter((sample) => sample.link === link && sample.kind === 'reply' && sample.size === 'small').length;
    expect(Math.min(...LINKS.map(replies))).toBeGreaterThan(80);
    expect(samples.filter(({ kind }) => kind === 'lost')).toEqual([]);
  }, 40_000);

  it.each<readonly [what: string, spec: CutSpec, small: object, large: object]>([
    ['Direct Connect without carrier', { what: 'dx-1' }, { ...ALL, 'dx-1': 0 }, { ...ALL, 'dx-1': 0 }],
    ['Direct Connect silent one way', { what: 'dx-1', kind: 'blackhole', direction: 'in' }, { ...ALL, 'dx-1': 0 }, { ...ALL, 'dx-1': 0 }],
    ['a tunnel without ESP', { what: 'vpn-a', kind: 'esp' }, { ...ALL, 'vpn-a': 0 }, { ...ALL, 'vpn-a': 0 }],
    ['a tunnel without UDP 4500', { what: 'vpn-b', kind: 'udp4500' }, { ...ALL, 'vpn-b': 0 }, { ...ALL, 'vpn-b': 0 }],
    ['a tunnel that is silent', { what: 'vpn-a', kind: 'blackhole' }, { ...ALL, 'vpn-a': 0 }, { ...ALL, 'vpn-a': 0 }],
    ['a tunnel that eats large packets', { what: 'vpn-b', kind: 'large' }, ALL, { ...ALL, 'vpn-b': 0 }],
    ['a gateway whose charon is gone', { what: 'gw-1', kind: 'kill' }, { ...ALL, 'vpn-a': 0 }, { ...ALL, 'vpn-a': 0 }],
  ])('%s is seen by its own link alone', async (_, spec, small, large) => {
    await cut(ports, lab, spec);
    try {
      // What was on its way, and on Direct Connect what BFD needs.
      await eventually('the cut is seen', async () => JSON.stringify([await answered('small', 400), await answered('large', 800)]) === JSON.stringify([small, large]), 10_000);
      expect([await answered('small'), await answered('large')]).toEqual([small, large]);
    } finally {
      await heal(ports, lab);
      await eventually('every probe answers again', well, 60_000);
    }
  }, 90_000);

  it('no move of an app route table is felt', async () => {
    Object.assign(process.env, { AWS_ENDPOINT_URL: lab.record.endpoint, AWS_ACCESS_KEY_ID: 'lab', AWS_SECRET_ACCESS_KEY: 'lab' });
    const tables: RouteTables = await awsRouteTables({ region: 'cn-north-1' });
    const { route_tables, gateways } = lab.record.site;
    samples = [];
    for (const { id } of route_tables) await tables.createRoute(id, NETWORK, { kind: 'eni', id: gateways[0]!.eni! });
    await delay(400);
    for (const { id } of route_tables) await tables.replaceRoute(id, NETWORK, { kind: 'eni', id: gateways[1]!.eni! });
    await delay(400);
    for (const { id } of route_tables) await tables.deleteRoute(id, NETWORK);
    await delay(400);
    expect(samples.length).toBeGreaterThan(100);
    expect(samples.filter(({ kind }) => kind === 'lost')).toEqual([]);
  }, 20_000);
});
