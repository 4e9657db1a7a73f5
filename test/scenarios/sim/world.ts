import type { CloudRoute, RouteTable } from '../../../src/lib/core/ports.ts';
import { EMPTY_JOURNAL } from '../../../src/lib/domain/failover/state.ts';
import type { LeaseRecord } from '../../../src/lib/domain/failover/lease.ts';
import type {
  Action,
  ActionResult,
  InstanceView,
  Journal,
  ManagedRoute,
} from '../../../src/lib/domain/failover/types.ts';
import { createQueue, type Queue } from './queue.ts';
import { createRandom, type Random } from './random.ts';
import { drawTopology, FOREIGN_TARGET, propagatedRoute, staticRoute, TIMING, type Topology } from './topology.ts';

export interface LinkTruth {
  up: boolean;
  changedAt: number;
  /** Loses some packets, but not enough to be dead. */
  gray: boolean;
  /** When it last was gray. */
  grayAt: number;
  /** What keeps it down, by name. */
  readonly blocks: Set<string>;
}

export interface InstanceTruth {
  view: InstanceView;
  /** Stops only when forced. */
  stuck: boolean;
  /** Comes back without its address, or with the check on. */
  forgetful: boolean;
  changedAt: number;
}

/** Who changed a route: a call of ours, one that took effect after we had given it up, a person, or BGP. */
export type Author = 'us' | 'late' | 'hand' | 'bgp';
export interface RouteChange {
  readonly at: number;
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly by: Author;
}

export type ApiMode = 'ok' | 'down' | 'unclear' | 'throttle' | 'slow';

/** Reality: the network, the cloud, the store of the lease. Monitors see it only through what `answer` gives them. */
export interface World {
  readonly random: Random;
  readonly queue: Queue;
  readonly topology: Topology;
  readonly links: ReadonlyMap<string, LinkTruth>;
  readonly instances: ReadonlyMap<string, InstanceTruth>;
  readonly tables: Map<string, RouteTable>;
  readonly changes: RouteChange[];
  /** Names of links at which a key was last found foreign, and since when. */
  readonly foreignSince: Map<string, number>;
  readonly api: { mode: ApiMode; stale: boolean; staleAt: number; turnedAt: number };
  readonly store: { up: boolean; downAt: number; record: LeaseRecord | undefined; askedAt: number; journal: Journal };
  readonly sink: { up: boolean; readonly delivered: Set<string> };
  /** Every alert that ever stood in the journal, in order. */
  readonly alerts: Map<string, { readonly at: number; readonly alert: Journal['outbox'][number] }>;
  disturbedAt: number;
  /** When the API last came back from a fault. */
  apiReturnedAt: number;
  /** When BGP last took a route away or brought one, in force or under a static one. */
  bgpAt: number;
  /** When a pin last came or went. */
  pinnedAt: number;
  /**
   * By monitor and route key, its reads together: calls that did not succeed in a row, and when the last of them, or
   * the one that ended the row, was answered.
   */
  readonly refusals: Map<string, { readonly at: number; readonly fails: number }>;
  /** When a holder last gave up its lease. */
  releasedAt: number;
  disturb(): void;
  block(link: string, name: string): void;
  unblock(link: string, name: string): void;
  setInstance(id: string, change: Partial<InstanceView>): void;
  setRoute(table: string, destination: string, route: CloudRoute | undefined, by: Author): void;
  /** Carries out a call to the cloud and answers, maybe late. */
  call(who: string, action: Action, reply: (result: ActionResult) => void): void;
  at(route: ManagedRoute): string;
  readonly onRoute: ((change: RouteChange) => void)[];
  readonly onLink: ((link: string) => void)[];
  readonly onInstance: ((instance: string) => void)[];
}

const routeAt = (table: RouteTable, destination: string) =>
  table.routes.find((route) => route.origin === 'static' && route.destination === destination) ??
  table.routes.find((route) => route.destination === destination);

export const createWorld = (seed: number): World => {
  const random = createRandom(seed);
  const queue = createQueue();
  const topology = drawTopology(random);
  const { links: all, routes } = topology.policy;
  const links = new Map(
    all.map(({ name }) => [
      name,
      { up: true, changedAt: -60_000, gray: false, grayAt: -60_000, blocks: new Set<string>() },
    ]),
  );
  const view = (instance: string): InstanceView => ({
    instance,
    state: 'running',
    address: true,
    sourceDestCheck: false,
  });
  const instances = new Map(
    topology.instances.map((id) => [
      id,
      { view: view(id), stuck: false, forgetful: false, changedAt: -60_000 } as InstanceTruth,
    ]),
  );
  const tables = new Map(topology.tables.map((table) => [table.id, table]));
  const history = topology.tables.map((table) => ({ at: -60_000, table }));
  const routeBy = new Map(routes.map((route) => [route.key, route]));

  /** A link by its target, without the code under test. */
  const at = ({ table, destination, order }: ManagedRoute): string => {
    const route = routeAt(tables.get(table)!, destination);
    if (route === undefined) return '(none)';
    if (route.target.id === FOREIGN_TARGET.id) return '(foreign)';
    return order.find((name) => all.find((link) => link.name === name)?.target?.id === route.target.id) ?? '(none)';
  };

  const world: World = {
    random,
    queue,
    topology,
    links,
    instances,
    tables,
    changes: [],
    foreignSince: new Map(),
    api: { mode: 'ok', stale: false, staleAt: -60_000, turnedAt: -60_000 },
    store: { up: true, downAt: -60_000, record: undefined, askedAt: 0, journal: EMPTY_JOURNAL },
    sink: { up: true, delivered: new Set() },
    alerts: new Map(),
    disturbedAt: 0,
    apiReturnedAt: -60_000,
    bgpAt: -60_000,
    pinnedAt: -60_000,
    refusals: new Map(),
    releasedAt: -60_000,
    disturb: () => void (world.disturbedAt = Math.max(world.disturbedAt, queue.now())),
    block: (name, why) => setBlocks(name, (blocks) => blocks.add(why)),
    unblock: (name, why) => setBlocks(name, (blocks) => blocks.delete(why)),
    setInstance: (id, change) => {
      const truth = instances.get(id)!;
      truth.view = { ...truth.view, ...change };
      truth.changedAt = queue.now();
      gatewayChanged(id);
      world.onInstance.forEach((tell) => tell(id));
    },
    setRoute: (id, destination, route, by) => {
      const managed = routeBy.get(`${id}|${destination}`);
      const from = managed === undefined ? '' : at(managed);
      const table = tables.get(id)!;
      const origin = route?.origin ?? (by === 'bgp' ? 'propagated' : 'static');
      const others = table.routes.filter((one) => one.destination !== destination || one.origin !== origin);
      const next = { ...table, routes: route === undefined ? others : [...others, route] };
      tables.set(id, next);
      history.push({ at: queue.now(), table: next });
      if (managed === undefined) return;
      const to = at(managed);
      if (from === to) return;
      const change: RouteChange = { at: queue.now(), key: managed.key, from, to, by };
      world.changes.push(change);
      if (to === '(foreign)') world.foreignSince.set(managed.key, queue.now());
      else world.foreignSince.delete(managed.key);
      // Nobody looks for it before the next regular read.
      if (by !== 'us') world.disturbedAt = queue.now() + TIMING.readMs;
      world.onRoute.forEach((tell) => tell(change));
    },
    call: (who, action, reply) => call(who, action, reply),
    at,
    onRoute: [],
    onLink: [],
    onInstance: [],
  };

  const setBlocks = (name: string, change: (blocks: Set<string>) => void): void => {
    const link = links.get(name)!;
    change(link.blocks);
    const up = link.blocks.size === 0;
    const turned = up !== link.up;
    if (turned) Object.assign(link, { up, changedAt: queue.now() });
    propagate(name);
    if (turned) world.onLink.forEach((tell) => tell(name));
  };

  const announcing = new Set(topology.propagated?.links);
  /**
   * BGP follows the link: BFD or the hold timer withdraws the route of a path that has died, sooner or later than we
   * see it; or never, behind a session that outlives its path. It comes back as late.
   */
  const propagate = (name: string): void => {
    const { propagated } = topology;
    if (propagated === undefined || !propagated.links.includes(name)) return;
    const { up, blocks } = links.get(name)!;
    if (!up && !blocks.has('bgp') && random.chance(0.4)) return;
    queue.after(random.between(100, 3_000), () => {
      if (links.get(name)!.up !== up) return;
      if (up) announcing.add(name);
      else announcing.delete(name);
      for (const [id, table] of tables) {
        for (const destination of propagated.destinations) {
          const stands = table.routes.some(
            (route) => route.origin === 'propagated' && route.destination === destination,
          );
          if (stands === announcing.size > 0) continue;
          world.bgpAt = queue.now();
          world.disturb();
          world.setRoute(id, destination, stands ? undefined : propagatedRoute(destination), 'bgp');
        }
      }
    });
  };

  /** A gateway's link is up when it runs, has its address, forwards, and its tunnel is established. */
  const gatewayChanged = (id: string): void => {
    const { view: now } = instances.get(id)!;
    for (const { name } of all.filter((link) => link.instance === id)) {
      if (now.state !== 'running' || !now.address || now.sourceDestCheck) {
        world.block(name, 'instance');
        continue;
      }
      const since = queue.now();
      queue.after(1_500, () => {
        const { view: then, changedAt } = instances.get(id)!;
        if (then.state !== 'running' || !then.address || then.sourceDestCheck || changedAt > since) return;
        world.unblock(name, 'hung');
        world.unblock(name, 'instance');
      });
    }
  };

  const read = (): readonly RouteTable[] => {
    const lag = world.api.stale && random.chance(0.6) ? random.between(0, 2_000) : 0;
    const seen = new Map<string, RouteTable>();
    for (const { at: since, table } of history)
      if (since <= queue.now() - lag || !seen.has(table.id)) seen.set(table.id, table);
    while (
      history.length > 40 &&
      history[20]!.at < queue.now() - 2_500 &&
      history.slice(0, 1).every(({ table }) => history.slice(1, 20).some((later) => later.table.id === table.id))
    )
      history.shift();
    return [...seen.values()];
  };

  const write = (
    action: Extract<Action, { kind: 'create' | 'replace' | 'delete' }>,
    by: Author,
  ): ActionResult['outcome'] => {
    const there = tables
      .get(action.table)!
      .routes.some((route) => route.origin === 'static' && route.destination === action.destination);
    if (there === (action.kind === 'create')) return 'race';
    world.setRoute(
      action.table,
      action.destination,
      action.target === undefined ? undefined : staticRoute(action.destination, action.target),
      by,
    );
    return 'done';
  };

  const stop = (id: string, force: boolean): void => {
    const truth = instances.get(id)!;
    if (truth.view.state !== 'running' && !(force && truth.view.state === 'stopping')) return;
    if (truth.stuck && !force)
      return truth.view.state === 'running' ? world.setInstance(id, { state: 'stopping' }) : undefined;
    truth.stuck = false;
    world.setInstance(id, { state: 'stopping' });
    queue.after(
      random.between(500, 3_000),
      () => instances.get(id)!.view.state === 'stopping' && world.setInstance(id, { state: 'stopped' }),
    );
  };

  const start = (id: string): void => {
    const truth = instances.get(id)!;
    if (truth.view.state !== 'stopped') return;
    world.setInstance(id, { state: 'pending' });
    const { forgetful } = truth;
    truth.forgetful = false;
    queue.after(random.between(500, 2_000), () =>
      world.setInstance(id, { state: 'running', ...(forgetful ? { address: false, sourceDestCheck: true } : {}) }),
    );
  };

  const perform = (action: Action, by: Author): Omit<ActionResult, 'id'> => {
    switch (action.kind) {
      case 'read':
        return { outcome: 'done', tables: read() };
      case 'inspect':
        return { outcome: 'done', instances: action.instances.map((id) => instances.get(id)!.view) };
      case 'create':
      case 'replace':
      case 'delete':
        return { outcome: write(action, by) };
      case 'stop':
        stop(action.instance, action.force);
        return { outcome: 'done' };
      case 'start':
        start(action.instance);
        return { outcome: 'done' };
      case 'attach-address':
        world.setInstance(action.instance, { address: true });
        return { outcome: 'done' };
      case 'clear-source-dest-check':
        world.setInstance(action.instance, { sourceDestCheck: false });
        return { outcome: 'done' };
      default:
        return { outcome: 'refused' };
    }
  };

  const call = (who: string, action: Action, reply: (result: ActionResult) => void): void => {
    const { mode } = world.api;
    const way = random.between(2, 25) + (mode === 'slow' ? random.between(200, 1_500) : 0);
    const answer = (result: Omit<ActionResult, 'id'>, after: number) =>
      queue.after(after, () => {
        const subject = `${who} ${'key' in action ? action.key : action.kind}`;
        const fails = world.refusals.get(subject)?.fails ?? 0;
        if (result.outcome !== 'done') world.refusals.set(subject, { at: queue.now(), fails: fails + 1 });
        else if (fails > 0) world.refusals.set(subject, { at: queue.now(), fails: 0 });
        reply({ id: action.id, ...result });
      });
    queue.after(way, () => {
      if (mode === 'throttle' && random.chance(0.7)) return answer({ outcome: 'throttled' }, way);
      if (mode === 'down') return answer({ outcome: 'unclear' }, random.between(5, 1_000));
      if (mode === 'unclear' && random.chance(0.6)) {
        // The answer is lost; the call took effect at once, takes effect later, or never does.
        const fate = random.between(0, 2);
        if (action.kind !== 'read' && action.kind !== 'inspect' && fate < 2)
          queue.after(fate === 0 ? 0 : random.between(500, 5_000), () => perform(action, fate === 0 ? 'us' : 'late'));
        return answer({ outcome: 'unclear' }, 1_000);
      }
      answer(perform(action, 'us'), way);
    });
  };

  return world;
};
