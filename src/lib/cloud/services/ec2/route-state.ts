import type { CloudRoute, RouteTarget } from '../../../core/ports.ts';
import { cidr, covers } from '../../../domain/cidr.ts';
import { findInstance, findInterface } from './instance-state.ts';
import { ApiError, invalidValue } from '../../error.ts';
import { canonical, findIn, findVpc, replaced, type CloudState } from '../../state.ts';
import { isAttached, networksOf } from './vpn-state.ts';

/** What a static route was made with. Instances are resolved to their interface at once, as on EC2. */
export type StoredTarget = { readonly gateway: string } | { readonly eni: string };

export interface StaticRoute {
  /** Canonical CIDR or `pl-…`. */
  readonly destination: string;
  readonly target: StoredTarget;
}

export interface TableState {
  readonly id: string;
  readonly vpc: string;
  readonly main: boolean;
  readonly subnets: readonly string[];
  readonly propagating: readonly string[];
  readonly statics: readonly StaticRoute[];
}

export const findTable = (state: CloudState, id: string): TableState =>
  findIn(state.tables, id, 'InvalidRouteTableID.NotFound', 'routeTable ID');

/** A gateway carries only what its own VPC sends. */
const isGatewayOf = (state: CloudState, gateway: string, vpc: string): boolean =>
  state.internetGateways.some((igw) => igw.id === gateway && igw.vpc === vpc) ||
  state.vgws.some((vgw) => vgw.id === gateway && isAttached(vgw, vpc));

/**
 * A target is dead while the instance behind it does not run, or its gateway is detached: EC2 then shows `blackhole`
 * and drops.
 */
const alive = (state: CloudState, { vpc }: TableState, target: StoredTarget): boolean =>
  'gateway' in target
    ? isGatewayOf(state, target.gateway, vpc)
    : state.instances.some(({ eni, state: now }) => eni === target.eni && now === 'running');

const shown = (state: CloudState, target: StoredTarget): RouteTarget => {
  if ('eni' in target) {
    const instance = state.instances.find(({ eni }) => eni === target.eni)?.id;
    return { kind: 'eni', id: target.eni, ...(instance === undefined ? {} : { instance }) };
  }
  return { kind: target.gateway.startsWith('vgw-') ? 'vgw' : 'igw', id: target.gateway };
};

/** Every route of a table as EC2 lists them: local, static, propagated; shadowed ones too. */
export const routesOf = (state: CloudState, table: TableState): readonly CloudRoute[] => [
  {
    destination: findVpc(state, table.vpc).cidr,
    target: { kind: 'local', id: 'local' },
    origin: 'table',
    state: 'active',
  },
  ...table.statics.map(
    ({ destination, target }): CloudRoute => ({
      destination,
      target: shown(state, target),
      origin: 'static',
      state: alive(state, table, target) ? 'active' : 'blackhole',
    }),
  ),
  ...state.vgws
    .filter((vgw) => table.propagating.includes(vgw.id) && isAttached(vgw, table.vpc))
    .flatMap((vgw) =>
      networksOf(state, vgw).map(
        (destination): CloudRoute => ({
          destination,
          target: { kind: 'vgw', id: vgw.id },
          origin: 'propagated',
          state: 'active',
        }),
      ),
    ),
];

/** Exactly one of these, as the API's parameters name them. */
export interface TargetInput {
  readonly gateway?: string | undefined;
  readonly eni?: string | undefined;
  readonly instance?: string | undefined;
}

const resolveTarget = (state: CloudState, table: TableState, { gateway, eni, instance }: TargetInput): StoredTarget => {
  const given = [gateway, eni, instance].filter((id) => id !== undefined);
  if (given.length !== 1)
    throw new ApiError(
      'InvalidParameterCombination',
      'The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, vpcPeeringConnectionId, egressOnlyInternetGatewayId, transitGatewayId, localGatewayId, carrierGatewayId, vpcEndpointId, coreNetworkArn or instanceId',
    );
  if (gateway !== undefined) {
    findIn([...state.internetGateways, ...state.vgws], gateway, 'InvalidGatewayID.NotFound', 'gateway ID');
    if (!isGatewayOf(state, gateway, table.vpc))
      throw invalidValue(`route table ${table.id} and network gateway ${gateway} belong to different networks`);
    return { gateway };
  }
  const owner = eni === undefined ? findInstance(state, instance!) : findInterface(state, eni);
  if (owner.vpc !== table.vpc)
    throw invalidValue(`route table ${table.id} and interface ${owner.eni} belong to different networks`);
  // Once shut down it has no interface that a route could name.
  if (owner.state === 'shutting-down' || owner.state === 'terminated')
    throw new ApiError('InvalidInstanceID.NotFound', `The instance ID '${owner.id}' does not exist`);
  return { eni: owner.eni };
};

const networkOf = (text: string): string => {
  const network = canonical(text);
  if (network === undefined)
    throw invalidValue(
      `Value (${text}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.`,
    );
  return network;
};

const destinationOf = (state: CloudState, text: string): string =>
  text.startsWith('pl-')
    ? findIn(state.prefixLists, text, 'InvalidPrefixListID.NotFound', 'prefix list ID').id
    : networkOf(text);

const withTable = (state: CloudState, table: TableState): CloudState => ({
  ...state,
  tables: replaced(state.tables, table),
});

const refuseLocal = (state: CloudState, destination: string, verb: string, { id, vpc }: TableState): void => {
  if (destination === findVpc(state, vpc).cidr)
    throw invalidValue(`cannot ${verb} local route ${destination} in route table ${id}`);
};

export const createRoute = (state: CloudState, tableId: string, to: string, input: TargetInput): CloudState => {
  const table = findTable(state, tableId);
  const destination = destinationOf(state, to);
  const target = resolveTarget(state, table, input);
  const local = findVpc(state, table.vpc).cidr;
  if (destination === local || table.statics.some((route) => route.destination === destination)) {
    throw new ApiError('RouteAlreadyExists', `The route identified by ${destination} already exists.`);
  }
  if ('gateway' in target && !destination.startsWith('pl-') && covers(cidr(local), cidr(destination))) {
    throw invalidValue(
      `The destination CIDR block ${destination} is equal to or more specific than one of this VPC's CIDR blocks. This route can target only an interface or an instance.`,
    );
  }
  return withTable(state, { ...table, statics: [...table.statics, { destination, target }] });
};

/**
 * A propagated route is no route that could be replaced; EC2 says so with InvalidParameterValue, not
 * InvalidRoute.NotFound.
 */
export const replaceRoute = (state: CloudState, tableId: string, to: string, input: TargetInput): CloudState => {
  const table = findTable(state, tableId);
  const destination = destinationOf(state, to);
  const target = resolveTarget(state, table, input);
  refuseLocal(state, destination, 'replace', table);
  if (!table.statics.some((route) => route.destination === destination)) {
    throw invalidValue(`There is no route defined for '${destination}' in the route table. Use CreateRoute instead.`);
  }
  return withTable(state, {
    ...table,
    statics: table.statics.map((route) => (route.destination === destination ? { destination, target } : route)),
  });
};

export const deleteRoute = (state: CloudState, tableId: string, to: string): CloudState => {
  const table = findTable(state, tableId);
  const destination = destinationOf(state, to);
  refuseLocal(state, destination, 'remove', table);
  const statics = table.statics.filter((route) => route.destination !== destination);
  if (statics.length === table.statics.length)
    throw new ApiError(
      'InvalidRoute.NotFound',
      `no route with destination-cidr-block ${destination} in route table ${tableId}`,
    );
  return withTable(state, { ...table, statics });
};

export const setPropagation = (state: CloudState, tableId: string, gateway: string, on: boolean): CloudState => {
  const table = findTable(state, tableId);
  const vgw = findIn(state.vgws, gateway, 'InvalidGatewayID.NotFound', 'gateway ID');
  if (on && !isAttached(vgw, table.vpc))
    throw new ApiError('Gateway.NotAttached', `resource ${gateway} is not attached to network ${table.vpc}`);
  const others = table.propagating.filter((id) => id !== gateway);
  return withTable(state, { ...table, propagating: on ? [...others, gateway] : others });
};

/** BGP's view of the VGW, the whole list. VPC networks are not propagated back. */
export const setNetworks = (state: CloudState, gateway: string, networks: readonly string[]): CloudState => {
  const vgw = findIn(state.vgws, gateway, 'InvalidGatewayID.NotFound', 'gateway ID');
  const own = state.vpcs.filter(({ id }) => isAttached(vgw, id)).map((vpc) => vpc.cidr);
  const kept = [...new Set(networks.map(networkOf))].filter((network) => !own.includes(network));
  return { ...state, vgws: replaced(state.vgws, { ...vgw, networks: kept }) };
};
