import type { ManagedRoute } from '../../../src/lib/domain/failover/types.ts';
import { LEASE_MS, RECOVER_MS, type Monitor } from './monitor.ts';
import { canReach, groupOf, groups, holds, isHealing } from './rest.ts';
import { TIMING } from './topology.ts';
import type { World } from './world.ts';

/** A tick, a read and a write, on a slow day; and a token of an empty bucket for each route. */
const HOLE_MS = 950;
const TOKEN_MS = 200;
/** Longest answer of an API or a store that has just become well again. */
const LATE_ANSWER_MS = 3_100;

/** When a call that failed may be tried again. */
const retryAt = ({ refusals }: World, subject: string): number => {
  const { at, fails } = refusals.get(subject) ?? { at: -60_000, fails: 0 };
  return fails === 0 ? at : at + Math.min(TIMING.backoffMostMs, 100 * 2 ** fails);
};

/**
 * 12, without peace: traffic into a dead path, or into none since BGP withdrew it, while another is healthy, is never
 * older than the latest thing that excuses it. A restart, a throttled call or a withdrawal in the middle is no excuse
 * by itself: only the time it takes by the clock.
 */
export const aHoleIsShort = (world: World, monitor: Monitor): string | undefined => {
  const now = world.queue.now();
  const { routes } = world.topology.policy;
  const { mode, stale } = world.api;
  if (
    !holds(world, monitor) ||
    routes.length > 50 ||
    isHealing(world) ||
    stale ||
    !(mode === 'ok' || mode === 'throttle') ||
    !world.store.up
  )
    return undefined;
  // After a stop or a jump the lease in hand is doubted until it was renewed twice.
  const woke = Math.max(monitor.wokeAt, monitor.frozenUntil);
  const awake = woke > monitor.startedAt ? woke + LEASE_MS : woke;
  const sound = Math.max(
    awake,
    monitor.unknownUntil,
    monitor.heldSince,
    monitor.canaryAt,
    world.pinnedAt,
    world.api.turnedAt + LATE_ANSWER_MS,
    world.store.downAt + LATE_ANSWER_MS,
    retryAt(world, `${monitor.name} read`),
  );
  for (const route of routes) {
    const since = Math.max(
      sound,
      retryAt(world, `${monitor.name} ${route.key}`),
      holeSince(world, monitor, route),
      knownSince(world, route, sound),
    );
    if (now - since > HOLE_MS + TOKEN_MS * routes.length)
      return `${route.key} is at ${world.at(route)}, for ${Math.round(now - since)} ms without an excuse`;
  }
  return undefined;
};

/** Where a route is, or was before BGP withdrew it. */
const placeOf = (world: World, route: ManagedRoute): string => {
  const at = world.at(route);
  const last = world.changes.findLast(({ key }) => key === route.key);
  return at === '(none)' && last?.by === 'bgp' ? last.from : at;
};

/**
 * A change that nobody has told of yet, by hand or of a monitor that died over it: seen at the next regular read,
 * believed when reads have agreed on it.
 */
const knownSince = (world: World, route: ManagedRoute, sound: number): number => {
  const last = world.changes.findLast(({ key, by }) => key === route.key && by !== 'bgp');
  if (last === undefined) return 0;
  // By hand right after a write of ours: until a read can't be stale any more it is taken for one from before that
  // write.
  const ours = world.changes.findLast(({ key, by }) => key === route.key && by === 'us');
  const believed =
    last.by !== 'us' && ours !== undefined && last.at - ours.at < TIMING.staleMs ? ours.at + TIMING.staleMs : 0;
  if (world.store.journal.at[route.key] !== placeOf(world, route))
    return Math.max(believed, Math.max(last.at, sound) + TIMING.readMs + TIMING.staleMs);
  // Put back by hand where it was last said to be, before anybody told that it had gone: it is there only since then.
  return Math.max(
    believed,
    last.at,
    [...world.alerts.values()].findLast(({ alert }) => alert.subject === route.key)?.at ?? 0,
  );
};

/** Infinity: there is none. */
const holeSince = (world: World, monitor: Monitor, route: ManagedRoute): number => {
  const last = world.changes.findLast(({ key }) => key === route.key);
  if (monitor.pins.has(route.table)) return Infinity;
  const at = placeOf(world, route);
  const carrying = groupOf(world, route, at);
  const dead =
    carrying.length === 0 ? Infinity : Math.max(...carrying.map((name) => monitor.deadSince.get(name) ?? Infinity));
  if (dead === Infinity) return Infinity;
  const fit = (name: string): number => {
    const { up, gray, grayAt, changedAt } = world.links.get(name)!;
    return up && !gray && monitor.verdicts.get(name)?.state === 'alive'
      ? Math.max(grayAt, changedAt + RECOVER_MS, monitor.goodSince.get(name) ?? Infinity)
      : Infinity;
  };
  const refuges = groups(world, route).filter((names) => !names.includes(at) && canReach(world, route, names));
  const moved = last?.by === 'us' ? last.at + TIMING.minHoldMs : 0;
  // In override mode there is no going back to Direct Connect before its route is.
  const reachable = world.at(route) === '(none)' ? 0 : world.bgpAt;
  return Math.max(dead, moved, reachable, Math.min(Infinity, ...refuges.flat().map(fit)));
};
