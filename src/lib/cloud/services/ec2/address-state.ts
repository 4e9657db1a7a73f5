import { findInstance, withInstance, type InstanceRecord } from './instance-state.ts';
import { ApiError, invalidValue } from '../../error.ts';
import { findIn, fresh, freshPublicIp, type Address, type CloudState } from '../../state.ts';
import type { Tags } from '../../tags.ts';
import { addTags, withoutTags } from './tag-state.ts';

export const allocateAddress = (state: CloudState, tags: Tags): readonly [CloudState, Address] => {
  if (state.addresses.length >= state.quotas.addresses)
    throw new ApiError('AddressLimitExceeded', 'The maximum number of addresses has been reached.');
  const [publicIp, addressed] = freshPublicIp(state);
  const [id, numbered] = fresh(addressed, 'eipalloc');
  return [addTags({ ...numbered, addresses: [...numbered.addresses, { id, publicIp }] }, [id], tags), { id, publicIp }];
};

const findAddress = (state: CloudState, allocation: string): Address =>
  findIn(state.addresses, allocation, 'InvalidAllocationID.NotFound', 'allocation ID');
export const holderOf = (state: CloudState, { publicIp }: Address): InstanceRecord | undefined =>
  state.instances.find((instance) => instance.publicIp === publicIp);

export const releaseAddress = (state: CloudState, allocation: string): CloudState => {
  const address = findAddress(state, allocation);
  if (holderOf(state, address) !== undefined)
    throw new ApiError('InvalidIPAddress.InUse', `Address ${address.publicIp} is in use.`);
  return withoutTags({ ...state, addresses: state.addresses.filter(({ id }) => id !== allocation) }, allocation);
};

/** @param reassociate take it from whoever has it. */
export const associateAddress = (
  state: CloudState,
  allocation: string,
  instance: InstanceRecord,
  reassociate: boolean,
): CloudState => {
  const address = findAddress(state, allocation);
  const owner = holderOf(state, address);
  if (owner !== undefined && owner.id !== instance.id && !reassociate)
    throw new ApiError(
      'Resource.AlreadyAssociated',
      `resource ${allocation} is already associated with associate-id ${associationOf(owner)}`,
    );
  if (instance.state === 'pending' || instance.state === 'shutting-down' || instance.state === 'terminated')
    throw new ApiError(
      'InvalidInstanceID',
      `The ${instance.state} instance '${instance.id}' is not in a valid state for this operation.`,
    );
  const { vpc } = instance;
  if (!state.internetGateways.some((gateway) => gateway.vpc === vpc))
    throw new ApiError('Gateway.NotAttached', `Network ${vpc} is not attached to any internet gateway`);
  const freed = owner === undefined ? state : withInstance(state, { ...owner, publicIp: undefined });
  return withInstance(freed, { ...findInstance(freed, instance.id), publicIp: address.publicIp });
};

export const associationOf = ({ eni }: InstanceRecord): string => `eipassoc-${eni.slice(4)}`;

export const disassociateAddress = (state: CloudState, association: string): CloudState => {
  const owner = state.instances.find(
    (instance) => instance.publicIp !== undefined && associationOf(instance) === association,
  );
  if (owner === undefined)
    throw new ApiError('InvalidAssociationID.NotFound', `The association ID '${association}' does not exist`);
  // A borrowed address is no association.
  if (!state.addresses.some(({ publicIp }) => publicIp === owner.publicIp))
    throw invalidValue(`The address of '${owner.id}' is not an Elastic IP address`);
  return withInstance(state, { ...owner, publicIp: undefined });
};
