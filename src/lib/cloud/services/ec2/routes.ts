import * as sdk from '@aws-sdk/client-ec2';
import type { Route, RouteTable, RouteTableAssociation } from '@aws-sdk/client-ec2';
import type { CloudRoute } from '../../../core/ports.ts';
import { ApiError } from '../../error.ts';
import type { Operations } from '../../service.ts';
import { findSubnet, findVpc, replaced, type CloudState } from '../../state.ts';
import { tagList } from '../../tags.ts';
import { tagsByKind, takes } from './input.ts';
import {
  createRoute,
  deleteRoute,
  findTable,
  replaceRoute,
  routesOf,
  setPropagation,
  type TableState,
  type TargetInput,
} from './route-state.ts';
import { select } from './select.ts';
import { tagsOf, withoutTags } from './tag-state.ts';
import { inUse, making } from './vpcs.ts';

const ORIGIN = { table: 'CreateRouteTable', static: 'CreateRoute', propagated: 'EnableVgwRoutePropagation' } as const;
const associationOf = (subnet: string): string => `rtbassoc-${subnet.slice('subnet-'.length)}`;

/** A route through an interface carries both ids, the instance's and the interface's. */
const routeOf = ({ destination, target, state, origin }: CloudRoute, owner: string): Route => ({
  ...(destination.startsWith('pl-') ? { DestinationPrefixListId: destination } : { DestinationCidrBlock: destination }),
  ...(target.kind === 'eni'
    ? {
        ...(target.instance === undefined ? {} : { InstanceId: target.instance, InstanceOwnerId: owner }),
        NetworkInterfaceId: target.id,
      }
    : { GatewayId: target.id }),
  State: state,
  Origin: ORIGIN[origin],
});

const associationsOf = ({ id, main, subnets }: TableState): RouteTableAssociation[] => {
  const known = { RouteTableId: id, AssociationState: { State: 'associated' } } as const;
  return [
    ...(main ? [{ ...known, RouteTableAssociationId: `rtbassoc-${id.slice(4)}`, Main: true }] : []),
    ...subnets.map((SubnetId) => ({
      ...known,
      RouteTableAssociationId: associationOf(SubnetId),
      SubnetId,
      Main: false,
    })),
  ];
};

const tableOf = (state: CloudState, table: TableState): RouteTable => ({
  RouteTableId: table.id,
  VpcId: table.vpc,
  OwnerId: state.owner,
  Routes: routesOf(state, table).map((route) => routeOf(route, state.owner)),
  Associations: associationsOf(table),
  PropagatingVgws: table.propagating.map((GatewayId) => ({ GatewayId })),
  Tags: tagList(tagsOf(state, table.id)),
});

interface Destination {
  readonly DestinationCidrBlock?: string | undefined;
  readonly DestinationPrefixListId?: string | undefined;
}
const destinationIn = ({ DestinationCidrBlock, DestinationPrefixListId }: Destination): string => {
  const given = [DestinationCidrBlock, DestinationPrefixListId].filter((text) => text !== undefined && text !== '');
  if (given.length === 0)
    throw new ApiError(
      'MissingParameter',
      'The request must contain the parameter destinationCidrBlock, destinationIpv6CidrBlock or destinationPrefixListId',
    );
  if (given.length > 1)
    throw new ApiError(
      'InvalidParameterCombination',
      'The parameters destinationCidrBlock and destinationPrefixListId cannot be used together',
    );
  return given[0]!;
};

interface Target {
  readonly GatewayId?: string | undefined;
  readonly NetworkInterfaceId?: string | undefined;
  readonly InstanceId?: string | undefined;
  readonly NatGatewayId?: string | undefined;
}
const targetIn = ({ GatewayId, NetworkInterfaceId, InstanceId, NatGatewayId: nat }: Target): TargetInput => {
  if (nat !== undefined)
    throw new ApiError('InvalidNatGatewayID.NotFound', `The natGateway ID '${nat}' does not exist`);
  return { gateway: GatewayId, eni: NetworkInterfaceId, instance: InstanceId };
};

const ROUTE = [
  'RouteTableId',
  'DestinationCidrBlock',
  'DestinationPrefixListId',
  'GatewayId',
  'NetworkInterfaceId',
  'InstanceId',
  'NatGatewayId',
] as const;

/** Route tables and their routes. */
export const routes = {
  CreateRouteTable: takes(
    sdk.CreateRouteTable$,
    ['VpcId', 'ClientToken', 'TagSpecifications'],
    ({ VpcId, TagSpecifications }, cloud) => {
      const [, RouteTableId] = cloud.make((state) => {
        const { id: vpc } = findVpc(state, VpcId);
        const tags = tagsByKind(TagSpecifications, 'route-table')['route-table'];
        return making(state, 'rtb', tags, (at, id) => ({
          ...at,
          tables: [...at.tables, { id, vpc, main: false, subnets: [], propagating: [], statics: [] }],
        }));
      });
      return { RouteTable: { RouteTableId } };
    },
  ),

  AssociateRouteTable: takes(
    sdk.AssociateRouteTable$,
    ['RouteTableId', 'SubnetId'],
    ({ RouteTableId, SubnetId: subnet = '' }, cloud) => {
      cloud.change((state) => {
        const table = findTable(state, RouteTableId);
        if (state.tables.some(({ subnets }) => subnets.includes(findSubnet(state, subnet).id)))
          throw new ApiError(
            'Resource.AlreadyAssociated',
            `the specified association for route table ${table.id} conflicts with an existing association`,
          );
        return { ...state, tables: replaced(state.tables, { ...table, subnets: [...table.subnets, subnet] }) };
      });
      return { AssociationId: associationOf(subnet), AssociationState: { State: 'associated' as const } };
    },
  ),

  DisassociateRouteTable: takes(sdk.DisassociateRouteTable$, ['AssociationId'], ({ AssociationId }, cloud) => {
    cloud.change((state) => {
      if (!state.tables.some(({ subnets }) => subnets.some((one) => associationOf(one) === AssociationId)))
        throw new ApiError('InvalidAssociationID.NotFound', `The association ID '${AssociationId}' does not exist`);
      return {
        ...state,
        tables: state.tables.map((one) => ({
          ...one,
          subnets: one.subnets.filter((other) => associationOf(other) !== AssociationId),
        })),
      };
    });
    return {};
  }),

  DeleteRouteTable: takes(sdk.DeleteRouteTable$, ['RouteTableId'], ({ RouteTableId }, cloud) => {
    cloud.change((state) => {
      const { id, main, subnets } = findTable(state, RouteTableId);
      if (main || subnets.length > 0) throw inUse('routeTable', id);
      return withoutTags({ ...state, tables: state.tables.filter((one) => one.id !== id) }, id);
    });
    return {};
  }),

  DescribeRouteTables: takes(
    sdk.DescribeRouteTables$,
    ['RouteTableIds', 'Filters', 'MaxResults', 'NextToken'],
    (input, { state }) => {
      const { items, NextToken } = select(input, state.tables, {
        ids: input.RouteTableIds,
        absent: (id) => new ApiError('InvalidRouteTableID.NotFound', `The routeTable ID '${id}' does not exist`),
        id: (table) => table.id,
        fields: (table) => {
          const routes = routesOf(state, table);
          return {
            'route-table-id': [table.id],
            'vpc-id': [table.vpc],
            'owner-id': [state.owner],
            'association.main': [String(table.main)],
            'association.subnet-id': table.subnets,
            'association.route-table-id': [table.id],
            'route.destination-cidr-block': routes.map((route) =>
              route.destination.startsWith('pl-') ? undefined : route.destination,
            ),
            'route.destination-prefix-list-id': routes.map((route) =>
              route.destination.startsWith('pl-') ? route.destination : undefined,
            ),
            'route.gateway-id': routes.map((route) => (route.target.kind === 'eni' ? undefined : route.target.id)),
            'route.instance-id': routes.map((route) => route.target.instance),
            'route.origin': routes.map((route) => ORIGIN[route.origin]),
            'route.state': routes.map((route) => route.state),
          };
        },
        tags: (table) => tagsOf(state, table.id),
      });
      return { RouteTables: items.map((table) => tableOf(state, table)), NextToken };
    },
  ),

  CreateRoute: takes(sdk.CreateRoute$, ROUTE, (input, cloud) => {
    cloud.change((state) => createRoute(state, input.RouteTableId, destinationIn(input), targetIn(input)));
    return { Return: true };
  }),

  ReplaceRoute: takes(sdk.ReplaceRoute$, ROUTE, (input, cloud) => {
    cloud.change((state) => replaceRoute(state, input.RouteTableId, destinationIn(input), targetIn(input)));
    return {};
  }),

  DeleteRoute: takes(
    sdk.DeleteRoute$,
    ['RouteTableId', 'DestinationCidrBlock', 'DestinationPrefixListId'],
    (input, cloud) => {
      cloud.change((state) => deleteRoute(state, input.RouteTableId, destinationIn(input)));
      return {};
    },
  ),

  EnableVgwRoutePropagation: takes(
    sdk.EnableVgwRoutePropagation$,
    ['RouteTableId', 'GatewayId'],
    ({ RouteTableId, GatewayId }, cloud) => {
      cloud.change((state) => setPropagation(state, RouteTableId, GatewayId, true));
      return {};
    },
  ),

  DisableVgwRoutePropagation: takes(
    sdk.DisableVgwRoutePropagation$,
    ['RouteTableId', 'GatewayId'],
    ({ RouteTableId, GatewayId }, cloud) => {
      cloud.change((state) => setPropagation(state, RouteTableId, GatewayId, false));
      return {};
    },
  ),
} satisfies Operations<'ec2'>;
