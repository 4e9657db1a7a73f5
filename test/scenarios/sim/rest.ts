import type { ManagedRoute } from '../../../src/lib/domain/failover/types.ts';
import { DETECT_MS, LEASE_MS, RECOVER_MS, type Monitor, type Running } from './monitor.ts';
import { EPISODE_END, FAULTS_END } from './faults.ts';
import { BYSTANDERS, TIMING } from './topology.ts';
import type { World } from './world.ts';

/** What must come true once nothing disturbs: judged from reality, by a twin of the core that is as dumb as can be. */

const grouped = new WeakMap<ManagedRoute, readonly (readonly string[])[]>();
/** Links of one target, in order of preference. Asked at every decision, and the same for the whole episode. */
export const groups = (world: World, route: ManagedRoute): readonly (readonly string[])[] => {
  let found = grouped.get(route);
  if (found === undefined) {
    const { order } = route;
    const ids = order.map((name) => world.topology.policy.links.find((link) => link.name === name)!.target!.id);
    grouped.set(route, (found = [...new Set(ids)].map((id) => order.filter((_, index) => ids[index] === id))));
  }
  return found;
};
export const groupOf = (world: World, route: ManagedRoute, link: string) =>
  groups(world, route).find((names) => names.includes(link)) ?? [];
/** Until every route has had its token, its read and its minimum hold. */
const slack = (world: World): number =>
  TIMING.staleMs + TIMING.minHoldMs + 1_500 + (world.topology.policy.routes.length > 50 ? 20_000 : 0);
const undisturbed = (world: World, ms: number) =>
  world.queue.now() - world.disturbedAt >= ms && world.api.mode === 'ok' && !world.api.stale && world.store.up;
export const holds = (world: World, { me, canary }: Monitor) => world.store.record?.holder === me && canary;
const steadyFor = (world: World, name: string) => world.queue.now() - world.links.get(name)!.changedAt;
export const isHealing = (world: World) => Object.values(world.store.journal.heals).some(({ step }) => step !== 'rest');

/** 1 and 13: no route stays at a path judged dead while a healthy one is known; also after the API was away. */
export const noRouteAtADeadPath = (world: World, monitor: Monitor): string | undefined => {
  const ms = slack(world);
  if (
    !holds(world, monitor) ||
    !undisturbed(world, ms) ||
    isHealing(world) ||
    world.queue.now() - monitor.unknownUntil < ms
  )
    return undefined;
  for (const route of world.topology.policy.routes) {
    const at = world.at(route);
    if (at === '(foreign)' || monitor.pins.has(route.table)) continue;
    const carrying = groupOf(world, route, at);
    const dead = carrying.every((name) => world.queue.now() - (monitor.deadSince.get(name) ?? Infinity) >= ms);
    const refuge = groups(world, route).find(
      (names) =>
        names !== carrying &&
        !names.includes(at) &&
        names.some(
          (name) =>
            world.links.get(name)!.up &&
            !world.links.get(name)!.gray &&
            !monitor.wolves.has(name) &&
            steadyFor(world, name) >= ms + RECOVER_MS,
        ),
    );
    if (dead && refuge !== undefined && canReach(world, route, refuge))
      return `${route.key} stays at ${at}, dead for ${ms} ms, though ${refuge[0]} is healthy`;
  }
  return undefined;
};

/** In override mode the way back to the VGW is a propagated route: without one there is nothing to go back to. */
export const canReach = (
  world: World,
  { mode, table, destination }: ManagedRoute,
  [first]: readonly string[],
): boolean => {
  const link = world.topology.policy.links.find(({ name }) => name === first)!;
  return (
    mode === 'replace' ||
    link.kind === 'vpn' ||
    world.tables.get(table)!.routes.some((route) => route.origin === 'propagated' && route.destination === destination)
  );
};

/**
 * 12: a path that dies in peace is left within detection, one read and one write. A monitor that was stopped since then
 * could not: `aHoleIsShort` counts its time from where it woke.
 */
export const watchForMovedInTime = (
  world: World,
  monitors: readonly Running[],
  report: (text: string) => void,
): void => {
  const PEACE_MS = 9_000;
  const LIMIT_MS = DETECT_MS + 150;
  world.onLink.push((link) => {
    const { up, changedAt } = world.links.get(link)!;
    if (up || !undisturbed(world, PEACE_MS) || isHealing(world) || world.topology.policy.routes.length > 50) return;
    if (
      [...world.links].some(
        ([name, truth]) => name !== link && (world.queue.now() - truth.changedAt < PEACE_MS || truth.gray),
      )
    )
      return;
    if (world.changes.some(({ at }) => world.queue.now() - at < PEACE_MS)) return;
    world.queue.after(LIMIT_MS, () => {
      const holder = monitors.find(({ monitor }) => holds(world, monitor));
      if (
        holder === undefined ||
        holder.monitor.wolves.size > 0 ||
        Math.max(holder.monitor.wokeAt, holder.monitor.unknownUntil, holder.monitor.frozenUntil) >
          changedAt - PEACE_MS ||
        !undisturbed(world, PEACE_MS + LIMIT_MS) ||
        world.links.get(link)!.changedAt !== changedAt
      )
        return;
      if ([...world.links].some(([name]) => name !== link && steadyFor(world, name) < LIMIT_MS)) return;
      // It moved here on its very last breath: the minimum hold is not over.
      if (world.changes.some(({ at }) => world.queue.now() - at < PEACE_MS)) return;
      for (const route of world.topology.policy.routes) {
        if (
          !groupOf(world, route, world.at(route)).every((name) => name === link) ||
          world.at(route) === '(none)' ||
          world.at(route) === '(foreign)' ||
          holder.monitor.pins.has(route.table)
        )
          continue;
        const refuge = groups(world, route).find(
          (names) =>
            !names.includes(link) && names.some((name) => world.links.get(name)!.up) && canReach(world, route, names),
        );
        if (refuge !== undefined) report(`${route.key} still at ${link}, ${LIMIT_MS} ms after it died in peace`);
      }
    });
  });
};

/** 14 and 15: whatever happened and whoever died, every route is at its first healthy link, and stays there. */
export const backAtThePreferredPath = (world: World, monitors: readonly Running[]): string | undefined => {
  // Two gateways that watch each other, and both stopped: nobody is left to start them.
  if (monitors.every(({ monitor }) => !monitor.alive)) return undefined;
  if (!monitors.some(({ monitor }) => holds(world, monitor)) && world.queue.now() - world.releasedAt > 3 * LEASE_MS)
    return 'nobody holds the lease';
  for (const route of world.topology.policy.routes) {
    const best = groups(world, route).find(
      (names) => names.some((name) => world.links.get(name)!.up) && canReach(world, route, names),
    );
    if (best !== undefined && world.at(route) !== best[0])
      return `${route.key} ended at ${world.at(route)}, not at ${best[0]}`;
  }
  const late = world.changes.find(({ at, by }) => by === 'us' && at > EPISODE_END - 12_000);
  if (late !== undefined) return `${late.key} moved to ${late.to} ${late.at - FAULTS_END} ms after the last fault`;
  const lost = [...world.instances].find(
    ([id, { view }]) =>
      view.state !== 'running' &&
      world.topology.policy.links.every(
        (link) => link.instance !== id || [...world.links.get(link.name)!.blocks].every((why) => why === 'instance'),
      ),
  );
  if (lost !== undefined) return `${lost[0]} was left ${lost[1].view.state}`;
  // Running is not healed: without its Elastic IP its tunnel stays dead for good.
  const bare = [...world.instances].find(([, { view }]) => view.state === 'running' && !view.address);
  return bare === undefined ? undefined : `${bare[0]} was left without its Elastic IP`;
};

/** 7, once more at the end: what we do not manage is as it was. */
export const bystandersAreUntouched = (world: World): string | undefined => {
  const managed = new Set(world.topology.policy.routes.map(({ destination }) => destination));
  for (const { id, routes } of world.tables.values()) {
    const others = routes.filter(({ destination }) => !managed.has(destination));
    if (others.length !== BYSTANDERS.length || BYSTANDERS.some((route) => !others.includes(route)))
      return `${id} has lost or changed what is not ours`;
  }
  return undefined;
};

/**
 * 16: what was told is an unbroken chain that ends where the route is; one alert for each change of ours; all
 * delivered.
 */
export const oneAlertPerMove = (world: World, monitors: readonly Running[]): string | undefined => {
  const alerts = [...world.alerts.values()].map(({ alert }) => alert);
  // Two gateways that watch each other, and both stopped: what they had still to tell lies in the journal and the
  // table, for whoever is started first.
  const manned = monitors.some(({ monitor }) => monitor.alive);
  for (const { key } of world.topology.policy.routes) {
    const told = alerts.filter(({ subject, kind }) => subject === key && kind !== 'dark');
    const changes = world.changes.filter((change) => change.key === key);
    const broken = told.find(({ from }, index) => index > 0 && from !== told[index - 1]!.to);
    if (broken !== undefined)
      return `${key}: alert ${broken.id} says from ${broken.from}, the one before said otherwise`;
    const at = world.at(world.topology.policy.routes.find((route) => route.key === key)!);
    if (manned && told.length > 0 && told.at(-1)!.to !== at) return `${key} is at ${at}, last told ${told.at(-1)!.to}`;
    if (manned && changes.every(({ by }) => by === 'us') && told.length !== changes.length)
      return `${key}: ${changes.length} moves, ${told.length} alerts`;
  }
  const pending = world.store.journal.outbox.length;
  if (pending > 0 && manned) return `${pending} alerts were never delivered`;
  const lost = alerts.find(
    (alert) => !world.sink.delivered.has(alert.id) && !world.store.journal.outbox.some(({ id }) => id === alert.id),
  );
  return lost === undefined ? undefined : `alert ${lost.id} left the journal undelivered`;
};

/** 2: one alert for all of a darkness. */
export const oneAlertPerDarkness = (world: World): string | undefined => {
  const dark = [...world.alerts.values()].filter(({ alert }) => alert.kind === 'dark');
  const quick = dark.find(({ at }, index) => index > 0 && at - dark[index - 1]!.at < TIMING.holdFirstMs);
  return quick === undefined ? undefined : `two alerts of one darkness within ${TIMING.holdFirstMs} ms`;
};
