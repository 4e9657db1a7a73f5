import type { CloudRoute } from '../core/ports.ts';
import type { Action } from './actions.ts';
import { FILTERS, PAGES, tagSet, takes } from './params.ts';
import { optional, required, select, set, type Params, type Xml } from './protocol.ts';
import {
  createRoute,
  deleteRoute,
  replaceRoute,
  routesOf,
  setPropagation,
  type TableState,
  type TargetInput,
} from './route-state.ts';
import { ApiError } from './error.ts';
import type { CloudState } from './state.ts';
import { tagsOf } from './tag-state.ts';

const ORIGIN = { table: 'CreateRouteTable', static: 'CreateRoute', propagated: 'EnableVgwRoutePropagation' } as const;

const destinationElement = ({ destination }: CloudRoute): Xml =>
  destination.startsWith('pl-') ? { destinationPrefixListId: destination } : { destinationCidrBlock: destination };

/** A route through an interface carries both ids, the instance's and the interface's. */
const targetElements = ({ target }: CloudRoute, owner: string): Xml =>
  target.kind === 'eni'
    ? {
        ...(target.instance === undefined ? {} : { instanceId: target.instance, instanceOwnerId: owner }),
        networkInterfaceId: target.id,
      }
    : { gatewayId: target.id };

const routeElement = (route: CloudRoute, owner: string): Xml => ({
  ...destinationElement(route),
  ...targetElements(route, owner),
  state: route.state,
  origin: ORIGIN[route.origin],
});

const associations = (table: TableState): Xml | string => {
  const rows = table.subnets.map((subnetId) => ({
    routeTableAssociationId: `rtbassoc-${subnetId.slice(7)}`,
    routeTableId: table.id,
    subnetId,
    main: false,
    associationState: { state: 'associated' },
  }));
  const main = {
    routeTableAssociationId: `rtbassoc-${table.id.slice(4)}`,
    routeTableId: table.id,
    main: true,
    associationState: { state: 'associated' },
  };
  return set(table.main ? [main, ...rows] : rows);
};

const tableElement = (state: CloudState, table: TableState): Xml => ({
  routeTableId: table.id,
  vpcId: table.vpc,
  ownerId: state.owner,
  routeSet: set(routesOf(state, table).map((route) => routeElement(route, state.owner))),
  associationSet: associations(table),
  propagatingVgwSet: set(table.propagating.map((gatewayId) => ({ gatewayId }))),
  tagSet: tagSet(tagsOf(state, table.id)),
});

const destination = (params: Params): string => {
  const given = [optional(params, 'DestinationCidrBlock'), optional(params, 'DestinationPrefixListId')].filter(
    (text) => text !== undefined,
  );
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

const target = (params: Params): TargetInput => {
  const nat = optional(params, 'NatGatewayId');
  if (nat !== undefined)
    throw new ApiError('InvalidNatGatewayID.NotFound', `The natGateway ID '${nat}' does not exist`);
  return {
    gateway: optional(params, 'GatewayId'),
    eni: optional(params, 'NetworkInterfaceId'),
    instance: optional(params, 'InstanceId'),
  };
};

const done: Xml = { return: true };

const TARGET = [
  'RouteTableId',
  'DestinationCidrBlock',
  'DestinationPrefixListId',
  'GatewayId',
  'NetworkInterfaceId',
  'InstanceId',
  'NatGatewayId',
];

export const ROUTE_ACTIONS: Readonly<Record<string, Action>> = {
  DescribeRouteTables: takes(['RouteTableId.#', ...FILTERS, ...PAGES], ({ state, params }) => {
    const page = select(params, state.tables, {
      idParameter: 'RouteTableId',
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
    return { routeTableSet: set(page.items.map((table) => tableElement(state, table))), nextToken: page.nextToken };
  }),

  CreateRoute: takes(TARGET, ({ cloud, params }) => {
    cloud.change((state) => createRoute(state, required(params, 'RouteTableId'), destination(params), target(params)));
    return done;
  }),

  ReplaceRoute: takes(TARGET, ({ cloud, params }) => {
    cloud.change((state) => replaceRoute(state, required(params, 'RouteTableId'), destination(params), target(params)));
    return done;
  }),

  DeleteRoute: takes(['RouteTableId', 'DestinationCidrBlock', 'DestinationPrefixListId'], ({ cloud, params }) => {
    cloud.change((state) => deleteRoute(state, required(params, 'RouteTableId'), destination(params)));
    return done;
  }),

  EnableVgwRoutePropagation: takes(['RouteTableId', 'GatewayId'], ({ cloud, params }) => {
    cloud.change((state) =>
      setPropagation(state, required(params, 'RouteTableId'), required(params, 'GatewayId'), true),
    );
    return done;
  }),

  DisableVgwRoutePropagation: takes(['RouteTableId', 'GatewayId'], ({ cloud, params }) => {
    cloud.change((state) =>
      setPropagation(state, required(params, 'RouteTableId'), required(params, 'GatewayId'), false),
    );
    return done;
  }),
};
