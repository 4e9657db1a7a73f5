import type { Action } from './actions.ts';
import type { CloudModel } from './model.ts';
import { FILTERS, PAGES, TAGGED, tagsByKind, tagSet, takes } from './params.ts';
import { list, required, select, set } from './protocol.ts';
import { ApiError } from './error.ts';
import { findIn, findSubnet, fresh, replaced, type CloudState, type NatGateway } from './state.ts';
import { addTags, tagsOf, withoutTags } from './tag-state.ts';

const stateOf = ({ deletedAt }: NatGateway, { now, times }: CloudModel): string =>
  deletedAt === undefined ? 'available' : now() - deletedAt < times.attachMs ? 'deleting' : 'deleted';

/** @throws ApiError: EC2's own word, which says nothing of a NAT gateway. */
export const refuseHeldByNat = ({ natGateways }: CloudState, allocation: string, cloud: CloudModel): void => {
  if (natGateways.some((one) => one.allocation === allocation && stateOf(one, cloud) !== 'deleted'))
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
      stateOf(one, cloud) !== 'deleted',
  );

/** NAT gateways and launch templates, which nothing stands behind: they are there to be found and removed. */
export const NAT_ACTIONS: Readonly<Record<string, Action>> = {
  CreateNatGateway: takes(['SubnetId', 'AllocationId', 'ClientToken', ...TAGGED], ({ cloud, params }) => {
    const [, id] = cloud.make((state) => {
      const subnet = findSubnet(state, required(params, 'SubnetId'));
      const { id: allocation } = findIn(
        state.addresses,
        required(params, 'AllocationId'),
        'InvalidAllocationID.NotFound',
        'allocation ID',
      );
      const [made, next] = fresh(state, 'nat');
      return [
        addTags(
          {
            ...next,
            natGateways: [
              ...next.natGateways,
              { id: made, vpc: subnet.vpc, subnet: subnet.id, allocation, deletedAt: undefined },
            ],
          },
          [made],
          tagsByKind(params, 'natgateway').natgateway,
        ),
        made,
      ];
    });
    return { natGateway: { natGatewayId: id, state: 'available' } };
  }),

  DescribeNatGateways: takes(['NatGatewayId.#', ...FILTERS, ...PAGES], ({ cloud, state, params }) => {
    const page = select(params, state.natGateways, {
      idParameter: 'NatGatewayId',
      absent: (id) => new ApiError('NatGatewayNotFound', `The Nat Gateway ${id} was not found`),
      id: ({ id }) => id,
      fields: (one) => ({
        'nat-gateway-id': [one.id],
        'vpc-id': [one.vpc],
        'subnet-id': [one.subnet],
        state: [stateOf(one, cloud)],
      }),
      tags: ({ id }) => tagsOf(state, id),
    });
    return {
      natGatewaySet: set(
        page.items.map((one) => ({
          natGatewayId: one.id,
          vpcId: one.vpc,
          subnetId: one.subnet,
          state: stateOf(one, cloud),
          natGatewayAddressSet: set([{ allocationId: one.allocation }]),
          tagSet: tagSet(tagsOf(state, one.id)),
        })),
      ),
      nextToken: page.nextToken,
    };
  }),

  DeleteNatGateway: takes(['NatGatewayId'], ({ cloud, params }) => {
    const id = required(params, 'NatGatewayId');
    cloud.change((state) => {
      const found = state.natGateways.find((one) => one.id === id);
      if (found === undefined) throw new ApiError('NatGatewayNotFound', `The Nat Gateway ${id} was not found`);
      return {
        ...state,
        natGateways: replaced(state.natGateways, { ...found, deletedAt: found.deletedAt ?? cloud.now() }),
      };
    });
    return { natGatewayId: id };
  }),

  CreateLaunchTemplate: takes(
    ['LaunchTemplateName', 'ClientToken', 'LaunchTemplateData.InstanceType', ...TAGGED],
    ({ cloud, params }) => {
      const name = required(params, 'LaunchTemplateName');
      const [, id] = cloud.make((state) => {
        if (state.launchTemplates.some((one) => one.name === name))
          throw new ApiError(
            'InvalidLaunchTemplateName.AlreadyExistsException',
            'Launch template name already in use.',
          );
        const [made, next] = fresh(state, 'lt');
        return [
          addTags(
            { ...next, launchTemplates: [...next.launchTemplates, { id: made, name }] },
            [made],
            tagsByKind(params, 'launch-template')['launch-template'],
          ),
          made,
        ];
      });
      return { launchTemplate: { launchTemplateId: id, launchTemplateName: name } };
    },
  ),

  DescribeLaunchTemplates: takes(
    ['LaunchTemplateId.#', 'LaunchTemplateName.#', ...FILTERS, ...PAGES],
    ({ state, params }) => {
      const names = list(params, 'LaunchTemplateName');
      const page = select(
        params,
        state.launchTemplates.filter(({ name }) => names.length === 0 || names.includes(name)),
        {
          idParameter: 'LaunchTemplateId',
          absent: (id) =>
            new ApiError(
              'InvalidLaunchTemplateId.NotFound',
              `The specified launch template, with template ID ${id}, does not exist.`,
            ),
          id: ({ id }) => id,
          fields: ({ name }) => ({ 'launch-template-name': [name] }),
          tags: ({ id }) => tagsOf(state, id),
        },
      );
      return {
        launchTemplates: set(
          page.items.map(({ id, name }) => ({
            launchTemplateId: id,
            launchTemplateName: name,
            tagSet: tagSet(tagsOf(state, id)),
          })),
        ),
        nextToken: page.nextToken,
      };
    },
  ),

  DeleteLaunchTemplate: takes(['LaunchTemplateId'], ({ cloud, params }) => {
    const id = required(params, 'LaunchTemplateId');
    cloud.change((state) => {
      findIn(state.launchTemplates, id, 'InvalidLaunchTemplateId.NotFound', 'launch template ID');
      return withoutTags({ ...state, launchTemplates: state.launchTemplates.filter((one) => one.id !== id) }, id);
    });
    return { launchTemplate: { launchTemplateId: id } };
  }),
};
