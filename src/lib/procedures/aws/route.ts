import { failure } from '../../core/errors.ts';
import type { CloudRoute, RouteTarget } from '../../core/ports.ts';
import type { Call, Step, Values } from '../../core/procedure.ts';
import { ownRoute } from '../../domain/routes.ts';
import { resource } from '../kit/resource.ts';

/** A gateway as a route's target: by name, and by the interface that the site file knows it by. */
export interface RouteGateway {
  readonly name: string;
  readonly eni: string | undefined;
}

export interface GatewayRoute {
  /** Name and id of the table. */
  readonly table: string;
  readonly id: string;
  /** CIDR or prefix list. */
  readonly destination: string;
  /** Whose interface it shall point at. Absent: only a removal is asked for. */
  readonly to?: RouteGateway;
  /**
   * Every gateway of the site: a route at one of the others was moved there by whoever watches the paths, and stays.
   */
  readonly gateways: readonly RouteGateway[];
}

const eniSlot = (gateway: string): string => `instance/${gateway}/eni`;
const eniOf = (values: Values, { name, eni }: RouteGateway): string | undefined =>
  values.has(eniSlot(name)) ? values(eniSlot(name)) : eni;

interface Found extends CloudRoute {
  readonly gateway: RouteGateway | undefined;
}

/**
 * A static route of a private table to a gateway. One that points elsewhere is never moved here: that is for a person,
 * or for "route set".
 */
export const gatewayRoute = (site: string, { table, id, destination, to, gateways }: GatewayRoute): Step => {
  const written =
    (kind: 'create' | 'replace') =>
    (values: Values): readonly Call[] => {
      const target: RouteTarget = { kind: 'eni', id: values(eniSlot(to!.name)) };
      return [{ kind: 'route', table: id, destination, write: { kind, target } }];
    };
  const moved = ({ gateway }: Found): boolean => gateway !== undefined && gateway.name !== to?.name;
  return resource<Found>(site, {
    key: `route/${table}/${destination}`,
    title: `route of ${table} to ${destination}${to === undefined ? '' : ` by ${to.name}`}`,
    kind: 'route',
    needs: to === undefined ? [] : [eniSlot(to.name)],
    async byName({ routes, values, removing }) {
      const route = ownRoute(await routes.read(id), destination);
      if (route === undefined) return undefined;
      const gateway = gateways.find((one) => [eniOf(values, one), one.eni].includes(route.target.id));
      if (gateway === undefined && !removing)
        throw failure(
          `the route of ${table} to ${destination} points at ${route.target.id}, which is no gateway of this site`,
          {
            field: `route_tables.${table}`,
            next: 'move it by "hybridctl route set", or leave the link out of the table in the site file',
          },
        );
      return { ...route, gateway };
    },
    id: () => `${id} ${destination}`,
    tags: () => undefined,
    // To the interface of one that is gone it leads nowhere, and nobody misses it.
    owned: ({ gateway, state }, values) =>
      gateway !== undefined && (values.has(`instance/${gateway.name}/made`) || state === 'blackhole'),
    foreign: 'change',
    // Of an instance that is gone: the interface that the site file still names.
    diff: (is, values) =>
      to === undefined || moved(is) || is.target.id === values(eniSlot(to.name))
        ? []
        : [{ field: 'target', is: `${is.target.id}, which ${to.name} has no more` }],
    notes: (is) => (to !== undefined && moved(is) ? [`points at ${is.gateway!.name} now`] : []),
    create: written('create'),
    update: written('replace'),
    delete: () => [{ kind: 'route', table: id, destination, write: { kind: 'delete' } }],
  });
};
