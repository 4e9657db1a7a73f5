import type { Action } from './actions.ts';
import {
  allocateAddress,
  associateAddress,
  associationOf,
  disassociateAddress,
  holderOf,
  releaseAddress,
} from './address-state.ts';
import { refuseHeldByNat } from './actions-nat.ts';
import { findInstance, findInterface, type InstanceRecord } from './instance-state.ts';
import { FILTERS, TAGGED, tagsByKind, tagSet, takes } from './params.ts';
import { list, optional, required, select, set, yes, type Params } from './protocol.ts';
import { ApiError, invalidValue } from './error.ts';
import type { CloudState } from './state.ts';
import { tagsOf } from './tag-state.ts';

/** By instance or by interface; an instance has the one. */
const holderIn = (state: CloudState, params: Params): InstanceRecord => {
  const [instance, eni] = [optional(params, 'InstanceId'), optional(params, 'NetworkInterfaceId')];
  if (instance === undefined && eni === undefined)
    throw new ApiError('MissingParameter', 'Either instance ID or network interface id must be specified');
  const holder = eni === undefined ? findInstance(state, instance!) : findInterface(state, eni);
  if (instance !== undefined && holder.id !== instance)
    throw new ApiError(
      'InvalidParameterCombination',
      'You may specify either an instance ID or a network interface ID, not both of different machines',
    );
  const wanted = optional(params, 'PrivateIpAddress');
  if (wanted !== undefined && wanted !== holder.privateIp)
    throw invalidValue(
      `Invalid value '${wanted}' for PrivateIpAddress. The address is not assigned to interface ${holder.eni}.`,
    );
  return holder;
};

export const ADDRESS_ACTIONS: Readonly<Record<string, Action>> = {
  AllocateAddress: takes(['Domain', ...TAGGED], ({ cloud, state: present, params }) => {
    const domain = optional(params, 'Domain') ?? 'vpc';
    if (domain !== 'vpc') throw invalidValue(`Invalid value '${domain}' for domain. Must be vpc.`);
    const tags = tagsByKind(params, 'elastic-ip')['elastic-ip'];
    const [, { id, publicIp }] = cloud.make((state) => allocateAddress(state, tags));
    return { publicIp, domain, allocationId: id, publicIpv4Pool: 'amazon', networkBorderGroup: present.region };
  }),

  ReleaseAddress: takes(['AllocationId'], ({ cloud, params }) => {
    cloud.change((state) => {
      refuseHeldByNat(state, required(params, 'AllocationId'), cloud);
      return releaseAddress(state, required(params, 'AllocationId'));
    });
    return { return: true };
  }),

  AssociateAddress: takes(
    ['AllocationId', 'InstanceId', 'NetworkInterfaceId', 'PrivateIpAddress', 'AllowReassociation'],
    ({ cloud, params }) => {
      const holder = holderIn(cloud.stateAt(0), params);
      cloud.change((state) =>
        associateAddress(state, required(params, 'AllocationId'), holder, yes(params, 'AllowReassociation')),
      );
      return { return: true, associationId: associationOf(holder) };
    },
  ),

  DisassociateAddress: takes(['AssociationId'], ({ cloud, params }) => {
    cloud.change((state) => disassociateAddress(state, required(params, 'AssociationId')));
    return { return: true };
  }),

  DescribeAddresses: takes(['AllocationId.#', 'PublicIp.#', ...FILTERS], ({ state, params }) => {
    const wanted = list(params, 'PublicIp');
    const unknown = wanted.find((ip) => !state.addresses.some(({ publicIp }) => publicIp === ip));
    if (unknown !== undefined) throw new ApiError('InvalidAddress.NotFound', `Address '${unknown}' not found.`);
    const { items } = select(
      params,
      state.addresses.map((address) => ({ ...address, owner: holderOf(state, address) })),
      {
        idParameter: 'AllocationId',
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
        whole: true,
      },
    );
    return {
      addressesSet: set(
        items
          .filter(({ publicIp }) => wanted.length === 0 || wanted.includes(publicIp))
          .map(({ id, publicIp, owner }) => ({
            publicIp,
            allocationId: id,
            domain: 'vpc',
            publicIpv4Pool: 'amazon',
            networkBorderGroup: state.region,
            ...(owner === undefined
              ? {}
              : {
                  associationId: associationOf(owner),
                  instanceId: owner.id,
                  networkInterfaceId: owner.eni,
                  networkInterfaceOwnerId: state.owner,
                  privateIpAddress: owner.privateIp,
                }),
            tagSet: tagSet(tagsOf(state, id)),
          })),
      ),
    };
  }),
};
