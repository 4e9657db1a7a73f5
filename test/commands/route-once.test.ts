import { expect, test, describe } from 'vitest';
import { missing } from '../../src/lib/core/errors.ts';
import type { Outlets } from '../../src/lib/core/outlets.ts';
import type { Prober } from '../../src/lib/core/ports.ts';
import { privateStore } from '../../src/lib/monitor/lease.ts';
import { fakeFiles } from '../fakes/files.ts';
import { fixture, testCloud, type TestCloud } from '../helpers/cloud.ts';

const LAB = fixture('lab');
const A = 'rtb-0468f52220000000a';
const B = 'rtb-04b8f522f0000000b';
const VGW = 'vgw-078bcc55';
const ENI1 = 'eni-023fbd87a1b2c3d4e';

/** A dry run has no outlets; what else is done here needs no more of them. */
const OUTLETS = {
  lineLog: () => ({ append: () => undefined, close: async () => undefined }),
  feed: async () => undefined,
} as unknown as Outlets;

/** Every target answers in a millisecond, but for those of dead links. */
const proberOf = (dead: ReadonlySet<string>): Prober => ({
  start(specs, tell) {
    const timer = setInterval(() => {
      const at = performance.now();
      for (const { id } of specs)
        tell(
          id,
          dead.has(id.split('/')[0]!)
            ? { at, sentAt: at - 20, kind: 'lost', size: 'small' }
            : { at, sentAt: at - 1, kind: 'reply', rttMs: 1, size: 'small' },
        );
    }, 20);
    return { pace: () => undefined, stop: async () => clearInterval(timer) };
  },
});

const once = async (
  flags: string,
  {
    dead = [],
    given = () => undefined,
    ports = {},
  }: {
    dead?: readonly string[];
    given?: (cloud: TestCloud) => unknown;
    ports?: object;
  } = {},
) => {
  const cloud = await testCloud(LAB);
  cloud.cloud.setPropagated(VGW, ['10.10.0.0/16']);
  await given(cloud);
  const stores: string[] = [];
  const store = privateStore();
  const ran = await cloud.run(`route monitor --once --detector fast ${flags}`, {
    ports: {
      prober: async () => proberOf(new Set(dead)),
      leaseStore: async (path: string) => (stores.push(path), store),
      outlets: async () => OUTLETS,
      files: fakeFiles({ '/site/hybridctl.yaml': LAB }),
      ...ports,
    },
  });
  const writes = (await cloud.calls()).filter((call) => /^(Create|Replace|Delete)Route/.test(call));
  return { ...ran, stores, writes };
};

describe('route monitor --once', () => {
  test('is done only when every link is checked and every route is on its best link', async () => {
    const ran = await once('--dry-run');
    expect([ran.exit, ran.err]).toEqual([
      0,
      expect.stringMatching(/\d\d:\d\d:\d\d\.\d{3} done: all links checked, all routes on their best link\n$/),
    ]);
  });

  test('a dry run takes no lease and claims none', async () => {
    const ran = await once('--dry-run');
    expect([ran.stores, ran.err]).toEqual([[], expect.not.stringContaining('lease')]);
  });

  test.each([
    ['', 1],
    ['--detailed-exitcode', 3],
  ])('what should move, in a dry run %s: exit %i', async (flags, exit) => {
    const ran = await once(`--dry-run ${flags}`, { dead: ['dx-1'] });
    expect([ran.exit, ran.writes]).toEqual([exit, []]);
    expect(ran.err).toContain('2 routes should move');
    expect(ran.err).toContain('private-1 10.10.0.0/16: dx-1 -> vpn-a');
    expect(ran.out).toContain('private-1');
    expect(ran.err + ran.out).not.toContain(A);
  });

  test('moved by itself: exit 0, and everything is carried', async () => {
    const ran = await once('--no-heal', { dead: ['dx-1'] });
    expect([ran.exit, ran.writes]).toEqual([0, ['CreateRoute', 'CreateRoute']]);
    // The verdict stands before the move that it caused.
    expect(ran.err.indexOf('dx-1: unknown -> dead')).toBeLessThan(ran.err.indexOf('dx-1 -> vpn-a: moved'));
  });

  test('nothing is left that carries: exit 1', async () => {
    const ran = await once('--no-heal', { dead: ['dx-1', 'vpn-a', 'vpn-b'] });
    expect([ran.exit, ran.writes]).toEqual([1, []]);
    expect(ran.err).not.toContain('done:');
  });

  test('a route that EC2 itself drops is not carried, whatever the probes say: exit 1', async () => {
    const ran = await once('--dry-run', {
      given: async (cloud) => {
        for (const table of [A, B])
          await cloud.routeTables().createRoute(table, '10.10.0.0/16', { kind: 'eni', id: ENI1 });
        await fetch(cloud.url, {
          method: 'POST',
          body: new URLSearchParams({ Action: 'StopInstances', 'InstanceId.1': 'i-0e1466e8a5dd4892c' }),
        });
        await expect
          .poll(() => cloud.cloud.table(A).routes.some(({ state }) => state === 'blackhole'), { timeout: 5_000 })
          .toBe(true);
      },
    });
    expect(ran.exit).toBe(1);
  });

  test('without credentials: exit 4, and the table is said to be unread', async () => {
    const no = async () => Promise.reject(missing('no usable AWS credentials'));
    const tables = { read: no, readThere: no, createRoute: no, replaceRoute: no, deleteRoute: no };
    const ran = await once('--dry-run', { ports: { routeTables: async () => tables } });
    expect([ran.exit, ran.out]).toEqual([4, expect.stringContaining('could not read the route table (no usable AWS')]);
  });

  test('--detailed-exitcode is for one look', async () => {
    expect((await once('')).exit).toBe(0);
    const { run } = await import('../helpers/run.ts');
    const ran = await run('route monitor --detailed-exitcode', { files: { 'hybridctl.yaml': LAB } });
    expect([ran.exit, ran.err]).toEqual([2, expect.stringContaining('works only with --once')]);
  });
});
