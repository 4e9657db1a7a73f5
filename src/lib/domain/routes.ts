import type { CloudRoute, Destination, RouteTable, RouteTarget } from '../core/ports.ts';
import { covers, parseCidr, type Cidr } from './cidr.ts';
import type { Link, Site, SiteRouteTable } from './site.ts';

/** A link of the site and what a route must point at to use it. */
export interface LinkTarget {
  readonly name: string;
  readonly kind: Link['kind'];
  /** undefined when the site file lacks the id; `lacks` then names the field. */
  readonly target: RouteTarget | undefined;
  readonly lacks: string | undefined;
  /** The gateway's instance, by which EC2 may also name the target. */
  readonly instance: string | undefined;
}

/** dx links are reached through the VGW; vpn links through their gateway's interface, else its instance. */
export const linkTargets = (site: Site): readonly LinkTarget[] => site.links.map((link) => linkTarget(site, link));

const linkTarget = (site: Site, link: Link): LinkTarget => {
  if (link.kind === 'dx') {
    const { vgw } = site.cloud;
    return {
      name: link.name,
      kind: link.kind,
      target: vgw === undefined ? undefined : { kind: 'vgw', id: vgw },
      lacks: vgw === undefined ? 'cloud.vgw' : undefined,
      instance: undefined,
    };
  }
  const tunnel = site.tunnels.find(({ name }) => name === link.tunnel);
  const at = site.gateways.findIndex(({ name }) => name === tunnel?.gateway);
  const { eni, instance } = site.gateways[at] ?? {};
  const target: RouteTarget | undefined =
    eni !== undefined
      ? { kind: 'eni', id: eni }
      : instance !== undefined
        ? { kind: 'instance', id: instance }
        : undefined;
  return {
    name: link.name,
    kind: link.kind,
    target,
    lacks: target === undefined ? `gateways.${at}.eni` : undefined,
    instance,
  };
};

/**
 * Whether a route's target is the link's. EC2 answers with the interface even where the route was made with the
 * instance.
 */
export const isTargetOf = (target: RouteTarget, link: LinkTarget): boolean => {
  if (link.target === undefined) return false;
  if (target.kind === link.target.kind && target.id === link.target.id) return true;
  if (target.kind === 'instance') return link.instance === target.id;
  return link.target.kind === 'instance' && target.instance === link.target.id;
};

/** Two links on one VGW or one gateway share a target: no route can choose between them, only BGP or the gateway. */
export const sharesTarget = (a: LinkTarget, b: LinkTarget): boolean =>
  a.target !== undefined && isTargetOf(a.target, b);

/** The link a target belongs to: the table's own order first, then the site's. undefined: no link of this site. */
export const linkOf = (
  target: RouteTarget,
  order: readonly string[],
  links: readonly LinkTarget[],
): LinkTarget | undefined => {
  const owners = links.filter((link) => isTargetOf(target, link));
  return order.flatMap((name) => owners.filter((link) => link.name === name))[0] ?? owners[0];
};

const asCidr = (destination: Destination): Cidr | undefined => {
  const parsed = parseCidr(destination);
  return typeof parsed === 'string' ? undefined : parsed;
};

/** At one prefix length a static route wins over a propagated one (VPC user guide, "Route priority"). */
const RANK = { table: 0, static: 1, propagated: 2 } as const;

/**
 * Every route that would carry the whole destination, the carrying one first, then those that would take over one by
 * one: longest prefix, then static before propagated. A blackhole carries too: EC2 drops there, it does not fall back.
 * A prefix list is matched by its id only: its entries are not read.
 */
export const carriers = (table: RouteTable, destination: Destination): readonly CloudRoute[] => {
  const wanted = asCidr(destination);
  if (wanted === undefined)
    return table.routes
      .filter((route) => route.destination === destination)
      .sort((a, b) => RANK[a.origin] - RANK[b.origin]);
  return table.routes
    .flatMap((route) => {
      const network = asCidr(route.destination);
      return network !== undefined && covers(network, wanted) ? [{ route, prefix: network.prefix }] : [];
    })
    .sort((a, b) => b.prefix - a.prefix || RANK[a.route.origin] - RANK[b.route.origin])
    .map(({ route }) => route);
};

/** The route that carries the destination, or undefined when none does. */
export const effectiveRoute = (table: RouteTable, destination: Destination): CloudRoute | undefined =>
  carriers(table, destination)[0];

/** One route a destination: what the VPC's router would have in its forwarding table. */
export const effectiveRoutes = (table: RouteTable): readonly CloudRoute[] =>
  table.routes.filter(
    (route) =>
      !table.routes.some((other) => other.destination === route.destination && RANK[other.origin] < RANK[route.origin]),
  );

/** Longer prefixes inside the destination: they take part of its traffic, whatever the destination's own route says. */
export const routesInside = (table: RouteTable, destination: Destination): readonly CloudRoute[] => {
  const wanted = asCidr(destination);
  if (wanted === undefined) return [];
  return effectiveRoutes(table).filter((route) => {
    const network = asCidr(route.destination);
    return network !== undefined && network.prefix > wanted.prefix && covers(wanted, network);
  });
};

/** The destinations a route table of the site manages: its own, else the on-prem networks. */
export const destinationsOf = (site: Site, table: SiteRouteTable): readonly Destination[] =>
  table.destinations ?? site.onprem.networks;

/** The one write that moves a destination, or why there is none. */
export type Change =
  | { readonly kind: 'none' }
  | { readonly kind: 'create' | 'replace'; readonly target: RouteTarget }
  | { readonly kind: 'delete' }
  | { readonly kind: 'refuse'; readonly why: string; readonly next: string };

export interface Move {
  readonly table: RouteTable;
  readonly destination: Destination;
  readonly to: LinkTarget;
  readonly mode: SiteRouteTable['mode'];
  /** Names of the table's links in order of preference. */
  readonly order: readonly string[];
  /** All links of the site: a static route that points at none of them is somebody else's. */
  readonly links: readonly LinkTarget[];
}

/** Chooses from the table as it was read a moment ago. Never touches a route whose target is no link of the site. */
export const planMove = ({ table, destination, to, mode, order, links }: Move): Change => {
  if (to.target === undefined) return refuse(`link ${to.name} has no target`, `set ${to.lacks} in the site file`);
  const carrying = effectiveRoute(table, destination);
  if (carrying?.origin === 'table')
    return refuse(
      `${destination} is the VPC's own (${carrying.destination} is local)`,
      'choose a destination outside the VPC',
    );
  const own = ownRoute(table, destination);
  if (own !== undefined && linkOf(own.target, order, links) === undefined) {
    return refuse(
      `its static route points at ${own.target.id}, which is no link of this site`,
      'move that route by hand, or add its target to the site file',
    );
  }
  if (carrying !== undefined && isTargetOf(carrying.target, to)) return { kind: 'none' };
  if (mode === 'override' && to.kind === 'dx' && to.name === order[0]) return planReturn(table, destination, to, own);
  // A static route to the gateway would hide for ever that BGP has withdrawn the propagated one.
  if (own !== undefined && catches(table, destination, to, own)) return { kind: 'delete' };
  return { kind: own === undefined ? 'create' : 'replace', target: to.target };
};

/** Whether a propagated route to the link takes the traffic over when the static one goes. */
const catches = (table: RouteTable, destination: Destination, to: LinkTarget, own: CloudRoute): boolean => {
  const below = effectiveRoute({ ...table, routes: table.routes.filter((route) => route !== own) }, destination);
  return below?.origin === 'propagated' && below.state === 'active' && isTargetOf(below.target, to);
};

/**
 * Whether a virtual private gateway has a route for the destination, as its propagation into the table shows. A static
 * route to the gateway is active without one, and the gateway drops the packets.
 * @returns undefined where it can't be seen: the gateway does not propagate into the table, or a prefix list was asked for.
 */
export const reachedByPropagation = (
  table: RouteTable,
  destination: Destination,
  to: LinkTarget,
): 'yes' | 'no' | undefined => {
  if (to.target?.kind !== 'vgw' || !table.propagatingVgws.includes(to.target.id)) return undefined;
  if (asCidr(destination) === undefined) return undefined;
  return carriers(table, destination).some(
    (route) => route.origin === 'propagated' && route.state === 'active' && isTargetOf(route.target, to),
  )
    ? 'yes'
    : 'no';
};

/** Whether the destination follows a static route that only repeats, and hides, what is propagated to the same link. */
export const isMasked = (table: RouteTable, destination: Destination, to: LinkTarget): boolean => {
  const own = ownRoute(table, destination);
  return own !== undefined && isTargetOf(own.target, to) && catches(table, destination, to, own);
};

/**
 * Override mode goes back by taking the static route away, and only onto a propagated route that is there to catch the
 * traffic.
 */
const planReturn = (
  table: RouteTable,
  destination: Destination,
  to: LinkTarget,
  own: CloudRoute | undefined,
): Change =>
  own !== undefined && catches(table, destination, to, own)
    ? { kind: 'delete' }
    : refuse(
        `${to.target?.id} propagates no route for it, so ${to.name} can't carry it`,
        'bring BGP on the Direct Connect back first (and route propagation on in this table)',
      );

export interface Restore extends Pick<Move, 'table' | 'destination' | 'order' | 'links'> {
  /** Target of the destination's own static route as it was; undefined: it had none. */
  readonly was: RouteTarget | undefined;
}

/** The destination's own static route, which a write can change. */
export const ownRoute = (table: RouteTable, destination: Destination): CloudRoute | undefined =>
  table.routes.find((route) => route.origin === 'static' && route.destination === destination);

/**
 * Brings a destination back to exactly the static route it had, or to none. As `planMove`, never touches somebody
 * else's.
 */
export const planRestore = ({ table, destination, was, order, links }: Restore): Change => {
  const own = ownRoute(table, destination);
  if (own?.target.id === was?.id) return { kind: 'none' };
  if (own !== undefined && linkOf(own.target, order, links) === undefined)
    return refuse(
      `its static route now points at ${own.target.id}, which is no link of this site`,
      'ask who put it there',
    );
  if (was !== undefined) return { kind: own === undefined ? 'create' : 'replace', target: was };
  const below = effectiveRoute({ ...table, routes: table.routes.filter((route) => route !== own) }, destination);
  return below?.state === 'active'
    ? { kind: 'delete' }
    : refuse(
        'nothing would carry it without its static route: no route is propagated any more',
        'bring the link back that it was on, and try again',
      );
};

const refuse = (why: string, next: string): Change => ({ kind: 'refuse', why, next });

/**
 * The link to fail over to: the next one in the table's order whose target differs from the current one's. No link
 * carrying at all counts as the preferred one having failed. undefined: the current link is the last.
 */
export const nextLink = (
  current: LinkTarget | undefined,
  order: readonly string[],
  links: readonly LinkTarget[],
): LinkTarget | undefined => {
  const ordered = order.flatMap((name) => links.filter((link) => link.name === name));
  const from = current !== undefined && ordered.includes(current) ? current : ordered[0];
  if (from === undefined) return undefined;
  return ordered.slice(ordered.indexOf(from) + 1).find((link) => !sharesTarget(link, from));
};
