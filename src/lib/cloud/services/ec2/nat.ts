import * as sdk from '@aws-sdk/client-ec2';
import { ApiError } from '../../error.ts';
import type { Operations } from '../../service.ts';
import { findIn, findSubnet, replaced } from '../../state.ts';
import { tagList } from '../../tags.ts';
import { needed, tagsByKind, takes } from './input.ts';
import { natState } from './nat-state.ts';
import { select } from './select.ts';
import { tagsOf, withoutTags } from './tag-state.ts';
import { making } from './vpcs.ts';

const noGateway = (id: string): ApiError => new ApiError('NatGatewayNotFound', `The Nat Gateway ${id} was not found`);

/** NAT gateways and launch templates, which nothing stands behind: they are there to be found and removed. */
export const nat = {
  CreateNatGateway: takes(
    sdk.CreateNatGateway$,
    ['SubnetId', 'AllocationId', 'ClientToken', 'TagSpecifications'],
    (input, cloud) => {
      const wanted = needed(input.AllocationId, 'AllocationId');
      const [, NatGatewayId] = cloud.make((state) => {
        const subnet = findSubnet(state, needed(input.SubnetId, 'SubnetId'));
        const { id: allocation } = findIn(state.addresses, wanted, 'InvalidAllocationID.NotFound', 'allocation ID');
        return making(state, 'nat', tagsByKind(input.TagSpecifications, 'natgateway').natgateway, (at, id) => ({
          ...at,
          natGateways: [
            ...at.natGateways,
            { id, vpc: subnet.vpc, subnet: subnet.id, allocation, deletedAt: undefined },
          ],
        }));
      });
      return { NatGateway: { NatGatewayId, State: 'available' as const } };
    },
  ),

  DescribeNatGateways: takes(
    sdk.DescribeNatGateways$,
    ['NatGatewayIds', 'Filter', 'MaxResults', 'NextToken'],
    (input, cloud) => {
      const { state } = cloud;
      const { items, NextToken } = select({ ...input, Filters: input.Filter }, state.natGateways, {
        ids: input.NatGatewayIds,
        absent: noGateway,
        id: ({ id }) => id,
        fields: (one) => ({
          'nat-gateway-id': [one.id],
          'vpc-id': [one.vpc],
          'subnet-id': [one.subnet],
          state: [natState(one, cloud)],
        }),
        tags: ({ id }) => tagsOf(state, id),
      });
      return {
        NatGateways: items.map((one) => ({
          NatGatewayId: one.id,
          VpcId: one.vpc,
          SubnetId: one.subnet,
          State: natState(one, cloud),
          NatGatewayAddresses: [{ AllocationId: one.allocation }],
          Tags: tagList(tagsOf(state, one.id)),
        })),
        NextToken,
      };
    },
  ),

  DeleteNatGateway: takes(sdk.DeleteNatGateway$, ['NatGatewayId'], ({ NatGatewayId }, cloud) => {
    cloud.change((state) => {
      const found = state.natGateways.find((one) => one.id === NatGatewayId);
      if (found === undefined) throw noGateway(NatGatewayId);
      const gone = { ...found, deletedAt: found.deletedAt ?? cloud.now() };
      return { ...state, natGateways: replaced(state.natGateways, gone) };
    });
    return { NatGatewayId };
  }),

  CreateLaunchTemplate: takes(
    sdk.CreateLaunchTemplate$,
    ['LaunchTemplateName', 'ClientToken', 'LaunchTemplateData.InstanceType', 'TagSpecifications'],
    ({ LaunchTemplateName: name, TagSpecifications }, cloud) => {
      const tags = tagsByKind(TagSpecifications, 'launch-template')['launch-template'];
      const [, LaunchTemplateId] = cloud.make((state) => {
        if (state.launchTemplates.some((one) => one.name === name))
          throw new ApiError(
            'InvalidLaunchTemplateName.AlreadyExistsException',
            'Launch template name already in use.',
          );
        return making(state, 'lt', tags, (at, id) => ({
          ...at,
          launchTemplates: [...at.launchTemplates, { id, name }],
        }));
      });
      return { LaunchTemplate: { LaunchTemplateId, LaunchTemplateName: name } };
    },
  ),

  DescribeLaunchTemplates: takes(
    sdk.DescribeLaunchTemplates$,
    ['LaunchTemplateIds', 'LaunchTemplateNames', 'Filters', 'MaxResults', 'NextToken'],
    (input, { state }) => {
      const { LaunchTemplateNames: names = [] } = input;
      const { items, NextToken } = select(
        input,
        state.launchTemplates.filter(({ name }) => names.length === 0 || names.includes(name)),
        {
          ids: input.LaunchTemplateIds,
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
        LaunchTemplates: items.map(({ id, name }) => ({
          LaunchTemplateId: id,
          LaunchTemplateName: name,
          Tags: tagList(tagsOf(state, id)),
        })),
        NextToken,
      };
    },
  ),

  DeleteLaunchTemplate: takes(sdk.DeleteLaunchTemplate$, ['LaunchTemplateId'], ({ LaunchTemplateId }, cloud) => {
    const id = needed(LaunchTemplateId, 'LaunchTemplateId');
    cloud.change((state) => {
      findIn(state.launchTemplates, id, 'InvalidLaunchTemplateId.NotFound', 'launch template ID');
      return withoutTags({ ...state, launchTemplates: state.launchTemplates.filter((one) => one.id !== id) }, id);
    });
    return { LaunchTemplate: { LaunchTemplateId: id } };
  }),
} satisfies Operations<'ec2'>;
