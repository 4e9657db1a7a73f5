import { failure } from '../../core/errors.ts';
import type { Step } from '../../core/procedure.ts';
import { carriers, destinationsOf, isTargetOf, linkTargets, ownRoute } from '../../domain/routes.ts';
import type { CloudRoute } from '../../core/ports.ts';
import type { Site, SiteRouteTable } from '../../domain/site.ts';
import { resource } from '../kit/resource.ts';

/**
 * The static route that a monitor put over the propagated one; only its removal is asked for, and only where Direct
 * Connect then carries.
 */
const overrideRoute = (site: Site, { id, name, links }: SiteRouteTable, destination: string): Step => {
  const gateways = linkTargets(site).filter((link) => link.kind === 'vpn' && links.includes(link.name));
  return resource<CloudRoute>(site.site, {
    key: `override/${name}/${destination}`,
    title: `static route of ${name} to ${destination}`,
    kind: 'route',
    async byName({ routes }) {
      const table = await routes.read(id);
      const own = ownRoute(table, destination);
      if (own === undefined || !gateways.some((link) => isTargetOf(own.target, link))) return undefined;
      if (!carriers(table, destination).some(({ origin, state }) => origin === 'propagated' && state === 'active'))
        throw failure(
          `the static route of ${name} to ${destination} is all that carries: nothing is propagated into ${id}`,
          { field: `route_tables.${name}`, next: 'wait until Direct Connect is back, or give --keep-routes' },
        );
      return own;
    },
    id: () => `${id} ${destination}`,
    tags: () => undefined,
    owned: () => true,
    create: () => [],
    delete: () => [{ kind: 'route', table: id, destination, write: { kind: 'delete' } }],
  });
};

/** Every route that the site's monitor may have put over a propagated one. */
export const overrideRoutes = (site: Site): readonly Step[] =>
  site.route_tables
    .filter(({ mode }) => mode === 'override')
    .flatMap((table) => destinationsOf(site, table).map((destination) => overrideRoute(site, table, destination)));
