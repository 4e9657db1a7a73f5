import { cidr } from '../domain/cidr.ts';
import { partitionOf } from '../domain/partition.ts';
import type { Action } from './actions.ts';
import { FILTERS, PAGES, tagSet, takes } from './params.ts';
import { list, required, select, set } from './protocol.ts';
import { ApiError } from './error.ts';
import { findIn, hasInterface, type CloudState, type Subnet } from './state.ts';
import { tagsOf } from './tag-state.ts';

const notFound = (code: string, what: string) => (id: string) =>
  new ApiError(code, `The ${what} '${id}' does not exist`);

/** What a subnet has left: EC2 keeps five for itself. */
const freeIn = ({ instances }: CloudState, { id, cidr: network }: Subnet): number => {
  const { first, last } = cidr(network);
  return last - first + 1 - 5 - instances.filter((one) => hasInterface(one) && one.subnet === id).length;
};

/**
 * Three zones of the region, and whichever else the site is in: a Local Zone is named after its city,
 * `us-west-2-lax-1a`.
 */
const zonesOf = ({ region, subnets }: CloudState): readonly string[] =>
  [...new Set([...['a', 'b', 'c'].map((letter) => region + letter), ...subnets.map(({ az }) => az)])].sort();

/** `cnn1-az1` for `cn-north-1a`: the same place in every account, which the name is not. */
const zoneId = (zone: string): string => {
  const [area = '', side = '', number = '', city] = zone.split('-');
  const region = `${area}${(side.match(/north|south|east|west|central/g) ?? []).map(([letter]) => letter).join('')}${Number.parseInt(number, 10)}`;
  return `${region}-${city === undefined ? '' : `${city}${Number.parseInt(zone.split('-')[4] ?? '1', 10)}-`}az${Math.max(1, zone.charCodeAt(zone.length - 1) - 96)}`;
};

const zoneElement = (region: string, zone: string) => {
  const local = zone.split('-').length > 3;
  return {
    zoneName: zone,
    zoneState: 'available',
    regionName: region,
    zoneId: zoneId(zone),
    zoneType: local ? 'local-zone' : 'availability-zone',
    groupName: local ? zone.slice(0, -1) : region,
    networkBorderGroup: local ? zone.slice(0, -1) : region,
    optInStatus: local ? 'opted-in' : 'opt-in-not-required',
    messageSet: '',
    ...(local ? { parentZoneName: `${region}a` } : {}),
  };
};

export const NETWORK_ACTIONS: Readonly<Record<string, Action>> = {
  DescribeRegions: takes(['RegionName.#', 'AllRegions', ...FILTERS], ({ state }) => ({
    regionInfo: set([
      {
        regionName: state.region,
        regionEndpoint: `ec2.${state.region}.${partitionOf(state.region).suffix}`,
        optInStatus: 'opt-in-not-required',
      },
    ]),
  })),

  DescribeAvailabilityZones: takes(
    ['ZoneName.#', 'ZoneId.#', 'AllAvailabilityZones', ...FILTERS],
    ({ state, params }) => {
      const ids = list(params, 'ZoneId');
      const { items } = select(
        params,
        zonesOf(state).map((zone) => zoneElement(state.region, zone)),
        {
          idParameter: 'ZoneName',
          absent: (zone) => new ApiError('InvalidParameterValue', `Invalid availability zone: [${zone}]`),
          id: ({ zoneName }) => zoneName,
          fields: (zone) => ({
            'zone-name': [zone.zoneName],
            'zone-id': [zone.zoneId],
            'region-name': [zone.regionName],
            state: [zone.zoneState],
            'zone-type': [zone.zoneType],
            'group-name': [zone.groupName],
            'opt-in-status': [zone.optInStatus],
          }),
          whole: true,
        },
      );
      return { availabilityZoneInfo: set(items.filter((zone) => ids.length === 0 || ids.includes(zone.zoneId))) };
    },
  ),

  DescribeVpcs: takes(['VpcId.#', ...FILTERS, ...PAGES], ({ state, params }) => {
    const page = select(params, state.vpcs, {
      idParameter: 'VpcId',
      absent: notFound('InvalidVpcID.NotFound', 'vpc ID'),
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
      vpcSet: set(
        page.items.map((vpc) => ({
          vpcId: vpc.id,
          ownerId: state.owner,
          state: 'available',
          cidrBlock: vpc.cidr,
          cidrBlockAssociationSet: set([
            {
              cidrBlock: vpc.cidr,
              associationId: `vpc-cidr-assoc-${vpc.id.slice(4)}`,
              cidrBlockState: { state: 'associated' },
            },
          ]),
          instanceTenancy: 'default',
          isDefault: false,
          tagSet: tagSet(tagsOf(state, vpc.id)),
        })),
      ),
      nextToken: page.nextToken,
    };
  }),

  DescribeSubnets: takes(['SubnetId.#', ...FILTERS, ...PAGES], ({ state, params }) => {
    const page = select(params, state.subnets, {
      idParameter: 'SubnetId',
      absent: notFound('InvalidSubnetID.NotFound', 'subnet ID'),
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
      subnetSet: set(
        page.items.map((subnet) => ({
          subnetId: subnet.id,
          vpcId: subnet.vpc,
          ownerId: state.owner,
          state: 'available',
          cidrBlock: subnet.cidr,
          availableIpAddressCount: freeIn(state, subnet),
          availabilityZone: subnet.az,
          availabilityZoneId: zoneId(subnet.az),
          defaultForAz: false,
          mapPublicIpOnLaunch: subnet.givesPublicIp,
          tagSet: tagSet(tagsOf(state, subnet.id)),
        })),
      ),
      nextToken: page.nextToken,
    };
  }),

  DescribeInternetGateways: takes(['InternetGatewayId.#', ...FILTERS, ...PAGES], ({ state, params }) => {
    const page = select(params, state.internetGateways, {
      idParameter: 'InternetGatewayId',
      absent: notFound('InvalidInternetGatewayID.NotFound', 'internetGateway ID'),
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
      internetGatewaySet: set(
        page.items.map(({ id, vpc }) => ({
          internetGatewayId: id,
          ownerId: state.owner,
          attachmentSet: set(vpc === undefined ? [] : [{ vpcId: vpc, state: 'available' }]),
          tagSet: tagSet(tagsOf(state, id)),
        })),
      ),
      nextToken: page.nextToken,
    };
  }),

  DescribeManagedPrefixLists: takes(['PrefixListId.#', ...FILTERS, ...PAGES], ({ state, params }) => {
    const nameOf = (id: string): string => tagsOf(state, id)['Name'] ?? id;
    const page = select(params, state.prefixLists, {
      idParameter: 'PrefixListId',
      absent: notFound('InvalidPrefixListID.NotFound', 'prefix list ID'),
      id: (prefixList) => prefixList.id,
      fields: ({ id }) => ({ 'prefix-list-id': [id], 'prefix-list-name': [nameOf(id)], 'owner-id': [state.owner] }),
      tags: ({ id }) => tagsOf(state, id),
    });
    return {
      prefixListSet: set(
        page.items.map(({ id, entries }) => ({
          prefixListId: id,
          prefixListName: nameOf(id),
          addressFamily: 'IPv4',
          state: 'create-complete',
          maxEntries: Math.max(entries.length, 1),
          version: 1,
          ownerId: state.owner,
          tagSet: tagSet(tagsOf(state, id)),
        })),
      ),
      nextToken: page.nextToken,
    };
  }),

  GetManagedPrefixListEntries: takes(['PrefixListId', 'TargetVersion', ...PAGES], ({ state, params }) => {
    const found = findIn(
      state.prefixLists,
      required(params, 'PrefixListId'),
      'InvalidPrefixListID.NotFound',
      'prefix list ID',
    );
    return { entrySet: set(found.entries.map((network) => ({ cidr: network }))) };
  }),
};
