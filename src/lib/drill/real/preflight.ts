import { failure, usageError } from '../../core/errors.ts';
import type { Ports } from '../../core/ports.ts';
import { cidr, contains, covers, parseCidr } from '../../domain/cidr.ts';
import { effectiveRoute, linkOf, ownRoute, routesInside } from '../../domain/routes.ts';
import type { MovedRoute } from './record.ts';
import type { Watching } from './stream.ts';
import { leaseHolder } from '../../monitor/lease.ts';
import { readPins } from '../../monitor/pins.ts';
import { readAndPlan, toNextLink, type RouteStep } from '../../routes/plan.ts';
import { open, type Opened } from '../../routes/select.ts';
import type { DrillContext, RouteDrillOptions } from './context.ts';

export interface Preflight {
  readonly opened: Opened;
  readonly steps: readonly RouteStep[];
  readonly routes: readonly MovedRoute[];
  /** Links that the routes go to. */
  readonly standby: readonly string[];
  readonly notes: readonly string[];
}

const MONITORED =
  'a monitor runs here: it keeps to the pins that the drill sets for the time, and has its say again after';

/** Reads, plans, and refuses everything that would make a drill harm more than it tells. Changes nothing. */
export const checkFirst = async (
  options: RouteDrillOptions,
  context: DrillContext,
  ports: Ports,
): Promise<Preflight> => {
  const opened = await open(options, ports);
  const { to } = opened;
  const pins = await readPins(ports.files, context.pins);
  const pinned = opened.managed.find(({ entry }) => pins.has(entry.id));
  if (pinned !== undefined)
    throw failure(`is pinned to ${pins.get(pinned.entry.id)}, and somebody had a reason`, {
      field: pinned.entry.name,
      next: `"hybridctl route unpin --table ${pinned.entry.name}" first`,
    });
  const steps = await readAndPlan(opened, to === undefined ? toNextLink(opened.links) : () => to, ports.signal);
  const routes = steps.map((step) => movedBy(opened, step));
  for (const [index, { table, home, to: link, destination }] of routes.entries()) {
    const first = routes.find((other) => other.table === table)!;
    if (first.home !== home || first.to !== link)
      throw failure(`${destination} and ${first.destination} are on different links or would be`, {
        field: steps[index]!.entry.name,
        next: 'a drill moves a whole table from one link to one other: bring it together first, or give --to',
      });
  }
  refuseTarget(options.target, steps);
  const notes = [
    ...((await leaseHolder(context.lease)) === undefined ? [] : [MONITORED]),
    ...(await whetherItCrosses(options.target, steps, ports)),
  ];
  return { opened, steps, routes, standby: [...new Set(routes.map((route) => route.to))], notes };
};

/** Where a route comes from has to be known and alive, or there is nothing to bring it back to. */
const movedBy = ({ links }: Opened, { entry, destination, before, to, change }: RouteStep): MovedRoute => {
  const where = { field: `${entry.name} ${destination}` };
  const carrying = effectiveRoute(before, destination);
  const home = carrying === undefined ? undefined : linkOf(carrying.target, entry.links, links);
  if (change.kind === 'none')
    throw failure(`is on ${to.name} already; nothing was changed`, { ...where, next: 'name another link with --to' });
  if (carrying === undefined || home === undefined)
    throw failure(`is on ${carrying?.target.id ?? 'no route'}, which is no link of this site`, {
      ...where,
      next: 'a drill needs a link to come back to',
    });
  if (carrying.state !== 'active')
    throw failure(`${home.name} is a blackhole already`, {
      ...where,
      next: 'fix that first, or use "hybridctl route failover"',
    });
  // From a host behind this very table a probe of a Direct Connect follows the route as it is, so it would prove
  // another link.
  if (
    to.kind === 'dx' &&
    !before.routes.some(
      (route) =>
        route.origin === 'propagated' &&
        route.state === 'active' &&
        route.target.id === to.target?.id &&
        reaches(route.destination, destination),
    )
  ) {
    throw failure(`${to.target?.id} propagates no route for it, so ${to.name} can't carry it`, {
      ...where,
      next: 'bring BGP on the Direct Connect up, and route propagation on in this table',
    });
  }
  return {
    table: entry.id,
    destination,
    was: ownRoute(before, destination)?.target ?? null,
    home: home.name,
    to: to.name,
  };
};

const reaches = (route: string, destination: string): boolean => {
  const [outer, inner] = [parseCidr(route), parseCidr(destination)];
  return route === destination || (typeof outer !== 'string' && typeof inner !== 'string' && covers(outer, inner));
};

/** A stream that does not follow the moved routes would call everything well. Prefix lists can't be looked into. */
const refuseTarget = (target: string, steps: readonly RouteStep[]): void => {
  const networks = steps.filter(({ destination }) => !destination.startsWith('pl-'));
  const within = networks.filter(({ destination }) => contains(cidr(destination), target));
  if (within.length === 0 && networks.length === steps.length)
    throw usageError(
      `is in none of ${[...new Set(networks.map(({ destination }) => destination))].join(', ')}: no packet to it would follow the moved routes`,
      { field: '--target' },
    );
  const carved = within
    .flatMap(({ before, destination }) => routesInside(before, destination))
    .find((route) => contains(cidr(route.destination), target));
  if (carved !== undefined)
    throw usageError(`follows ${carved.destination}, which has a way of its own and is not moved`, {
      field: '--target',
      next: 'choose another address',
    });
};

/** Whether packets of this host follow one of the tables; what can't be known is a note. */
const whetherItCrosses = async (
  target: string,
  steps: readonly RouteStep[],
  { shell }: Ports,
): Promise<readonly string[]> => {
  const entries = [...new Set(steps.map(({ entry }) => entry))];
  const known = entries.filter(({ subnets }) => subnets.length > 0);
  const answer = await shell.run('ip', ['-j', 'route', 'get', target]).catch(() => undefined);
  const source = /"prefsrc":"([\d.]+)"/.exec(answer?.stdout ?? '')?.[1];
  if (source === undefined || known.length === 0)
    return [
      'it is not known whether packets of this host follow these route tables: the site file names no subnets for them, or "ip" does not say our address',
    ];
  const crossed = known.filter(({ subnets }) => subnets.some((subnet) => contains(cidr(subnet), source)));
  if (crossed.length === 0 && known.length === entries.length)
    throw usageError(
      `this host (${source}) is in no subnet of ${entries.map(({ name }) => name).join(', ')}: its packets would not follow the moved routes`,
      { field: '--table', next: `run the drill on a host in ${known.flatMap(({ subnets }) => subnets).join(', ')}` },
    );
  const others = entries.filter((entry) => !crossed.includes(entry));
  return others.length === 0
    ? []
    : [
        `the stream follows ${crossed.map(({ name }) => name).join(', ')} only; ${others.map(({ name }) => name).join(', ')} moves unwatched`,
      ];
};

/** A quarter of the threshold: beyond it the standby may be failing (DETECTOR: move only where S < h/4). */
const DOUBT = 0.25;
/** An answer older than this says nothing of now; ten probes at the detector's default pace. */
const RECENT_MS = 1_000;

/** Throws unless the stream is answered and every link that the routes go to carries, as of now. */
export const refuseUnready = (
  { target }: RouteDrillOptions,
  { standby }: Preflight,
  watching: Watching,
  now: number,
): void => {
  if (watching.answeredAt() === undefined || watching.silentMs() > RECENT_MS)
    throw failure('does not answer pings; nothing was changed', {
      field: target,
      next: 'choose an on-prem address that does',
    });
  for (const link of standby) {
    const verdict = watching.verdict(link);
    const lately = verdict?.lastReplyAt !== undefined && now - verdict.lastReplyAt <= RECENT_MS;
    if (verdict?.state !== 'alive' || !lately || verdict.suspicion >= DOUBT)
      throw failure(`does not carry: ${verdict?.why ?? 'it has no probe'}; nothing was changed`, {
        field: link,
        next: 'fix that link first, or name another with --to',
      });
  }
};
