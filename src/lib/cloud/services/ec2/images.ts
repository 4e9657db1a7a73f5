import * as sdk from '@aws-sdk/client-ec2';
import { ApiError } from '../../error.ts';
import type { Operations } from '../../service.ts';
import { imagesOf } from './image-list.ts';
import { takes } from './input.ts';
import { select } from './select.ts';

/** Machine images. */
export const images = {
  DescribeImages: takes(
    sdk.DescribeImages$,
    [
      'ImageIds',
      'Owners',
      'ExecutableUsers',
      'IncludeDeprecated',
      'IncludeDisabled',
      'Filters',
      'MaxResults',
      'NextToken',
    ],
    (input, { state }) => {
      const { Owners: owners = [], ExecutableUsers: runners = [] } = input;
      const all = imagesOf(state.region)
        .filter(
          ({ owner, alias }) =>
            owners.length === 0 || owners.includes(owner) || (alias !== undefined && owners.includes(alias)),
        )
        // Every image here is public: permission by name nobody has.
        .filter(() => runners.length === 0 || runners.includes('all'));
      const { items, NextToken } = select(input, all, {
        ids: input.ImageIds,
        absent: (id) => new ApiError('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`),
        id: (image) => image.id,
        fields: (image) => ({
          'image-id': [image.id],
          name: [image.name],
          description: [image.description],
          architecture: [image.architecture],
          state: ['available'],
          'owner-id': [image.owner],
          'owner-alias': [image.alias],
          'root-device-type': ['ebs'],
          'root-device-name': [image.rootDevice],
          'virtualization-type': ['hvm'],
          'image-type': ['machine'],
          'is-public': ['true'],
          'ena-support': ['true'],
          hypervisor: ['xen'],
          'creation-date': [image.createdAt],
          'block-device-mapping.volume-type': ['gp3'],
        }),
        tags: () => ({}),
      });
      return {
        Images: items.map((image) => ({
          ImageId: image.id,
          ImageLocation: `${image.alias ?? image.owner}/${image.name}`,
          State: 'available' as const,
          OwnerId: image.owner,
          ImageOwnerAlias: image.alias,
          CreationDate: image.createdAt,
          Public: true,
          Architecture: image.architecture,
          ImageType: 'machine' as const,
          Name: image.name,
          Description: image.description,
          RootDeviceType: 'ebs' as const,
          RootDeviceName: image.rootDevice,
          BlockDeviceMappings: [
            {
              DeviceName: image.rootDevice,
              Ebs: {
                SnapshotId: `snap-${image.id.slice(4)}`,
                VolumeSize: 8,
                DeleteOnTermination: true,
                VolumeType: 'gp3' as const,
                Encrypted: false,
              },
            },
          ],
          VirtualizationType: 'hvm' as const,
          Hypervisor: 'xen' as const,
          EnaSupport: true,
          PlatformDetails: 'Linux/UNIX',
        })),
        NextToken,
      };
    },
  ),
} satisfies Operations<'ec2'>;
