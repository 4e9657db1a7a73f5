import type { CloudRoute, RouteTable } from '../core/ports.ts';
import { carriers, linkOf, routesInside, sharesTarget, type LinkTarget } from '../domain/routes.ts';
import { passing, type InstanceLook, type Passing } from './passing.ts';
import type { Managed } from './select.ts';

/** A route as it is shown. `link` is null when the target is no link of the site. */
export interface RouteView {
  readonly destination: string;
  readonly target: string;
  readonly link: string | null;
  readonly origin: CloudRoute['origin'];
  readonly state: CloudRoute['state'];
}

/** What a destination of a route table follows now. */
export interface Following {
  readonly table: string;
  readonly name: string;
  readonly destination: string;
  /** null: no route at all carries it. Its `destination` may be wider than the one asked for. */
  readonly route: RouteView | null;
  readonly preferred: string;
  readonly onPreferred: boolean;
  /** Whether packets can go there. */
  readonly packets: Passing;
  /** Links on the same target: BGP or the gateway chooses between them, no route can. */
  readonly sharedWith: readonly string[];
  /** Routes that would take over one by one if the carrying one went away. */
  readonly backups: readonly RouteView[];
  /** Longer prefixes inside the destination, which take part of its traffic. */
  readonly inside: readonly RouteView[];
}

export const routeView = (route: CloudRoute, order: readonly string[], links: readonly LinkTarget[]): RouteView => ({
  destination: route.destination,
  target: route.target.id,
  link: linkOf(route.target, order, links)?.name ?? null,
  origin: route.origin,
  state: route.state,
});

export const following = (
  table: RouteTable,
  managed: Managed,
  links: readonly LinkTarget[],
  instances: InstanceLook = 'not looked at',
): Following => {
  const { entry, destination } = managed;
  const view = (route: CloudRoute) => routeView(route, entry.links, links);
  const [carrying, ...backups] = carriers(table, destination);
  const link = carrying === undefined ? undefined : linkOf(carrying.target, entry.links, links);
  const preferred = links.find(({ name }) => name === entry.links[0])!;
  return {
    table: entry.id,
    name: entry.name,
    destination,
    route: carrying === undefined ? null : view(carrying),
    preferred: preferred.name,
    onPreferred: link !== undefined && (link === preferred || sharesTarget(link, preferred)),
    packets: passing(table, managed, carrying, links, instances),
    sharedWith:
      link === undefined
        ? []
        : links.filter((other) => other !== link && sharesTarget(other, link)).map(({ name }) => name),
    backups: backups.map(view),
    inside: routesInside(table, destination).map(view),
  };
};
