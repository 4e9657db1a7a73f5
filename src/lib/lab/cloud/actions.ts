import type { CloudModel } from './model.ts';
import { list, required, select, set, tags, type Json, type Params, type Xml } from './protocol.ts';
import { ROUTE_ACTIONS } from './actions-routes.ts';
import { INSTANCE_ACTIONS } from './actions-instances.ts';
import { associationOf, Ec2Error, type CloudState } from './state.ts';

/**
 * One operation: reads see `state`, which may be older than the present; writes go through `cloud.change`. Its input is
 * `params` in the query protocols and `json` in the JSON ones; the other is empty.
 */
export type Action = (call: { readonly cloud: CloudModel; readonly state: CloudState; readonly params: Params; readonly json: Json }) => Xml;

const notFound = (code: string, what: string) => (id: string) => new Ec2Error(code, `The ${what} '${id}' does not exist`);

const NETWORK_ACTIONS: Readonly<Record<string, Action>> = {
  DescribeRegions: ({ state }) => ({
    regionInfo: set([{ regionName: state.region, regionEndpoint: `ec2.${state.region}.amazonaws.com${state.region.startsWith('cn-') ? '.cn' : ''}`, optInStatus: 'opt-in-not-required' }]),
  }),

  DescribeVpcs: ({ state, params }) => {
    const page = select(params, [state.vpc], {
      idParameter: 'VpcId',
      absent: notFound('InvalidVpcID.NotFound', 'vpc ID'),
      id: (vpc) => vpc.id,
      fields: (vpc) => ({ 'vpc-id': [vpc.id], cidr: [vpc.cidr], 'cidr-block': [vpc.cidr], 'is-default': ['false'], state: ['available'], 'tag:Name': [vpc.name] }),
    });
    return {
      vpcSet: set(
        page.items.map((vpc) => ({
          vpcId: vpc.id,
          ownerId: state.owner,
          state: 'available',
          cidrBlock: vpc.cidr,
          cidrBlockAssociationSet: set([{ cidrBlock: vpc.cidr, associationId: `vpc-cidr-assoc-${vpc.id.slice(4)}`, cidrBlockState: { state: 'associated' } }]),
          instanceTenancy: 'default',
          isDefault: false,
          tagSet: tags(vpc.name),
        })),
      ),
      nextToken: page.nextToken,
    };
  },

  DescribeSubnets: ({ state, params }) => {
    const page = select(params, state.subnets, {
      idParameter: 'SubnetId',
      absent: (id) => new Ec2Error('InvalidSubnetID.NotFound', `The subnet ID '${id}' does not exist`),
      id: (subnet) => subnet.id,
      fields: (subnet) => ({ 'subnet-id': [subnet.id], 'vpc-id': [state.vpc.id], 'cidr-block': [subnet.cidr], 'availability-zone': [subnet.az], 'tag:Name': [subnet.name] }),
    });
    return {
      subnetSet: set(page.items.map((subnet) => ({ subnetId: subnet.id, vpcId: state.vpc.id, ownerId: state.owner, state: 'available', cidrBlock: subnet.cidr, availabilityZone: subnet.az, tagSet: tags(subnet.name) }))),
      nextToken: page.nextToken,
    };
  },

  DescribeVpnGateways: ({ state, params }) => {
    const page = select(params, state.vgws, {
      idParameter: 'VpnGatewayId',
      absent: notFound('InvalidVpnGatewayID.NotFound', 'vpnGateway ID'),
      id: (vgw) => vgw.id,
      fields: (vgw) => ({ 'vpn-gateway-id': [vgw.id], 'attachment.vpc-id': [state.vpc.id], state: ['available'], type: ['ipsec.1'], 'amazon-side-asn': [String(vgw.asn)] }),
    });
    return {
      vpnGatewaySet: set(page.items.map((vgw) => ({ vpnGatewayId: vgw.id, state: 'available', type: 'ipsec.1', amazonSideAsn: vgw.asn, attachments: set([{ vpcId: state.vpc.id, state: 'attached' }]) }))),
    };
  },

  DescribeAddresses: ({ state, params }) => {
    const addresses = state.addresses.map((address) => ({ ...address, owner: state.instances.find(({ publicIp }) => publicIp === address.publicIp) }));
    const page = select(params, addresses, {
      idParameter: 'AllocationId',
      absent: (id) => new Ec2Error('InvalidAllocationID.NotFound', `The allocation ID '${id}' does not exist`),
      id: (address) => address.id,
      fields: ({ id, publicIp, owner }) => ({ 'allocation-id': [id], 'public-ip': [publicIp], 'instance-id': [owner?.id], 'network-interface-id': [owner?.eni], 'private-ip-address': [owner?.privateIp], domain: ['vpc'] }),
    });
    const wanted = list(params, 'PublicIp');
    const unknown = wanted.find((ip) => !state.addresses.some(({ publicIp }) => publicIp === ip));
    if (unknown !== undefined) throw new Ec2Error('InvalidAddress.NotFound', `Address '${unknown}' not found.`);
    return {
      addressesSet: set(
        page.items
          .filter(({ publicIp }) => wanted.length === 0 || wanted.includes(publicIp))
          .map(({ id, publicIp, owner }) => ({
            publicIp,
            allocationId: id,
            domain: 'vpc',
            ...(owner === undefined
              ? {}
              : { associationId: associationOf(owner), instanceId: owner.id, networkInterfaceId: owner.eni, networkInterfaceOwnerId: state.owner, privateIpAddress: owner.privateIp }),
          })),
      ),
    };
  },

  DescribeManagedPrefixLists: ({ state, params }) => {
    const page = select(params, state.prefixLists, {
      idParameter: 'PrefixListId',
      absent: notFound('InvalidPrefixListID.NotFound', 'prefix list ID'),
      id: (prefixList) => prefixList.id,
      fields: (prefixList) => ({ 'prefix-list-id': [prefixList.id], 'prefix-list-name': [prefixList.name], 'owner-id': [state.owner] }),
    });
    return {
      prefixListSet: set(page.items.map(({ id, name, entries }) => ({ prefixListId: id, prefixListName: name, addressFamily: 'IPv4', state: 'create-complete', maxEntries: Math.max(entries.length, 1), version: 1, ownerId: state.owner }))),
      nextToken: page.nextToken,
    };
  },

  GetManagedPrefixListEntries: ({ state, params }) => {
    const id = required(params, 'PrefixListId');
    const found = state.prefixLists.find((prefixList) => prefixList.id === id);
    if (found === undefined) throw notFound('InvalidPrefixListID.NotFound', 'prefix list ID')(id);
    return { entrySet: set(found.entries.map((cidr) => ({ cidr }))) };
  },
};

export const EC2_ACTIONS: Readonly<Record<string, Action>> = { ...NETWORK_ACTIONS, ...ROUTE_ACTIONS, ...INSTANCE_ACTIONS };
