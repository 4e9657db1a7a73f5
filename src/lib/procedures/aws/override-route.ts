import { api } from '../../core/aws.ts';
import { failure } from '../../core/errors.ts';
import type { Step } from '../../core/procedure.ts';
import { covers, parseCidr } from '../../domain/cidr.ts';
import { destinationsOf } from '../../domain/routes.ts';
import type { Site, SiteRouteTable } from '../../domain/site.ts';

/** Whether a propagated route carries all of the destination. A prefix list is compared by its id. */
const carries = (network: string | undefined, destination: string): boolean => {
  const [wide, wanted] = [parseCidr(network ?? ''), parseCidr(destination)];
  return typeof wide === 'string' || typeof wanted === 'string' ? network === destination : covers(wide, wanted);
};

/**
 * The static route that a monitor put over the propagated one; only its removal is asked for, and only where Direct
 * Connect then carries.
 */
const overrideRoute = (site: Site, { id, name, links }: SiteRouteTable, destination: string): Step => {
  const aim = destination.startsWith('pl-')
    ? { DestinationPrefixListId: destination }
    : { DestinationCidrBlock: destination };
  const gateways = site.gateways.filter((gateway) =>
    site.links.some(
      (link) =>
        link.kind === 'vpn' &&
        links.includes(link.name) &&
        site.tunnels.some((tunnel) => tunnel.name === link.tunnel && tunnel.gateway === gateway.name),
    ),
  );
  return {
    key: `override/${name}/${destination}`,
    title: `static route of ${name} to ${destination}`,
    async read({ aws }) {
      const { RouteTables: [table] = [] } = await aws.ask('ec2', 'DescribeRouteTables', { RouteTableIds: [id] });
      const routes = table?.Routes ?? [];
      const route = routes.find(
        (one) =>
          one.Origin === 'CreateRoute' && (one.DestinationPrefixListId ?? one.DestinationCidrBlock) === destination,
      );
      const ours = gateways.some(
        ({ eni, instance }) =>
          (eni !== undefined && route?.NetworkInterfaceId === eni) ||
          (instance !== undefined && route?.InstanceId === instance),
      );
      if (route === undefined || !ours) return { state: 'absent' };
      const below = routes.some(
        (one) =>
          one.Origin === 'EnableVgwRoutePropagation' &&
          one.State !== 'blackhole' &&
          carries(one.DestinationPrefixListId ?? one.DestinationCidrBlock, destination),
      );
      if (!below)
        throw failure(
          `the static route of ${name} to ${destination} is all that carries: nothing is propagated into ${id}`,
          { field: `route_tables.${name}`, next: 'wait until Direct Connect is back, or give --keep-routes' },
        );
      return { state: 'ready', found: { id: `${id} ${destination}`, owned: true } };
    },
    create: () => [],
    delete: () => [api('ec2', 'DeleteRoute', { RouteTableId: id, ...aim })],
  };
};

/** Every route that the site's monitor may have put over a propagated one. */
export const overrideRoutes = (site: Site): readonly Step[] =>
  site.route_tables
    .filter(({ mode }) => mode === 'override')
    .flatMap((table) => destinationsOf(site, table).map((destination) => overrideRoute(site, table, destination)));
