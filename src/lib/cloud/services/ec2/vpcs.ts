import * as sdk from '@aws-sdk/client-ec2';
import { ApiError, invalidValue } from '../../error.ts';
import type { Operations } from '../../service.ts';
import { canonical, findIn, findVpc, fresh, hasInterface, replaced, type CloudState } from '../../state.ts';
import { tagList, type Tags } from '../../tags.ts';
import { needed, tagsByKind, takes } from './input.ts';
import { hasNat } from './nat-state.ts';
import { select } from './select.ts';
import { addTags, tagsOf, withoutTags } from './tag-state.ts';

const findGateway = (state: CloudState, id: string) =>
  findIn(state.internetGateways, id, 'InvalidInternetGatewayID.NotFound', 'internetGateway ID');

export const inUse = (what: string, id: string): ApiError =>
  new ApiError('DependencyViolation', `The ${what} '${id}' has dependencies and cannot be deleted.`);

export const networkIn = (text: string | undefined): string => {
  const network = canonical(needed(text, 'CidrBlock'));
  if (network === undefined)
    throw invalidValue(`Value (${text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`);
  return network;
};

/** Makes one thing with a new id and its tags. */
export const making = (
  state: CloudState,
  prefix: string,
  tags: Tags,
  put: (state: CloudState, id: string) => CloudState,
): readonly [CloudState, string] => {
  const [id, next] = fresh(state, prefix);
  return [addTags(put(next, id), [id], tags), id];
};

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

/** The VPC and its internet gateway: made, put together, taken apart. */
export const vpcs = {
  CreateVpc: takes(sdk.CreateVpc$, ['CidrBlock', 'TagSpecifications'], ({ CidrBlock, TagSpecifications }, cloud) => {
    const cidr = networkIn(CidrBlock);
    const [, VpcId] = cloud.make((state) => {
      const [main, next] = fresh(state, 'rtb');
      return making(next, 'vpc', tagsByKind(TagSpecifications, 'vpc').vpc, (at, id) => ({
        ...at,
        vpcs: [...at.vpcs, { id, cidr }],
        tables: [...at.tables, { id: main, vpc: id, main: true, subnets: [], propagating: [], statics: [] }],
      }));
    });
    return { Vpc: { VpcId, CidrBlock: cidr, State: 'available' as const } };
  }),

  DeleteVpc: takes(sdk.DeleteVpc$, ['VpcId'], ({ VpcId }, cloud) => {
    cloud.change((state) => {
      const { id } = findVpc(state, VpcId);
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
    return {};
  }),

  DescribeVpcs: takes(sdk.DescribeVpcs$, ['VpcIds', 'Filters', 'MaxResults', 'NextToken'], (input, { state }) => {
    const { items, NextToken } = select(input, state.vpcs, {
      ids: input.VpcIds,
      absent: (id) => new ApiError('InvalidVpcID.NotFound', `The vpc ID '${id}' does not exist`),
      id: (vpc) => vpc.id,
      fields: (vpc) => ({
        'vpc-id': [vpc.id],
        cidr: [vpc.cidr],
        'cidr-block': [vpc.cidr],
        'cidr-block-association.cidr-block': [vpc.cidr],
        'is-default': ['false'],
        isDefault: ['false'],
        'owner-id': [state.owner],
        state: ['available'],
      }),
      tags: (vpc) => tagsOf(state, vpc.id),
    });
    return {
      Vpcs: items.map((vpc) => ({
        VpcId: vpc.id,
        OwnerId: state.owner,
        State: 'available' as const,
        CidrBlock: vpc.cidr,
        CidrBlockAssociationSet: [
          {
            CidrBlock: vpc.cidr,
            AssociationId: `vpc-cidr-assoc-${vpc.id.slice(4)}`,
            CidrBlockState: { State: 'associated' as const },
          },
        ],
        InstanceTenancy: 'default' as const,
        IsDefault: false,
        Tags: tagList(tagsOf(state, vpc.id)),
      })),
      NextToken,
    };
  }),

  CreateInternetGateway: takes(sdk.CreateInternetGateway$, ['TagSpecifications'], ({ TagSpecifications }, cloud) => {
    const tags = tagsByKind(TagSpecifications, 'internet-gateway')['internet-gateway'];
    const [, InternetGatewayId] = cloud.make((state) =>
      making(state, 'igw', tags, (at, id) => ({
        ...at,
        internetGateways: [...at.internetGateways, { id, vpc: undefined }],
      })),
    );
    return { InternetGateway: { InternetGatewayId } };
  }),

  AttachInternetGateway: takes(
    sdk.AttachInternetGateway$,
    ['InternetGatewayId', 'VpcId'],
    ({ InternetGatewayId, VpcId }, cloud) => {
      cloud.change((state) => {
        const gateway = findGateway(state, InternetGatewayId);
        if (gateway.vpc !== undefined)
          throw new ApiError(
            'Resource.AlreadyAssociated',
            `resource ${gateway.id} is already attached to network ${gateway.vpc}`,
          );
        const attached = { ...gateway, vpc: findVpc(state, VpcId).id };
        return { ...state, internetGateways: replaced(state.internetGateways, attached) };
      });
      return {};
    },
  ),

  DetachInternetGateway: takes(
    sdk.DetachInternetGateway$,
    ['InternetGatewayId', 'VpcId'],
    ({ InternetGatewayId, VpcId: vpc }, cloud) => {
      cloud.change((state) => {
        const gateway = findGateway(state, InternetGatewayId);
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
      return {};
    },
  ),

  DeleteInternetGateway: takes(sdk.DeleteInternetGateway$, ['InternetGatewayId'], ({ InternetGatewayId }, cloud) => {
    cloud.change((state) => {
      const { id, vpc } = findGateway(state, InternetGatewayId);
      if (vpc !== undefined) throw inUse('internetGateway', id);
      return withoutTags({ ...state, internetGateways: state.internetGateways.filter((one) => one.id !== id) }, id);
    });
    return {};
  }),

  DescribeInternetGateways: takes(
    sdk.DescribeInternetGateways$,
    ['InternetGatewayIds', 'Filters', 'MaxResults', 'NextToken'],
    (input, { state }) => {
      const { items, NextToken } = select(input, state.internetGateways, {
        ids: input.InternetGatewayIds,
        absent: (id) =>
          new ApiError('InvalidInternetGatewayID.NotFound', `The internetGateway ID '${id}' does not exist`),
        id: (gateway) => gateway.id,
        fields: ({ id, vpc }) => ({
          'internet-gateway-id': [id],
          'attachment.vpc-id': [vpc],
          'attachment.state': [vpc === undefined ? undefined : 'available'],
          'owner-id': [state.owner],
        }),
        tags: (gateway) => tagsOf(state, gateway.id),
      });
      return {
        InternetGateways: items.map(({ id, vpc }) => ({
          InternetGatewayId: id,
          OwnerId: state.owner,
          // EC2 says `available` of an internet gateway, which the SDK's list of words does not have.
          Attachments: vpc === undefined ? [] : [{ VpcId: vpc, State: 'available' as 'attached' }],
          Tags: tagList(tagsOf(state, id)),
        })),
        NextToken,
      };
    },
  ),
} satisfies Operations<'ec2'>;
