import * as sdk from '@aws-sdk/client-ec2';
import type { AvailabilityZone, NetworkAclEntry } from '@aws-sdk/client-ec2';
import { cidr } from '../../../domain/cidr.ts';
import { partitionOf } from '../../../domain/partition.ts';
import { ApiError } from '../../error.ts';
import type { Operations } from '../../service.ts';
import { findIn, findSubnet, findVpc, hasInterface, idOf, type CloudState, type Subnet } from '../../state.ts';
import { tagList } from '../../tags.ts';
import { tagsByKind, takes } from './input.ts';
import { hasNat } from './nat-state.ts';
import { matching, select } from './select.ts';
import { tagsOf, withoutTags } from './tag-state.ts';
import { inUse, making, networkIn } from './vpcs.ts';

/** What a subnet has left: EC2 keeps five for itself. */
const freeIn = ({ instances }: CloudState, { id, cidr: network }: Subnet): number => {
  const { first, last } = cidr(network);
  return last - first + 1 - 5 - instances.filter((one) => hasInterface(one) && one.subnet === id).length;
};

/**
 * Three zones of the region, and whichever else the site is in: a Local Zone is named after its city,
 * `us-west-2-lax-1a`.
 */
const zonesOf = ({ region, subnets: all }: CloudState): readonly string[] =>
  [...new Set([...['a', 'b', 'c'].map((letter) => region + letter), ...all.map(({ az }) => az)])].sort();

/** `cnn1-az1` for `cn-north-1a`: the same place in every account, which the name is not. */
const zoneId = (zone: string): string => {
  const [area = '', side = '', number = '', city] = zone.split('-');
  const region = `${area}${(side.match(/north|south|east|west|central/g) ?? []).map(([letter]) => letter).join('')}${Number.parseInt(number, 10)}`;
  return `${region}-${city === undefined ? '' : `${city}${Number.parseInt(zone.split('-')[4] ?? '1', 10)}-`}az${Math.max(1, zone.charCodeAt(zone.length - 1) - 96)}`;
};

const zoneOf = (region: string, zone: string) => {
  const local = zone.split('-').length > 3;
  const group = local ? zone.slice(0, -1) : region;
  return {
    ZoneName: zone,
    State: 'available',
    RegionName: region,
    ZoneId: zoneId(zone),
    ZoneType: local ? 'local-zone' : 'availability-zone',
    GroupName: group,
    NetworkBorderGroup: group,
    OptInStatus: local ? 'opted-in' : 'opt-in-not-required',
    Messages: [],
    ...(local ? { ParentZoneName: `${region}a` } : {}),
  } as const satisfies AvailabilityZone;
};

/** A VPC's default network ACL, which lets everything pass; no other is made here. */
const aclEntry = (RuleNumber: number, RuleAction: 'allow' | 'deny', Egress: boolean): NetworkAclEntry => ({
  RuleNumber,
  Protocol: '-1',
  RuleAction,
  Egress,
  CidrBlock: '0.0.0.0/0',
});
const ACL_ENTRIES = [true, false].flatMap((egress) => [
  aclEntry(100, 'allow', egress),
  aclEntry(32_767, 'deny', egress),
]);

/** Where subnets are, and what says who may pass: zones, network ACLs, prefix lists. */
export const subnets = {
  DescribeRegions: takes(sdk.DescribeRegions$, ['RegionNames', 'AllRegions', 'Filters'], (_input, { state }) => ({
    Regions: [
      {
        RegionName: state.region,
        Endpoint: `ec2.${state.region}.${partitionOf(state.region).suffix}`,
        OptInStatus: 'opt-in-not-required',
      },
    ],
  })),

  DescribeAvailabilityZones: takes(
    sdk.DescribeAvailabilityZones$,
    ['ZoneNames', 'ZoneIds', 'AllAvailabilityZones', 'Filters'],
    (input, { state }) => {
      const { ZoneIds: ids = [] } = input;
      const found = matching(
        input,
        zonesOf(state).map((zone) => zoneOf(state.region, zone)),
        {
          ids: input.ZoneNames,
          absent: (zone) => new ApiError('InvalidParameterValue', `Invalid availability zone: [${zone}]`),
          id: ({ ZoneName }) => ZoneName,
          fields: (zone) => ({
            'zone-name': [zone.ZoneName],
            'zone-id': [zone.ZoneId],
            'region-name': [zone.RegionName],
            state: [zone.State],
            'zone-type': [zone.ZoneType],
            'group-name': [zone.GroupName],
            'opt-in-status': [zone.OptInStatus],
          }),
        },
      );
      return {
        AvailabilityZones: found
          .filter((zone) => ids.length === 0 || ids.includes(zone.ZoneId))
          .map((zone) => ({ ...zone, Messages: [] })),
      };
    },
  ),

  CreateSubnet: takes(
    sdk.CreateSubnet$,
    ['VpcId', 'CidrBlock', 'AvailabilityZone', 'TagSpecifications'],
    (input, cloud) => {
      const network = networkIn(input.CidrBlock);
      const [, SubnetId] = cloud.make((state) => {
        const { id: vpc } = findVpc(state, input.VpcId);
        const az = input.AvailabilityZone ?? `${state.region}a`;
        return making(state, 'subnet', tagsByKind(input.TagSpecifications, 'subnet').subnet, (at, id) => ({
          ...at,
          subnets: [...at.subnets, { id, vpc, cidr: network, az, givesPublicIp: false }],
        }));
      });
      return { Subnet: { SubnetId, CidrBlock: network, State: 'available' as const } };
    },
  ),

  DeleteSubnet: takes(sdk.DeleteSubnet$, ['SubnetId'], ({ SubnetId }, cloud) => {
    cloud.change((state) => {
      const { id } = findSubnet(state, SubnetId);
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
    return {};
  }),

  DescribeSubnets: takes(
    sdk.DescribeSubnets$,
    ['SubnetIds', 'Filters', 'MaxResults', 'NextToken'],
    (input, { state }) => {
      const { items, NextToken } = select(input, state.subnets, {
        ids: input.SubnetIds,
        absent: (id) => new ApiError('InvalidSubnetID.NotFound', `The subnet ID '${id}' does not exist`),
        id: (subnet) => subnet.id,
        fields: (subnet) => ({
          'subnet-id': [subnet.id],
          'vpc-id': [subnet.vpc],
          cidr: [subnet.cidr],
          'cidr-block': [subnet.cidr],
          'availability-zone': [subnet.az],
          'availability-zone-id': [zoneId(subnet.az)],
          'map-public-ip-on-launch': [String(subnet.givesPublicIp)],
          'owner-id': [state.owner],
          state: ['available'],
        }),
        tags: (subnet) => tagsOf(state, subnet.id),
      });
      return {
        Subnets: items.map((subnet) => ({
          SubnetId: subnet.id,
          VpcId: subnet.vpc,
          OwnerId: state.owner,
          State: 'available' as const,
          CidrBlock: subnet.cidr,
          AvailableIpAddressCount: freeIn(state, subnet),
          AvailabilityZone: subnet.az,
          AvailabilityZoneId: zoneId(subnet.az),
          DefaultForAz: false,
          MapPublicIpOnLaunch: subnet.givesPublicIp,
          Tags: tagList(tagsOf(state, subnet.id)),
        })),
        NextToken,
      };
    },
  ),

  DescribeNetworkAcls: takes(
    sdk.DescribeNetworkAcls$,
    ['NetworkAclIds', 'Filters', 'MaxResults', 'NextToken'],
    (input, { state }) => {
      const acls = state.vpcs.map((vpc) => {
        const id = idOf('acl', vpc.id);
        return {
          id,
          vpc: vpc.id,
          associations: state.subnets
            .filter((subnet) => subnet.vpc === vpc.id)
            .map((subnet) => ({
              NetworkAclAssociationId: idOf('aclassoc', subnet.id),
              NetworkAclId: id,
              SubnetId: subnet.id,
            })),
        };
      });
      const { items, NextToken } = select(input, acls, {
        ids: input.NetworkAclIds,
        absent: (id) => new ApiError('InvalidNetworkAclID.NotFound', `The networkAcl ID '${id}' does not exist`),
        id: ({ id }) => id,
        fields: ({ id, vpc, associations }) => ({
          'network-acl-id': [id],
          'vpc-id': [vpc],
          default: ['true'],
          'association.subnet-id': associations.map(({ SubnetId }) => SubnetId),
        }),
        tags: () => ({}),
      });
      return {
        NetworkAcls: items.map(({ id, vpc, associations }) => ({
          NetworkAclId: id,
          VpcId: vpc,
          OwnerId: state.owner,
          IsDefault: true,
          Entries: ACL_ENTRIES,
          Associations: associations,
          Tags: [],
        })),
        NextToken,
      };
    },
  ),

  DescribeManagedPrefixLists: takes(
    sdk.DescribeManagedPrefixLists$,
    ['PrefixListIds', 'Filters', 'MaxResults', 'NextToken'],
    (input, { state }) => {
      const nameOf = (id: string): string => tagsOf(state, id)['Name'] ?? id;
      const { items, NextToken } = select(input, state.prefixLists, {
        ids: input.PrefixListIds,
        absent: (id) => new ApiError('InvalidPrefixListID.NotFound', `The prefix list ID '${id}' does not exist`),
        id: (prefixList) => prefixList.id,
        fields: ({ id }) => ({ 'prefix-list-id': [id], 'prefix-list-name': [nameOf(id)], 'owner-id': [state.owner] }),
        tags: ({ id }) => tagsOf(state, id),
      });
      return {
        PrefixLists: items.map(({ id, entries }) => ({
          PrefixListId: id,
          PrefixListName: nameOf(id),
          AddressFamily: 'IPv4',
          State: 'create-complete' as const,
          MaxEntries: Math.max(entries.length, 1),
          Version: 1,
          OwnerId: state.owner,
          Tags: tagList(tagsOf(state, id)),
        })),
        NextToken,
      };
    },
  ),

  GetManagedPrefixListEntries: takes(
    sdk.GetManagedPrefixListEntries$,
    ['PrefixListId', 'TargetVersion', 'MaxResults', 'NextToken'],
    ({ PrefixListId }, { state }) => {
      const found = findIn(state.prefixLists, PrefixListId, 'InvalidPrefixListID.NotFound', 'prefix list ID');
      return { Entries: found.entries.map((network) => ({ Cidr: network })) };
    },
  ),
} satisfies Operations<'ec2'>;
