import * as sdk from '@aws-sdk/client-ec2';
import type { Input } from '../../../core/aws.ts';
import { ApiError, invalidValue } from '../../error.ts';
import type { Operations } from '../../service.ts';
import type { CloudState } from '../../state.ts';
import { tagList } from '../../tags.ts';
import {
  allocateAddress,
  associateAddress,
  associationOf,
  disassociateAddress,
  holderOf,
  releaseAddress,
} from './address-state.ts';
import { needed, tagsByKind, takes } from './input.ts';
import { findInstance, findInterface, type InstanceRecord } from './instance-state.ts';
import { refuseHeldByNat } from './nat-state.ts';
import { matching } from './select.ts';
import { tagsOf } from './tag-state.ts';

/** By instance or by interface; an instance has the one. */
const holderIn = (
  state: CloudState,
  { InstanceId: instance, NetworkInterfaceId: eni, PrivateIpAddress: wanted }: Input<'ec2', 'AssociateAddress'>,
): InstanceRecord => {
  if (instance === undefined && eni === undefined)
    throw new ApiError('MissingParameter', 'Either instance ID or network interface id must be specified');
  const holder = eni === undefined ? findInstance(state, instance!) : findInterface(state, eni);
  if (instance !== undefined && holder.id !== instance)
    throw new ApiError(
      'InvalidParameterCombination',
      'You may specify either an instance ID or a network interface ID, not both of different machines',
    );
  if (wanted !== undefined && wanted !== holder.privateIp)
    throw invalidValue(
      `Invalid value '${wanted}' for PrivateIpAddress. The address is not assigned to interface ${holder.eni}.`,
    );
  return holder;
};

/** Elastic IPs. */
export const addresses = {
  AllocateAddress: takes(
    sdk.AllocateAddress$,
    ['Domain', 'TagSpecifications'],
    ({ Domain = 'vpc', TagSpecifications }, cloud) => {
      if (Domain !== 'vpc') throw invalidValue(`Invalid value '${Domain}' for domain. Must be vpc.`);
      const tags = tagsByKind(TagSpecifications, 'elastic-ip')['elastic-ip'];
      const [{ region }, { id, publicIp }] = cloud.make((state) => allocateAddress(state, tags));
      return {
        PublicIp: publicIp,
        Domain,
        AllocationId: id,
        PublicIpv4Pool: 'amazon',
        NetworkBorderGroup: region,
      };
    },
  ),

  ReleaseAddress: takes(sdk.ReleaseAddress$, ['AllocationId'], ({ AllocationId }, cloud) => {
    const id = needed(AllocationId, 'AllocationId');
    cloud.change((state) => {
      refuseHeldByNat(state, id, cloud);
      return releaseAddress(state, id);
    });
    return {};
  }),

  AssociateAddress: takes(
    sdk.AssociateAddress$,
    ['AllocationId', 'InstanceId', 'NetworkInterfaceId', 'PrivateIpAddress', 'AllowReassociation'],
    (input, cloud) => {
      const holder = holderIn(cloud.state, input);
      const id = needed(input.AllocationId, 'AllocationId');
      cloud.change((state) => associateAddress(state, id, holder, input.AllowReassociation === true));
      return { AssociationId: associationOf(holder) };
    },
  ),

  DisassociateAddress: takes(sdk.DisassociateAddress$, ['AssociationId'], ({ AssociationId }, cloud) => {
    const id = needed(AssociationId, 'AssociationId');
    cloud.change((state) => disassociateAddress(state, id));
    return {};
  }),

  DescribeAddresses: takes(sdk.DescribeAddresses$, ['AllocationIds', 'PublicIps', 'Filters'], (input, { state }) => {
    const { PublicIps: wanted = [] } = input;
    const unknown = wanted.find((ip) => !state.addresses.some(({ publicIp }) => publicIp === ip));
    if (unknown !== undefined) throw new ApiError('InvalidAddress.NotFound', `Address '${unknown}' not found.`);
    const found = matching(
      input,
      state.addresses.map((address) => ({ ...address, owner: holderOf(state, address) })),
      {
        ids: input.AllocationIds,
        absent: (id) => new ApiError('InvalidAllocationID.NotFound', `The allocation ID '${id}' does not exist`),
        id: (address) => address.id,
        fields: ({ id, publicIp, owner }) => ({
          'allocation-id': [id],
          'association-id': [owner === undefined ? undefined : associationOf(owner)],
          'public-ip': [publicIp],
          'instance-id': [owner?.id],
          'network-interface-id': [owner?.eni],
          'private-ip-address': [owner?.privateIp],
          'network-border-group': [state.region],
          domain: ['vpc'],
        }),
        tags: ({ id }) => tagsOf(state, id),
      },
    );
    return {
      Addresses: found
        .filter(({ publicIp }) => wanted.length === 0 || wanted.includes(publicIp))
        .map(({ id, publicIp, owner }) => ({
          PublicIp: publicIp,
          AllocationId: id,
          Domain: 'vpc' as const,
          PublicIpv4Pool: 'amazon',
          NetworkBorderGroup: state.region,
          ...(owner === undefined
            ? {}
            : {
                AssociationId: associationOf(owner),
                InstanceId: owner.id,
                NetworkInterfaceId: owner.eni,
                NetworkInterfaceOwnerId: state.owner,
                PrivateIpAddress: owner.privateIp,
              }),
          Tags: tagList(tagsOf(state, id)),
        })),
    };
  }),
} satisfies Operations<'ec2'>;
