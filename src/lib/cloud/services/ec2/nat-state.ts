import { ApiError } from '../../error.ts';
import type { CloudModel } from '../../model.ts';
import type { CloudState, NatGateway } from '../../state.ts';

export const natState = (
  { deletedAt }: NatGateway,
  { now, times }: Pick<CloudModel, 'now' | 'times'>,
): 'available' | 'deleting' | 'deleted' =>
  deletedAt === undefined ? 'available' : now() - deletedAt < times.attachMs ? 'deleting' : 'deleted';

/** @throws ApiError: EC2's own word, which says nothing of a NAT gateway. */
export const refuseHeldByNat = ({ natGateways }: CloudState, allocation: string, cloud: CloudModel): void => {
  if (natGateways.some((one) => one.allocation === allocation && natState(one, cloud) !== 'deleted'))
    throw new ApiError('AuthFailure', 'You do not have permission to access the specified resource.');
};

/** Whether a subnet or a VPC still has one. */
export const hasNat = (
  { natGateways }: CloudState,
  cloud: CloudModel,
  where: Partial<Pick<NatGateway, 'subnet' | 'vpc'>>,
): boolean =>
  natGateways.some(
    (one) =>
      (where.subnet === undefined || one.subnet === where.subnet) &&
      (where.vpc === undefined || one.vpc === where.vpc) &&
      natState(one, cloud) !== 'deleted',
  );
