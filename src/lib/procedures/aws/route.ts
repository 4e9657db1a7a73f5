import { api, type Output } from '../../core/aws.ts';
import { failure } from '../../core/errors.ts';
import type { Existing, ReadResult, Step, Values } from '../../core/procedure.ts';

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

type Route = NonNullable<NonNullable<Output<'ec2', 'DescribeRouteTables'>['RouteTables']>[number]['Routes']>[number];

const eniSlot = (gateway: string): string => `instance/${gateway}/eni`;
const eniOf = (values: Values, { name, eni }: RouteGateway): string | undefined =>
  values.has(eniSlot(name)) ? values(eniSlot(name)) : eni;
const pointsAt = ({
  NetworkInterfaceId,
  GatewayId,
  NatGatewayId,
  TransitGatewayId,
  InstanceId,
  VpcPeeringConnectionId,
  LocalGatewayId,
  CarrierGatewayId,
}: Route): string =>
  NetworkInterfaceId ??
  GatewayId ??
  NatGatewayId ??
  TransitGatewayId ??
  InstanceId ??
  VpcPeeringConnectionId ??
  LocalGatewayId ??
  CarrierGatewayId ??
  'nothing';

/**
 * A static route of a private table to a gateway. One that points elsewhere is never moved here: that is for a person,
 * or for "route set".
 */
export const gatewayRoute = ({ table, id, destination, to, gateways }: GatewayRoute): Step => {
  const aim = destination.startsWith('pl-')
    ? { DestinationPrefixListId: destination }
    : { DestinationCidrBlock: destination };
  return {
    key: `route/${table}/${destination}`,
    title: `route of ${table} to ${destination}${to === undefined ? '' : ` by ${to.name}`}`,
    needs: to === undefined ? [] : [eniSlot(to.name)],
    async read({ aws, values }): Promise<ReadResult> {
      const { RouteTables: [found] = [] } = await aws.ask('ec2', 'DescribeRouteTables', { RouteTableIds: [id] });
      if (found === undefined) throw failure(`there is no route table ${id}`, { field: `route_tables.${table}` });
      const route = (found.Routes ?? []).find(
        (one) =>
          (one.DestinationPrefixListId ?? one.DestinationCidrBlock) === destination &&
          one.Origin !== 'EnableVgwRoutePropagation',
      );
      if (route === undefined) return { state: 'absent' };
      const target = pointsAt(route);
      const owner = gateways.find((gateway) => eniOf(values, gateway) === target || gateway.eni === target);
      // To the interface of one that is gone it leads nowhere, and nobody misses it.
      const owned = owner !== undefined && (values.has(`instance/${owner.name}/made`) || route.State === 'blackhole');
      const what: Existing = { id: `${id} ${destination}`, owned };
      if (to === undefined) return !owned ? { state: 'absent' } : { state: 'ready', found: what };
      if (target === values(eniSlot(to.name))) return { state: 'ready', found: what };
      // Of an instance that is gone: the interface that the site file still names.
      if (owner?.name === to.name)
        return {
          state: 'differs',
          found: what,
          differences: [{ field: 'target', is: `${target}, which ${to.name} has no more` }],
        };
      if (owner !== undefined) return { state: 'ready', found: { ...what, notes: [`points at ${owner.name} now`] } };
      throw failure(`the route of ${table} to ${destination} points at ${target}, which is no gateway of this site`, {
        field: `route_tables.${table}`,
        next: 'move it by "hybridctl route set", or leave the link out of the table in the site file',
      });
    },
    create: (values) => [
      api('ec2', 'CreateRoute', { RouteTableId: id, ...aim, NetworkInterfaceId: values(eniSlot(to!.name)) }),
    ],
    update: (values) => [
      api('ec2', 'ReplaceRoute', { RouteTableId: id, ...aim, NetworkInterfaceId: values(eniSlot(to!.name)) }),
    ],
    delete: () => [api('ec2', 'DeleteRoute', { RouteTableId: id, ...aim })],
  };
};
