import type { Action } from './actions.ts';
import { hasNat } from './actions-nat.ts';
import { TAGGED, tagsByKind, takes } from './params.ts';
import { optional, required, type Xml } from './protocol.ts';
import { findTable, type TableState } from './route-state.ts';
import { ApiError, invalidValue } from './error.ts';
import { canonical, findIn, findSubnet, findVpc, fresh, hasInterface, replaced, type CloudState } from './state.ts';
import type { Tags } from './tags.ts';
import { addTags, withoutTags } from './tag-state.ts';

const DONE: Xml = { return: true };
const findGateway = (state: CloudState, id: string) =>
  findIn(state.internetGateways, id, 'InvalidInternetGatewayID.NotFound', 'internetGateway ID');
const inUse = (what: string, id: string): ApiError =>
  new ApiError('DependencyViolation', `The ${what} '${id}' has dependencies and cannot be deleted.`);
const networkIn = (text: string): string => {
  const network = canonical(text);
  if (network === undefined)
    throw invalidValue(`Value (${text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`);
  return network;
};

/** Makes one thing with a new id and its tags. */
const making = (
  state: CloudState,
  prefix: string,
  tags: Tags,
  put: (state: CloudState, id: string) => CloudState,
): readonly [CloudState, string] => {
  const [id, next] = fresh(state, prefix);
  return [addTags(put(next, id), [id], tags), id];
};

const associationOf = (subnet: string): string => `rtbassoc-${subnet.slice('subnet-'.length)}`;

/** Whether a VPC holds anything that must go first. What it was born with (main table, default group) goes with it. */
const isEmpty = (state: CloudState, vpc: string): boolean =>
  ![
    state.subnets.some((one) => one.vpc === vpc),
    state.internetGateways.some((one) => one.vpc === vpc),
    state.tables.some((one) => one.vpc === vpc && !one.main),
    state.securityGroups.some((one) => one.vpc === vpc && one.name !== 'default'),
    state.instances.some((one) => one.vpc === vpc && hasInterface(one)),
    state.vgws.some(({ attachment }) => attachment?.vpc === vpc && attachment.state !== 'detached'),
  ].includes(true);

/** The VPC and its parts: made, put together, taken apart. */
export const VPC_ACTIONS: Readonly<Record<string, Action>> = {
  CreateVpc: takes(['CidrBlock', ...TAGGED], ({ cloud, params }) => {
    const cidr = networkIn(required(params, 'CidrBlock'));
    const [, vpcId] = cloud.make((state) => {
      const [main, next] = fresh(state, 'rtb');
      return making(next, 'vpc', tagsByKind(params, 'vpc').vpc, (at, id) => ({
        ...at,
        vpcs: [...at.vpcs, { id, cidr }],
        tables: [...at.tables, { id: main, vpc: id, main: true, subnets: [], propagating: [], statics: [] }],
      }));
    });
    return { vpc: { vpcId, cidrBlock: cidr, state: 'available' } };
  }),

  DeleteVpc: takes(['VpcId'], ({ cloud, params }) => {
    cloud.change((state) => {
      const { id } = findVpc(state, required(params, 'VpcId'));
      if (!isEmpty(state, id) || hasNat(state, cloud, { vpc: id })) throw inUse('vpc', id);
      return withoutTags(
        {
          ...state,
          vpcs: state.vpcs.filter((one) => one.id !== id),
          tables: state.tables.filter(({ vpc }) => vpc !== id),
          securityGroups: state.securityGroups.filter(({ vpc }) => vpc !== id),
        },
        id,
      );
    });
    return DONE;
  }),

  CreateSubnet: takes(['VpcId', 'CidrBlock', 'AvailabilityZone', ...TAGGED], ({ cloud, params }) => {
    const cidr = networkIn(required(params, 'CidrBlock'));
    const [, subnetId] = cloud.make((state) => {
      const { id: vpc } = findVpc(state, required(params, 'VpcId'));
      return making(state, 'subnet', tagsByKind(params, 'subnet').subnet, (at, id) => ({
        ...at,
        subnets: [
          ...at.subnets,
          { id, vpc, cidr, az: optional(params, 'AvailabilityZone') ?? `${state.region}a`, givesPublicIp: false },
        ],
      }));
    });
    return { subnet: { subnetId, cidrBlock: cidr, state: 'available' } };
  }),

  DeleteSubnet: takes(['SubnetId'], ({ cloud, params }) => {
    cloud.change((state) => {
      const { id } = findSubnet(state, required(params, 'SubnetId'));
      if (state.instances.some((one) => one.subnet === id && hasInterface(one)) || hasNat(state, cloud, { subnet: id }))
        throw inUse('subnet', id);
      return withoutTags(
        {
          ...state,
          subnets: state.subnets.filter((one) => one.id !== id),
          tables: state.tables.map((one) => ({ ...one, subnets: one.subnets.filter((other) => other !== id) })),
        },
        id,
      );
    });
    return DONE;
  }),

  CreateRouteTable: takes(['VpcId', 'ClientToken', ...TAGGED], ({ cloud, params }) => {
    const [, routeTableId] = cloud.make((state) => {
      const { id: vpc } = findVpc(state, required(params, 'VpcId'));
      return making(state, 'rtb', tagsByKind(params, 'route-table')['route-table'], (at, id) => ({
        ...at,
        tables: [
          ...at.tables,
          { id, vpc, main: false, subnets: [], propagating: [], statics: [] } satisfies TableState,
        ],
      }));
    });
    return { routeTable: { routeTableId } };
  }),

  AssociateRouteTable: takes(['RouteTableId', 'SubnetId'], ({ cloud, params }) => {
    const subnet = required(params, 'SubnetId');
    cloud.change((state) => {
      const table = findTable(state, required(params, 'RouteTableId'));
      if (state.tables.some(({ subnets }) => subnets.includes(findSubnet(state, subnet).id)))
        throw new ApiError(
          'Resource.AlreadyAssociated',
          `the specified association for route table ${table.id} conflicts with an existing association`,
        );
      return { ...state, tables: replaced(state.tables, { ...table, subnets: [...table.subnets, subnet] }) };
    });
    return { associationId: associationOf(subnet), associationState: { state: 'associated' } };
  }),

  DisassociateRouteTable: takes(['AssociationId'], ({ cloud, params }) => {
    const association = required(params, 'AssociationId');
    cloud.change((state) => {
      if (!state.tables.some(({ subnets }) => subnets.some((one) => associationOf(one) === association)))
        throw new ApiError('InvalidAssociationID.NotFound', `The association ID '${association}' does not exist`);
      return {
        ...state,
        tables: state.tables.map((one) => ({
          ...one,
          subnets: one.subnets.filter((other) => associationOf(other) !== association),
        })),
      };
    });
    return DONE;
  }),

  DeleteRouteTable: takes(['RouteTableId'], ({ cloud, params }) => {
    cloud.change((state) => {
      const { id, main, subnets } = findTable(state, required(params, 'RouteTableId'));
      if (main || subnets.length > 0) throw inUse('routeTable', id);
      return withoutTags({ ...state, tables: state.tables.filter((one) => one.id !== id) }, id);
    });
    return DONE;
  }),

  CreateInternetGateway: takes([...TAGGED], ({ cloud, params }) => {
    const [, internetGatewayId] = cloud.make((state) =>
      making(state, 'igw', tagsByKind(params, 'internet-gateway')['internet-gateway'], (at, id) => ({
        ...at,
        internetGateways: [...at.internetGateways, { id, vpc: undefined }],
      })),
    );
    return { internetGateway: { internetGatewayId } };
  }),

  AttachInternetGateway: takes(['InternetGatewayId', 'VpcId'], ({ cloud, params }) => {
    cloud.change((state) => {
      const gateway = findGateway(state, required(params, 'InternetGatewayId'));
      if (gateway.vpc !== undefined)
        throw new ApiError(
          'Resource.AlreadyAssociated',
          `resource ${gateway.id} is already attached to network ${gateway.vpc}`,
        );
      return {
        ...state,
        internetGateways: replaced(state.internetGateways, {
          ...gateway,
          vpc: findVpc(state, required(params, 'VpcId')).id,
        }),
      };
    });
    return DONE;
  }),

  DetachInternetGateway: takes(['InternetGatewayId', 'VpcId'], ({ cloud, params }) => {
    cloud.change((state) => {
      const [gateway, vpc] = [findGateway(state, required(params, 'InternetGatewayId')), required(params, 'VpcId')];
      if (gateway.vpc !== vpc)
        throw new ApiError('Gateway.NotAttached', `resource ${gateway.id} is not attached to network ${vpc}`);
      const mapped =
        state.instances.some((one) => one.vpc === vpc && hasInterface(one) && one.publicIp !== undefined) ||
        hasNat(state, cloud, { vpc });
      if (mapped)
        throw new ApiError(
          'DependencyViolation',
          `Network ${vpc} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.`,
        );
      return { ...state, internetGateways: replaced(state.internetGateways, { ...gateway, vpc: undefined }) };
    });
    return DONE;
  }),

  DeleteInternetGateway: takes(['InternetGatewayId'], ({ cloud, params }) => {
    cloud.change((state) => {
      const { id, vpc } = findGateway(state, required(params, 'InternetGatewayId'));
      if (vpc !== undefined) throw inUse('internetGateway', id);
      return withoutTags({ ...state, internetGateways: state.internetGateways.filter((one) => one.id !== id) }, id);
    });
    return DONE;
  }),
};
