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
import { openLab, paths, type Lab } from '../../src/lib/lab/state.ts';
import { until } from '../../src/lib/lab/wait.ts';
import { proberIn, type ProberProcess } from '../helpers/prober-process.ts';
import { workshop, type Workshop } from './lab.ts';

// A monitor's own probes on real packets: each link's cross that link, there and back, and no other.
const LAB = 'pr';
const NETWORK = '10.10.0.0/16';
const PROBES_EVERY = { tauMs: 20, largeEveryMs: 200 };
const ports = {
  shell,
  files,
  vici: async (uri: string) => connectVici(uri),
  signal: new AbortController().signal,
  progress: () => undefined,
} as unknown as Ports;

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
  ({ stop } = monitor.prober.start(plan, (id, sample) =>
    samples.push({ ...sample, link: plan.find((probe) => probe.id === id)!.link }),
  ));
}, 90_000);

afterAll(async () => {
  await stop?.();
  await monitor?.close();
  await shop.run(['lab', 'down', '--name', LAB, '--yes']);
  await shop.remove();
}, 60_000);

const LINKS = ['dx-1', 'vpn-a', 'vpn-b'] as const;

type Verdicts = Readonly<Record<string, 'answers' | 'silent' | 'between'>>;

/** What the probes of a moment say, by link. A busy machine may keep one of five from its deadline of 10 ms. */
const verdicts = async (size: Sample['size'], forMs: number): Promise<Verdicts> => {
  samples = [];
  await delay(forMs);
  return Object.fromEntries(
    LINKS.map((link) => {
      const mine = samples.filter(
        (sample) => sample.link === link && sample.size === size && sample.kind !== 'unknown',
      );
      const part = mine.filter(({ kind }) => kind === 'reply').length / mine.length;
      return [link, part >= 0.8 ? 'answers' : part <= 0.2 ? 'silent' : 'between'];
    }),
  );
};
const ALL: Verdicts = { 'dx-1': 'answers', 'vpn-a': 'answers', 'vpn-b': 'answers' };
const without = (link: string): Verdicts => ({ ...ALL, [link]: 'silent' });
const eventually = (what: string, check: () => Promise<boolean>, withinMs = 20_000) => until(check, { what, withinMs });
/** Polls until both sizes say so. */
const become = (small: Verdicts, large: Verdicts, withinMs = 60_000): Promise<void> =>
  eventually(
    `probes say ${JSON.stringify({ small, large })}`,
    async () =>
      JSON.stringify([await verdicts('small', 400), await verdicts('large', 1_000)]) === JSON.stringify([small, large]),
    withinMs,
  );

describe('probes cross the path they judge', () => {
  it('all answer, small and large, 50 times a second', async () => {
    await become(ALL, ALL);
    samples = [];
    await delay(2_000);
    for (const link of LINKS) {
      const mine = samples.filter((sample) => sample.link === link && sample.size === 'small');
      // A far end that limits its answers, as Linux does ICMP unreachables, would give two.
      expect(mine.filter(({ kind }) => kind === 'reply').length).toBeGreaterThan(75);
    }
  }, 70_000);

  it.each<readonly [what: string, spec: CutSpec, small: Verdicts, large: Verdicts]>([
    ['Direct Connect without carrier', { what: 'dx-1' }, without('dx-1'), without('dx-1')],
    [
      'Direct Connect silent one way',
      { what: 'dx-1', kind: 'blackhole', direction: 'in' },
      without('dx-1'),
      without('dx-1'),
    ],
    ['a tunnel without ESP', { what: 'vpn-a', kind: 'esp' }, without('vpn-a'), without('vpn-a')],
    ['a tunnel without UDP 4500', { what: 'vpn-b', kind: 'udp4500' }, without('vpn-b'), without('vpn-b')],
    ['a tunnel that is silent', { what: 'vpn-a', kind: 'blackhole' }, without('vpn-a'), without('vpn-a')],
    ['a tunnel that eats large packets', { what: 'vpn-b', kind: 'large' }, ALL, without('vpn-b')],
    ['a gateway whose charon is gone', { what: 'gw-1', kind: 'kill' }, without('vpn-a'), without('vpn-a')],
  ])(
    '%s is seen by its own link alone',
    async (_, spec, small, large) => {
      await cut(ports, lab, spec);
      try {
        await become(small, large, 20_000);
      } finally {
        await heal(ports, lab);
        await become(ALL, ALL);
      }
    },
    90_000,
  );

  it('a gateway whose rules were flushed answers for its tunnel, and is not believed: the tunnel is dead', async () => {
    const only = (link: string) =>
      new Set(
        samples.filter((one) => one.link === link && one.size === 'small').map(({ kind, doubt }) => doubt ?? kind),
      );
    await become(ALL, ALL);
    await shell.run('ip', ['netns', 'exec', `${LAB}-gw-1`, 'nft', 'flush', 'ruleset']);
    await cut(ports, lab, { what: 'vpn-a' });
    try {
      await eventually('vpn-a is only doubted', async () => {
        await verdicts('small', 400);
        return only('vpn-a').has('own') && only('vpn-a').size === 1;
      });
      expect(await verdicts('small', 400)).toMatchObject({ 'dx-1': 'answers', 'vpn-b': 'answers' });
    } finally {
      for (const table of ['probe', 'mss'])
        await shell.run('ip', [
          'netns',
          'exec',
          `${LAB}-gw-1`,
          'nft',
          '-f',
          `${paths(LAB).files('gw-1')}/etc/hybridctl/${table}.nft`,
        ]);
      await heal(ports, lab);
      await become(ALL, ALL);
    }
  }, 120_000);

  it('a gateway that is its own monitor is not fooled by itself', async () => {
    const own = await proberIn(`${LAB}-gw-1`);
    const tell: string[] = [];
    const run = own.prober.start(
      plan.filter(({ link }) => link !== 'dx-1'),
      (id, { kind }) => tell.push(`${plan.find((probe) => probe.id === id)!.link} ${kind}`),
    );
    const next = async (kinds: readonly string[]): Promise<void> => {
      await eventually(kinds.join(), async () => {
        tell.length = 0;
        await delay(800);
        return JSON.stringify([...new Set(tell)].sort()) === JSON.stringify(kinds);
      });
    };
    try {
      await next(['vpn-a reply', 'vpn-b reply']);
      await cut(ports, lab, { what: 'vpn-a' });
      await next(['vpn-a lost', 'vpn-b reply']);
      await heal(ports, lab);
      await cut(ports, lab, { what: 'gw-1', kind: 'kill' });
      await next(['vpn-a lost', 'vpn-b reply']);
    } finally {
      await heal(ports, lab);
      await run.stop();
      await own.close();
      await become(ALL, ALL);
    }
  }, 120_000);

  it('no move of an app route table leads a probe elsewhere', async () => {
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: lab.record.endpoint,
      AWS_ACCESS_KEY_ID: 'lab',
      AWS_SECRET_ACCESS_KEY: 'lab',
    });
    const tables: RouteTables = await awsRouteTables({ region: 'cn-north-1' });
    const { route_tables, gateways } = lab.record.site;
    for (const { id } of route_tables) await tables.createRoute(id, NETWORK, { kind: 'eni', id: gateways[0]!.eni! });
    try {
      await become(ALL, ALL);
      // Everything goes by gw-1 now, but for the probes of the other links.
      await cut(ports, lab, { what: 'vpn-a' });
      await become(without('vpn-a'), without('vpn-a'), 20_000);
      await heal(ports, lab);
      await cut(ports, lab, { what: 'dx-1', kind: 'blackhole' });
      await become(without('dx-1'), without('dx-1'), 20_000);
    } finally {
      await heal(ports, lab);
      for (const { id } of route_tables) await tables.deleteRoute(id, NETWORK);
      await become(ALL, ALL);
    }
  }, 120_000);
});
