import type { CloudRoute, RouteTarget } from '../../core/ports.ts';
import { addressNumber, addressText, cidr, covers } from '../../domain/cidr.ts';
import type { Parameter } from './actions-ssm.ts';
import type { IamState } from './iam-state.ts';
import type { CloudInstance, InstanceState, TransitionTimes } from './types.ts';

/**
 * The cloud's state as plain immutable data, and every change to it as a function from one state to the next. No clock,
 * no sockets: a stale read is simply an older state.
 */

/** What a static route was made with. Instances are resolved to their interface at once, as on EC2. */
export type StoredTarget = { readonly gateway: string } | { readonly eni: string };

export interface StaticRoute {
  /** Canonical CIDR or `pl-…`. */
  readonly destination: string;
  readonly target: StoredTarget;
}

export interface TableState {
  readonly id: string;
  readonly name: string;
  readonly main: boolean;
  readonly subnets: readonly string[];
  readonly propagating: readonly string[];
  readonly statics: readonly StaticRoute[];
}

export interface InstanceRecord extends CloudInstance {
  /** A transition under way: at `at` (ms) it reaches `to`. */
  readonly due: { readonly at: number; readonly to: InstanceState } | undefined;
}

export interface CloudState {
  readonly region: string;
  readonly owner: string;
  readonly vpc: { readonly id: string; readonly cidr: string; readonly name: string };
  readonly internetGateway: string;
  readonly subnets: readonly { readonly id: string; readonly cidr: string; readonly az: string; readonly name: string }[];
  readonly tables: readonly TableState[];
  readonly instances: readonly InstanceRecord[];
  /** Elastic IPs of the account. Which instance has one is said by the instance alone. */
  readonly addresses: readonly { readonly id: string; readonly publicIp: string }[];
  /** `networks`: what BGP has brought. */
  readonly vgws: readonly { readonly id: string; readonly asn: number; readonly networks: readonly string[] }[];
  readonly iam: IamState;
  readonly parameters: readonly Parameter[];
  readonly prefixLists: readonly { readonly id: string; readonly name: string; readonly entries: readonly string[] }[];
}

/** An error as EC2 spells it. */
export class Ec2Error extends Error {
  override readonly name = 'Ec2Error';
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

const find = <T extends { readonly id: string }>(items: readonly T[], id: string, code: string, what: string): T => {
  const found = items.find((item) => item.id === id);
  if (found === undefined) throw new Ec2Error(code, `The ${what} '${id}' does not exist`);
  return found;
};

export const findTable = (state: CloudState, id: string): TableState => find(state.tables, id, 'InvalidRouteTableID.NotFound', 'routeTable ID');
export const findInstance = (state: CloudState, id: string): InstanceRecord => find(state.instances, id, 'InvalidInstanceID.NotFound', 'instance ID');
export const findEni = (state: CloudState, id: string): InstanceRecord => {
  const found = state.instances.find(({ eni }) => eni === id);
  if (found === undefined) throw new Ec2Error('InvalidNetworkInterfaceID.NotFound', `The networkInterface ID '${id}' does not exist`);
  return found;
};
const findGateway = (state: CloudState, id: string): string => {
  if (id !== state.internetGateway && !state.vgws.some((vgw) => vgw.id === id)) throw new Ec2Error('InvalidGatewayID.NotFound', `The gateway ID '${id}' does not exist`);
  return id;
};

/** A target is dead while the instance behind it does not run: EC2 then shows `blackhole` and drops. */
const alive = (state: CloudState, target: StoredTarget): boolean =>
  'gateway' in target || state.instances.some(({ eni, state: now }) => eni === target.eni && now === 'running');

const shown = (state: CloudState, target: StoredTarget): RouteTarget => {
  if ('eni' in target) {
    const instance = state.instances.find(({ eni }) => eni === target.eni)?.id;
    return { kind: 'eni', id: target.eni, ...(instance === undefined ? {} : { instance }) };
  }
  return { kind: target.gateway.startsWith('vgw-') ? 'vgw' : 'igw', id: target.gateway };
};

/** Every route of a table as EC2 lists them: local, static, propagated; shadowed ones too. */
export const routesOf = (state: CloudState, table: TableState): readonly CloudRoute[] => [
  { destination: state.vpc.cidr, target: { kind: 'local', id: 'local' }, origin: 'table', state: 'active' },
  ...table.statics.map(({ destination, target }): CloudRoute => ({ destination, target: shown(state, target), origin: 'static', state: alive(state, target) ? 'active' : 'blackhole' })),
  ...state.vgws
    .filter(({ id }) => table.propagating.includes(id))
    .flatMap(({ id, networks }) => networks.map((destination): CloudRoute => ({ destination, target: { kind: 'vgw', id }, origin: 'propagated', state: 'active' }))),
];

/** Exactly one of these, as the API's parameters name them. */
export interface TargetInput {
  readonly gateway?: string | undefined;
  readonly eni?: string | undefined;
  readonly instance?: string | undefined;
}

const resolveTarget = (state: CloudState, { gateway, eni, instance }: TargetInput): StoredTarget => {
  const given = [gateway, eni, instance].filter((id) => id !== undefined);
  if (given.length !== 1) throw new Ec2Error('InvalidParameterCombination', 'The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, vpcPeeringConnectionId, egressOnlyInternetGatewayId, transitGatewayId, localGatewayId, carrierGatewayId, vpcEndpointId, coreNetworkArn or instanceId');
  if (gateway !== undefined) return { gateway: findGateway(state, gateway) };
  if (eni !== undefined) return { eni: findEni(state, eni).eni };
  return { eni: findInstance(state, instance!).eni };
};

/** EC2 clears host bits ("We modify the specified CIDR block to its canonical form", CreateRoute) and refuses what is no CIDR. */
export const canonical = (text: string): string => {
  const [address = '', prefix = '', ...rest] = text.split('/');
  const value = addressNumber(address);
  if (value === undefined || rest.length > 0 || !/^\d{1,2}$/.test(prefix) || Number(prefix) > 32) {
    throw new Ec2Error('InvalidParameterValue', `Value (${text}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.`);
  }
  const size = 2 ** (32 - Number(prefix));
  return `${addressText(Math.floor(value / size) * size)}/${Number(prefix)}`;
};

const destinationOf = (state: CloudState, text: string): string =>
  text.startsWith('pl-') ? find(state.prefixLists, text, 'InvalidPrefixListID.NotFound', 'prefix list ID').id : canonical(text);

const withTable = (state: CloudState, table: TableState): CloudState => ({ ...state, tables: state.tables.map((other) => (other.id === table.id ? table : other)) });
const withInstance = (state: CloudState, instance: InstanceRecord): CloudState => ({ ...state, instances: state.instances.map((other) => (other.id === instance.id ? instance : other)) });

const refuseLocal = (state: CloudState, destination: string, verb: string, table: string): void => {
  if (destination === state.vpc.cidr) throw new Ec2Error('InvalidParameterValue', `cannot ${verb} local route ${destination} in route table ${table}`);
};

export const createRoute = (state: CloudState, tableId: string, to: string, input: TargetInput): CloudState => {
  const table = findTable(state, tableId);
  const destination = destinationOf(state, to);
  const target = resolveTarget(state, input);
  if (destination === state.vpc.cidr || table.statics.some((route) => route.destination === destination)) {
    throw new Ec2Error('RouteAlreadyExists', `The route identified by ${destination} already exists.`);
  }
  if ('gateway' in target && !destination.startsWith('pl-') && covers(cidr(state.vpc.cidr), cidr(destination))) {
    throw new Ec2Error('InvalidParameterValue', `The destination CIDR block ${destination} is equal to or more specific than one of this VPC's CIDR blocks. This route can target only an interface or an instance.`);
  }
  return withTable(state, { ...table, statics: [...table.statics, { destination, target }] });
};

/** A propagated route is no route that could be replaced; EC2 says so with InvalidParameterValue, not InvalidRoute.NotFound. */
export const replaceRoute = (state: CloudState, tableId: string, to: string, input: TargetInput): CloudState => {
  const table = findTable(state, tableId);
  const destination = destinationOf(state, to);
  const target = resolveTarget(state, input);
  refuseLocal(state, destination, 'replace', tableId);
  if (!table.statics.some((route) => route.destination === destination)) {
    throw new Ec2Error('InvalidParameterValue', `There is no route defined for '${destination}' in the route table. Use CreateRoute instead.`);
  }
  return withTable(state, { ...table, statics: table.statics.map((route) => (route.destination === destination ? { destination, target } : route)) });
};

export const deleteRoute = (state: CloudState, tableId: string, to: string): CloudState => {
  const table = findTable(state, tableId);
  const destination = destinationOf(state, to);
  refuseLocal(state, destination, 'remove', tableId);
  const statics = table.statics.filter((route) => route.destination !== destination);
  if (statics.length === table.statics.length) throw new Ec2Error('InvalidRoute.NotFound', `no route with destination-cidr-block ${destination} in route table ${tableId}`);
  return withTable(state, { ...table, statics });
};

export const setPropagation = (state: CloudState, tableId: string, vgw: string, on: boolean): CloudState => {
  const table = findTable(state, tableId);
  find(state.vgws, vgw, 'InvalidGatewayID.NotFound', 'gateway ID');
  const others = table.propagating.filter((id) => id !== vgw);
  return withTable(state, { ...table, propagating: on ? [...others, vgw] : others });
};

/** BGP's view of the VGW, the whole list. VPC networks are not propagated back. */
export const setNetworks = (state: CloudState, vgw: string, networks: readonly string[]): CloudState => {
  find(state.vgws, vgw, 'InvalidGatewayID.NotFound', 'gateway ID');
  const kept = [...new Set(networks.map(canonical))].filter((network) => network !== state.vpc.cidr);
  return { ...state, vgws: state.vgws.map((other) => (other.id === vgw ? { ...other, networks: kept } : other)) };
};

export const setSourceDestCheck = (state: CloudState, instance: InstanceRecord, enabled: boolean): CloudState =>
  withInstance(state, { ...instance, sourceDestCheck: enabled });

/** @param reassociate take it from whoever has it. */
export const associateAddress = (state: CloudState, allocation: string, instance: InstanceRecord, reassociate: boolean): CloudState => {
  const { publicIp } = find(state.addresses, allocation, 'InvalidAllocationID.NotFound', 'allocation ID');
  const owner = state.instances.find((other) => other.publicIp === publicIp);
  if (owner !== undefined && owner.id !== instance.id && !reassociate) throw new Ec2Error('Resource.AlreadyAssociated', `resource ${allocation} is already associated with associate-id ${associationOf(owner)}`);
  const freed = owner === undefined ? state : withInstance(state, { ...owner, publicIp: undefined });
  return withInstance(freed, { ...findInstance(freed, instance.id), publicIp });
};

export const associationOf = ({ eni }: InstanceRecord): string => `eipassoc-${eni.slice(4)}`;

export const disassociateAddress = (state: CloudState, association: string): CloudState => {
  const owner = state.instances.find((instance) => instance.publicIp !== undefined && associationOf(instance) === association);
  if (owner === undefined) throw new Ec2Error('InvalidAssociationID.NotFound', `The association ID '${association}' does not exist`);
  return withInstance(state, { ...owner, publicIp: undefined });
};

const wrongState = (id: string, verb: string): Ec2Error => new Ec2Error('IncorrectInstanceState', `The instance '${id}' is not in a state from which it can be ${verb}.`);

/** Stopping what is stopped or stopping is no error; Force shortens a stop under way. */
export const stopInstance = (state: CloudState, id: string, force: boolean, now: number, times: TransitionTimes): CloudState => {
  const instance = findInstance(state, id);
  if (instance.state === 'pending') throw wrongState(id, 'stopped');
  if (instance.state === 'stopped') return state;
  const at = now + (force ? times.forcedStopMs : times.stopMs);
  const sooner = instance.due === undefined ? at : Math.min(at, instance.due.at);
  return withInstance(state, { ...instance, state: 'stopping', due: { at: sooner, to: 'stopped' } });
};

/** Starting what runs is no error; what is still stopping can't be started. */
export const startInstance = (state: CloudState, id: string, now: number, times: TransitionTimes): CloudState => {
  const instance = findInstance(state, id);
  if (instance.state === 'stopping') throw wrongState(id, 'started');
  if (instance.state !== 'stopped') return state;
  return withInstance(state, { ...instance, state: 'pending', due: { at: now + times.startMs, to: 'running' } });
};

/** Transitions whose time has come. */
export const advance = (state: CloudState, now: number): CloudState =>
  state.instances
    .filter(({ due }) => due !== undefined && due.at <= now)
    .reduce((next, instance) => withInstance(next, { ...instance, state: instance.due!.to, due: undefined }), state);
