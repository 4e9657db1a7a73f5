import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failure } from '../../../src/lib/core/errors.ts';
import type { LeaseStore, RouteTable, Testimony } from '../../../src/lib/core/ports.ts';
import type { Site } from '../../../src/lib/domain/site.ts';
import { profileOf } from '../../../src/lib/domain/health/profiles.ts';
import type { MonitorEvent } from '../../../src/lib/monitor/events.ts';
import { privateStore } from '../../../src/lib/monitor/lease.ts';
import { monitor } from '../../../src/lib/monitor/loop.ts';
import { monitorPolicy } from '../../../src/lib/monitor/policy.ts';
import { watchedBy } from '../../../src/lib/monitor/watch.ts';
import { fakeInstances } from '../../fakes/instances.ts';
import { fakeProber } from '../../fakes/prober.ts';
import { fakeRouteTables, type FakeRouteTablesOptions } from '../../fakes/route-tables.ts';
import { fakeWitness } from '../../fakes/witness.ts';
import { fixture, siteOf } from '../../helpers/cloud.ts';

const SITE = siteOf(fixture('lab'));
const NET = '10.10.0.0/16';
const [A, B] = SITE.route_tables.map(({ id }) => id) as [string, string];
const [GW_1, GW_2] = SITE.gateways.map(({ instance }) => instance!) as [string, string];
const ENIS = Object.fromEntries(SITE.gateways.map(({ instance, eni }) => [instance!, eni!]));
const VGW = SITE.cloud.vgw!;
const CANARY = '172.16.0.2';
const CANARY_SITE = siteOf(`${fixture('lab')}\nmonitor: { canaries: [{ address: ${CANARY}, kind: tcp, port: 53 }] }\n`);
const profile = profileOf('fast');
const { probes } = watchedBy(SITE, profile);
const addressOf = (link: string): string => probes.find(({ id }) => id.startsWith(`${link}/`))!.address;
const table = (id: string): RouteTable => ({
  id,
  name: id,
  propagatingVgws: [VGW],
  routes: [{ destination: NET, target: { kind: 'vgw', id: VGW }, origin: 'propagated', state: 'active' }],
});

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setImmediate'] }));
afterEach(() => void vi.useRealTimers());

interface Shape {
  readonly tables?: FakeRouteTablesOptions;
  readonly store?: LeaseStore;
  readonly dryRun?: boolean;
  readonly once?: boolean;
  readonly self?: string;
  readonly site?: Site;
}

/** A monitor in a world of fakes, on the prober's time. */
const begin = (shape: Shape = {}, shared?: ReturnType<typeof world>) => {
  const it = shared ?? world(shape);
  const events: MonitorEvent[] = [];
  const stopping = new AbortController();
  const heal = shape.self === undefined;
  const ended = monitor(
    {
      policy: monitorPolicy(SITE, { profile, self: shape.self, heal }),
      ...watchedBy(shape.site ?? SITE, profile),
      profile,
      addresses: new Map(SITE.gateways.map(({ instance, public_ip }) => [instance!, public_ip])),
      version: 'test',
      dryRun: shape.dryRun ?? false,
      once: shape.once ?? false,
    },
    {
      prober: it.prober.prober,
      tables: it.tables,
      instances: it.instances,
      store: it.store,
      witnesses: it.witnesses.map(({ witness }) => witness),
      clock: { now: () => it.prober.now(), sleep: async () => undefined },
      now: it.prober.now,
      signal: stopping.signal,
      sink: { accept: (event) => void events.push(event), close: async () => undefined },
      pins: async () => it.pins,
    },
  );
  const of = <Kind extends MonitorEvent['kind']>(kind: Kind) =>
    events.filter((event): event is Extract<MonitorEvent, { kind: Kind }> => event.kind === kind);
  const pass = async (ms: number): Promise<void> => {
    for (const end = it.prober.now() + ms; it.prober.now() < end; ) {
      it.prober.advance(5);
      await vi.advanceTimersByTimeAsync(5);
    }
  };
  const goesTo = (id = A): string =>
    it.tables.all.get(id)!.routes.find(({ destination, origin }) => destination === NET && origin === 'static')?.target
      .id ?? VGW;
  const stop = async () => (stopping.abort(), ended);
  return { ...it, events, of, pass, goesTo, stop, ended };
};

const world = ({ tables, store }: Shape = {}) => ({
  prober: fakeProber(),
  tables: fakeRouteTables([table(A), table(B)], { enis: ENIS, ...tables }),
  instances: fakeInstances(
    SITE.gateways.map(({ instance, public_ip }) => ({
      instance: instance!,
      state: 'running',
      publicIp: public_ip,
      sourceDestCheck: false,
    })),
  ),
  store: store ?? privateStore(),
  pins: new Map<string, string>(),
  witnesses: [fakeWitness('charon'), fakeWitness('bfdd')] as const,
});

const writes = ({ tables }: { tables: { calls: readonly { verb: string }[] } }) =>
  tables.calls.filter(({ verb }) => verb !== 'read').map(({ verb }) => verb);

describe('the loop', () => {
  it('moves every route off a dead link at once, tells it once, and writes nothing else', async () => {
    const run = begin();
    await run.pass(3_000);
    expect(writes(run)).toEqual([]);
    run.prober.set(addressOf('dx-1'), { state: 'silent' });
    await run.pass(250);
    expect([run.goesTo(A), run.goesTo(B)]).toEqual([ENIS[GW_1], ENIS[GW_2]]);
    await run.pass(3_000);
    expect(writes(run)).toEqual(['create', 'create']);
    const incident = run.of('move')[0]!.incident;
    expect(run.of('move').map(({ from, to, outcome, ...rest }) => [from, to, outcome, rest.incident])).toEqual([
      ['dx-1', 'vpn-a', 'done', incident],
      ['dx-1', 'vpn-b', 'done', incident],
    ]);
    expect(run.of('move')[0]!.detectMs).toBeLessThan(250);
    expect(run.of('alert').map(({ alert }) => [alert.kind, alert.incident])).toEqual([
      ['moved', incident],
      ['moved', incident],
    ]);
    expect((await run.stop()).because).toBe('stopped on request');
  });

  it('follows a missing large packet up at once: a PMTU hole is found in a second and a half, and its end soon', async () => {
    const run = begin();
    await run.pass(3_000);
    run.prober.set(addressOf('dx-1'), { state: 'alive', passes: 1_300 });
    await run.pass(1_500);
    expect(run.goesTo()).toBe(ENIS[GW_1]);
    expect(run.of('verdict').at(-1)).toMatchObject({
      link: 'dx-1',
      to: 'dead',
      because: expect.stringContaining('PMTU hole'),
    });
    run.prober.set(addressOf('dx-1'), { state: 'alive' });
    await run.pass(500);
    expect(run.of('verdict').at(-1)).toMatchObject({ link: 'dx-1', to: 'alive' });
    await run.stop();
  });

  it('a gateway that answers for its tunnel makes the link unknown, with the cause, and no route is moved to it', async () => {
    const run = begin();
    await run.pass(3_000);
    run.prober.set(addressOf('vpn-a'), { state: 'own' });
    await run.pass(100);
    expect(run.of('verdict').at(-1)).toMatchObject({
      link: 'vpn-a',
      from: 'alive',
      to: 'unknown',
      because: expect.stringContaining('gw-1 itself answers the probes: its probe relay is not loaded'),
    });
    // It stays so, whatever else is lost; the route goes to the link that is proven.
    run.prober.set(addressOf('dx-1'), { state: 'silent' });
    await run.pass(3_000);
    expect([run.goesTo(A), run.goesTo(B)]).toEqual([ENIS[GW_2], ENIS[GW_2]]);
    expect(
      run
        .of('verdict')
        .filter(({ link }) => link === 'vpn-a')
        .map(({ to }) => to),
    ).toEqual(['alive', 'unknown']);
    run.prober.set(addressOf('vpn-a'), { state: 'alive' });
    await run.pass(500);
    expect(run.of('verdict').at(-1)).toMatchObject({ link: 'vpn-a', to: 'alive' });
    await run.stop();
  });

  it("a witness's word moves nothing alone, however often; with it a silent link is left sooner; each word is told", async () => {
    const leave = async (word?: Testimony): Promise<number> => {
      const run = begin();
      await run.pass(3_000);
      run.prober.set(addressOf('vpn-a'), { state: 'silent' });
      if (word !== undefined) run.witnesses[0].says(word);
      const began = run.prober.now();
      while (run.of('verdict').every(({ to }) => to !== 'dead')) await run.pass(5);
      await run.stop();
      return run.prober.now() - began;
    };
    const run = begin();
    await run.pass(1_000);
    expect(run.witnesses.map(({ listening }) => listening())).toEqual([1, 1]);
    run.witnesses[0].isHeard(false, 'charon closed the connection');
    for (let second = 0; second < 20; second += 1) {
      run.witnesses[0].says({ evidence: 'ike-down', about: 'vpn1' });
      run.witnesses[1].says({ evidence: 'bfd-down', about: '169.254.10.1' });
      run.witnesses[1].says({ evidence: 'bfd-down', about: 'fe80::1' });
      run.witnesses[0].says({ evidence: 'child-down', about: 'somebody-else' });
      await run.pass(1_000);
    }
    expect(writes(run)).toEqual([]);
    expect(run.of('verdict').filter(({ to }) => to === 'dead')).toEqual([]);
    expect(run.of('witness').map(({ witness, heard }) => [witness, heard])).toEqual([
      ['charon', true],
      ['bfdd', true],
      ['charon', false],
    ]);
    expect(
      new Set(
        run.of('evidence').map(({ link, evidence, about, witness }) => [link, evidence, about, witness].join(' ')),
      ),
    ).toEqual(new Set(['vpn-a ike-down vpn1 charon', 'dx-1 bfd-down 169.254.10.1 bfdd']));
    expect(run.of('evidence')).toHaveLength(40);
    await run.stop();
    expect(run.witnesses.map(({ listening }) => listening())).toEqual([0, 0]);
    expect([
      await leave(),
      await leave({ evidence: 'child-down', about: 'vpn1' }),
      await leave({ evidence: 'ike-down', about: 'vpn1' }),
      await leave({ evidence: 'bfd-down', about: '169.254.100.2' }),
    ]).toEqual([115, 75, 55, 75]);
  });

  it('moves nothing while its canary is silent, says so once, and moves when that has answered for a while', async () => {
    const run = begin({ site: CANARY_SITE });
    await run.pass(3_000);
    for (const address of [CANARY, addressOf('dx-1')]) run.prober.set(address, { state: 'silent' });
    await run.pass(5_000);
    expect([run.goesTo(), writes(run)]).toEqual([VGW, []]);
    expect(run.of('error').map(({ during, message }) => [during, message])).toEqual([
      ['see beyond ourselves', expect.stringContaining('no canary answers')],
    ]);
    run.prober.set(CANARY, { state: 'alive' });
    await run.pass(1_900);
    expect(writes(run)).toEqual([]);
    await run.pass(300);
    expect(run.goesTo()).toBe(ENIS[GW_1]);
    await run.stop();
  });

  it('moves nothing when path and canary were silent together and are back', async () => {
    const run = begin({ site: CANARY_SITE });
    await run.pass(3_000);
    for (const state of ['silent', 'alive'] as const) {
      for (const address of [CANARY, addressOf('dx-1')]) run.prober.set(address, { state });
      await run.pass(4_000);
    }
    expect([run.goesTo(), writes(run)]).toEqual([VGW, []]);
    await run.stop();
  });

  it('with its canary all falls silent: no move, and none when only the canary comes back', async () => {
    const run = begin({ site: CANARY_SITE });
    await run.pass(3_000);
    for (const address of [CANARY, ...probes.map((probe) => probe.address)])
      run.prober.set(address, { state: 'silent' });
    await run.pass(5_000);
    run.prober.set(CANARY, { state: 'alive' });
    await run.pass(5_000);
    expect(writes(run)).toEqual([]);
    expect(run.of('alert').map(({ alert }) => alert.kind)).toEqual(['dark']);
    await run.stop();
  });

  it('returns after the hold-down, not before', async () => {
    const run = begin();
    await run.pass(1_000);
    run.prober.set(addressOf('dx-1'), { state: 'silent' });
    await run.pass(1_000);
    run.prober.set(addressOf('dx-1'), { state: 'alive' });
    await run.pass(29_000);
    expect(run.goesTo()).toBe(ENIS[GW_1]);
    await run.pass(75_000);
    expect(run.goesTo()).toBe(VGW);
    await run.stop();
  });

  it('holds and alerts once when nothing carries', async () => {
    const run = begin();
    await run.pass(1_000);
    for (const { address } of probes) run.prober.set(address, { state: 'silent' });
    await run.pass(8_000);
    expect(writes(run)).toEqual([]);
    expect(run.of('alert').map(({ alert }) => alert.kind)).toEqual(['dark']);
    await run.stop();
  });

  it('started again it writes nothing, and continues where its predecessor died', async () => {
    const first = begin();
    await first.pass(1_000);
    first.prober.set(addressOf('dx-1'), { state: 'silent' });
    await first.pass(1_000);
    await first.stop();
    const before = first.tables.calls.length;
    const second = begin({}, first);
    await second.pass(8_000);
    expect(first.tables.calls.slice(before).filter(({ verb }) => verb !== 'read')).toEqual([]);
    expect(second.of('alert')).toEqual([]);
    expect(second.goesTo()).toBe(ENIS[GW_1]);
    await second.stop();
  });

  it('obeys a pin within a second, and lets go again', async () => {
    const run = begin();
    await run.pass(3_000);
    run.pins.set(A, 'vpn-b');
    const changed = new Map(run.pins);
    await run.pass(1_000);
    expect([run.goesTo(A), run.goesTo(B)]).toEqual([ENIS[GW_2], VGW]);
    expect(run.of('pin').map(({ table: id, link }) => [id, link])).toEqual([...changed]);
    run.pins.delete(A);
    await run.pass(35_000);
    expect(run.goesTo(A)).toBe(VGW);
    await run.stop();
  });

  it('holds its state while the cloud answers nonsense, says so once, and moves when it speaks again', async () => {
    let nonsense = false;
    const run = begin({
      tables: {
        before: () => {
          if (nonsense) throw failure("the answer is not EC2's", { call: 'unclear' });
        },
      },
    });
    await run.pass(2_000);
    nonsense = true;
    run.prober.set(addressOf('dx-1'), { state: 'silent' });
    await run.pass(8_000);
    expect(run.goesTo()).toBe(VGW);
    expect(run.of('error').map(({ during, message }) => [during, message])).toEqual([
      ['read route tables', "the answer is not EC2's"],
    ]);
    nonsense = false;
    await run.pass(6_000);
    expect(run.goesTo()).toBe(ENIS[GW_1]);
    await run.stop();
  });

  it('a dry run says what it would do, once, and changes nothing', async () => {
    const run = begin({ dryRun: true });
    run.prober.set(addressOf('dx-1'), { state: 'silent' });
    await run.pass(12_000);
    expect(writes(run)).toEqual([]);
    expect(run.of('move').map(({ to, outcome, because }) => [to, outcome, because])).toEqual([
      ['vpn-a', 'refused', 'dry run: nothing is changed'],
      ['vpn-b', 'refused', 'dry run: nothing is changed'],
    ]);
    await run.stop();
  });

  it('--once ends by itself', async () => {
    const run = begin({ once: true });
    await run.pass(2_000);
    expect(await run.ended).toMatchObject({
      because: 'done: all links checked, all routes on their best link',
      moves: 0,
      standings: [{ at: 'dx-1' }, { at: 'dx-1' }],
    });
  });

  it('stops, starts and verifies a dead gateway once its routes are elsewhere', async () => {
    const run = begin();
    await run.pass(1_000);
    run.prober.set(addressOf('vpn-b'), { state: 'silent' });
    await run.pass(16_000);
    expect(run.instances.calls).toEqual([`stop ${GW_2}`]);
    run.instances.edit(GW_2, { state: 'stopped' });
    await run.pass(8_000);
    run.instances.edit(GW_2, { state: 'running', publicIp: undefined, sourceDestCheck: true });
    await run.pass(30_000);
    run.prober.set(addressOf('vpn-b'), { state: 'alive' });
    await run.pass(120_000);
    expect(run.instances.calls).toEqual([
      `stop ${GW_2}`,
      `start ${GW_2}`,
      `attach ${GW_2} 203.0.113.12`,
      `clear ${GW_2}`,
    ]);
    expect(run.of('alert').map(({ alert }) => [alert.kind, alert.subject])).toEqual([['healed', GW_2]]);
    await run.stop();
  });

  it('begins a tunnel that is down at charon before it stops the gateway, and spares the stop where it came up', async () => {
    const run = begin();
    await run.pass(1_000);
    run.witnesses[0].down.set('vpn2', { outcome: 'up' });
    run.prober.set(addressOf('vpn-b'), { state: 'silent' });
    await run.pass(9_000);
    expect([run.witnesses[0].begun, run.instances.calls]).toEqual([['vpn2'], []]);
    await run.pass(4_000);
    expect(run.instances.calls, 'its tunnel came up: the probes get their time').toEqual([]);
    await run.pass(10_000);
    expect(run.instances.calls, 'they stay silent').toEqual([`stop ${GW_2}`]);
    expect(run.witnesses[0].begun).toEqual(['vpn2']);
    await run.stop();
  });

  it('in peer mode manages the tables of the other gateways, and heals nobody', () => {
    const order = (...links: string[]) => ({ ...SITE.route_tables[0]!, links });
    const peers = {
      ...SITE,
      route_tables: [
        { ...order('vpn-a', 'vpn-b'), id: A },
        { ...order('vpn-b', 'vpn-a'), id: B },
      ],
    };
    const of = (self: string) => monitorPolicy(peers, { profile, self, heal: true });
    expect(
      [of(GW_1), of(GW_2)].map(({ routes, gateways, self }) => [routes.map(({ table: id }) => id), gateways, self]),
    ).toEqual([
      [[B], [], GW_1],
      [[A], [], GW_2],
    ]);
  });
});
