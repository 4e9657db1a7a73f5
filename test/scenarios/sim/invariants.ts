import type { Action, RouteAction } from '../../../src/lib/domain/failover/types.ts';
import type { PathVerdict } from '../../../src/lib/domain/health/types.ts';
import { LEASE_MS, type Monitor, type Sight } from './monitor.ts';
import { SECRET, TIMING } from './topology.ts';
import type { World } from './world.ts';

/**
 * What must hold at every send, each a function named after its line in the list of invariants, judged from reality and
 * from what the monitor was shown, never from the core's own state. A sentence is a violation.
 */
type Judge = (
  scene: { readonly world: World; readonly monitor: Monitor; readonly sight: Sight; readonly memory: Memory },
  action: Action,
) => string | undefined;

export interface Memory {
  highestEpoch: number;
  readonly buckets: Map<string, { tokens: number; at: number }>;
}

export const newMemory = (): Memory => ({ highestEpoch: 0, buckets: new Map() });

const isRoute = (action: Action): action is RouteAction =>
  action.kind === 'create' || action.kind === 'replace' || action.kind === 'delete';
const isWrite = (action: Action) =>
  isRoute(action) ||
  action.kind === 'stop' ||
  action.kind === 'start' ||
  action.kind === 'attach-address' ||
  action.kind === 'clear-source-dest-check';
const routeOf = (world: World, action: RouteAction) =>
  world.topology.policy.routes.find(({ key }) => key === action.key);
const target = (world: World, link: string) =>
  world.topology.policy.links.find(({ name }) => name === link)?.target?.id;
/** Verdicts on all links that share the link's target: traffic sent there may take any of them. */
const verdicts = (
  world: World,
  { observation }: Sight,
  order: readonly string[],
  link: string,
): readonly (PathVerdict | undefined)[] =>
  order.filter((name) => target(world, name) === target(world, link)).map((name) => observation.verdicts.get(name));
const within = (world: World, since: number, ms: number) => world.queue.now() - since < ms;
/** Whether a monitor may still not know of something: the age of the read it used, and how far that read lagged. */
const unseen = (world: World, since: number) =>
  within(world, since, TIMING.freshMs + 600 + (world.api.stale || within(world, world.api.staleAt, 5_000) ? 2_000 : 0));

/** 2: no healthy path, no mutation. */
const aMoveGoesToAHealthyPath: Judge = ({ world, sight }, action) => {
  if (!isRoute(action)) return undefined;
  const { order } = routeOf(world, action)!;
  const fit = verdicts(world, sight, order, action.to).some((verdict) => {
    const age = sight.now - (verdict?.lastReplyAt ?? -Infinity);
    return verdict?.state === 'alive' && verdict.suspicion < 0.25 && age <= 2 * TIMING.probeMs;
  });
  return fit && sight.observation.canary ? undefined : `sent traffic to ${action.to}, not known to be healthy`;
};

/** 3: a managed prefix has one target at every instant. */
const aPrefixAlwaysHasATarget: Judge = ({ world }, action) => {
  if (!isRoute(action) || action.kind !== 'delete') return undefined;
  const caught = world.tables
    .get(action.table)!
    .routes.some(({ origin, destination }) => origin === 'propagated' && destination === action.destination);
  // Withdrawn between our read and our call: no call of EC2's is conditional on it.
  return caught || unseen(world, world.bgpAt) ? undefined : 'deleted the only route of a prefix';
};

/** 4 */
const noWriteWithoutALease: Judge = ({ world, monitor }, action) => {
  if (!isWrite(action)) return undefined;
  const { record, askedAt } = world.store;
  const valid =
    record?.holder === monitor.me &&
    within(world, askedAt, LEASE_MS) &&
    'epoch' in action &&
    action.epoch === record.epoch;
  return valid ? undefined : `${action.kind} without a valid lease`;
};

/** 5 */
const epochsNeverGoBack: Judge = ({ memory }, action) => {
  if (!isWrite(action) || !('epoch' in action)) return undefined;
  const back = action.epoch < memory.highestEpoch;
  memory.highestEpoch = Math.max(memory.highestEpoch, action.epoch);
  return back ? `epoch ${action.epoch} after ${memory.highestEpoch}` : undefined;
};

/**
 * 6: judged by where the route really is, a write repeats what is, or leaves a dead path, or returns to a better one.
 */
const aStaleReadNeverFlips: Judge = ({ world, sight }, action) => {
  if (!isRoute(action)) return undefined;
  const route = routeOf(world, action)!;
  const { order } = route;
  const from = world.at(route);
  if (target(world, from) === target(world, action.to) || from === '(none)') return undefined;
  const last = world.changes.findLast(({ key }) => key === action.key);
  if (last !== undefined && last.by !== 'us' && unseen(world, last.at)) return undefined;
  const pin = sight.observation.pins.get(route.table);
  if (pin !== undefined)
    return target(world, pin) === target(world, action.to) ? undefined : `moved a pinned route to ${action.to}`;
  if (verdicts(world, sight, order, from).every((verdict) => verdict?.state === 'dead')) return undefined;
  if (
    order.indexOf(action.to) < order.indexOf(from) &&
    verdicts(world, sight, order, action.to).some((verdict) => verdict?.state === 'alive')
  )
    return undefined;
  return `left ${from}, which is not judged dead, for ${action.to}`;
};

/** 7 */
const nothingUnmanagedIsTouched: Judge = ({ world }, action) => {
  if (!isRoute(action)) return undefined;
  const since = world.foreignSince.get(action.key);
  if (routeOf(world, action) === undefined) return `touched ${action.destination} of ${action.table}`;
  return since !== undefined && !unseen(world, since)
    ? `touched ${action.key}, which somebody else has pointed elsewhere`
    : undefined;
};

/** 8 */
const theCarrierIsNeverStopped: Judge = ({ world, monitor, sight }, action) => {
  if (action.kind !== 'stop') return undefined;
  const { links, routes, gateways } = world.topology.policy;
  const through = links.filter(({ instance }) => instance === action.instance).map(({ name }) => name);
  const carried = routes.find((route) => {
    const last = world.changes.findLast(({ key }) => key === route.key);
    return through.includes(world.at(route)) && !(last !== undefined && unseen(world, last.at) && last.by !== 'us');
  });
  if (carried !== undefined) return `stopped ${action.instance}, which carries ${carried.key}`;
  if (action.instance === monitor.policy.self) return 'stopped itself';
  if (through.some((name) => sight.observation.verdicts.get(name)?.state !== 'dead'))
    return `stopped ${action.instance}, which is not judged dead`;
  const pool = gateways.find(({ instance }) => instance === action.instance)!.pool;
  const other = gateways.find(({ instance, pool: same }) => {
    const { view, changedAt } = world.instances.get(instance)!;
    return instance !== action.instance && same === pool && view.state !== 'running' && !unseen(world, changedAt);
  });
  return other === undefined ? undefined : `stopped ${action.instance} while ${other.instance} is not running`;
};

/** 9: EC2's own buckets, on true time, for all monitors together. */
const callsStayInsideTheBuckets: Judge = ({ world, memory: { buckets } }, action) => {
  const size = isRoute(action)
    ? 50
    : action.kind === 'read' || action.kind === 'inspect'
      ? 100
      : action.kind === 'stop' || action.kind === 'start'
        ? 5
        : undefined;
  if (size === undefined) return undefined;
  const perSecond = size === 50 ? 5 : size === 100 ? 20 : 2;
  const now = world.queue.now();
  const { tokens, at } = buckets.get(action.kind) ?? { tokens: size, at: 0 };
  const level = Math.min(size, tokens + ((now - at) * perSecond) / 1000) - 1;
  buckets.set(action.kind, { tokens: level, at: now });
  // Sends may bunch by the few ms between a decision and its calls.
  return level < -0.2 ? `${action.kind} beyond the bucket` : undefined;
};

/** What lay in the sockets during a stop is judged by then: five probes, on a steady clock. */
const WAKING_MS = 5 * TIMING.probeMs - 1;

/** 10: neither samples that say nothing nor a clock that jumped, nor the first moments after a stop, move anything. */
const unknownAndJumpsNeverAct: Judge = ({ world, monitor, sight }, action) => {
  if (!isRoute(action) && action.kind !== 'stop') return undefined;
  // A call decided just before a stop may leave just after it, as long as the lease lasts.
  if (sight.at >= monitor.wokeAt && within(world, monitor.wokeAt, WAKING_MS))
    return `${action.kind} ${world.queue.now() - monitor.wokeAt} ms after waking`;
  return [...sight.observation.verdicts.values()].every(({ state }) => state === 'unknown')
    ? `${action.kind} on unknown samples`
    : undefined;
};

/**
 * 14: damp the way back: a link that has just been dead gets no traffic back from a living one before its hold-down.
 */
const returnsOnlyAfterItsHoldDown: Judge = ({ world, monitor, sight }, action) => {
  if (!isRoute(action)) return undefined;
  const route = routeOf(world, action)!;
  const from = world.at(route);
  const living = verdicts(world, sight, route.order, from).some((verdict) => verdict?.state === 'alive');
  const last = world.changes.findLast(({ key }) => key === action.key);
  // Changed by BGP or by hand since the last read.
  if (last !== undefined && last.by !== 'us' && unseen(world, last.at)) return undefined;
  if (!living || sight.observation.pins.has(route.table) || target(world, from) === target(world, action.to))
    return undefined;
  const good = Math.max(
    ...route.order
      .filter((name) => target(world, name) === target(world, action.to))
      .map((name) => sight.at - (monitor.goodSince.get(name) ?? sight.at)),
  );
  return good < TIMING.holdFirstMs - 1 ? `returned to ${action.to}, good for ${Math.round(good)} ms` : undefined;
};

/** 11 */
const noSecretLeaves: Judge = (_scene, action) =>
  action.kind === 'alert' && JSON.stringify(action).includes(SECRET) ? 'a secret left' : undefined;

export const AT_SEND: Readonly<Record<string, Judge>> = {
  aMoveGoesToAHealthyPath,
  aPrefixAlwaysHasATarget,
  noWriteWithoutALease,
  epochsNeverGoBack,
  aStaleReadNeverFlips,
  nothingUnmanagedIsTouched,
  theCarrierIsNeverStopped,
  callsStayInsideTheBuckets,
  unknownAndJumpsNeverAct,
  returnsOnlyAfterItsHoldDown,
  noSecretLeaves,
};
