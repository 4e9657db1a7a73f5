import type { Action } from './actions.ts';
import { imagesOf } from './images.ts';
import { FILTERS, PAGES, takes } from './params.ts';
import { list, select, set } from './protocol.ts';
import { ApiError } from './error.ts';

export const IMAGE_ACTIONS: Readonly<Record<string, Action>> = {
  DescribeImages: takes(
    ['ImageId.#', 'Owner.#', 'ExecutableBy.#', 'IncludeDeprecated', 'IncludeDisabled', ...FILTERS, ...PAGES],
    ({ state, params }) => {
      const owners = list(params, 'Owner');
      const runners = list(params, 'ExecutableBy');
      const all = imagesOf(state.region)
        .filter(
          ({ owner, alias }) =>
            owners.length === 0 || owners.includes(owner) || (alias !== undefined && owners.includes(alias)),
        )
        // Every image here is public: permission by name nobody has.
        .filter(() => runners.length === 0 || runners.includes('all'));
      const page = select(params, all, {
        idParameter: 'ImageId',
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
        imagesSet: set(
          page.items.map((image) => ({
            imageId: image.id,
            imageLocation: `${image.alias ?? image.owner}/${image.name}`,
            imageState: 'available',
            imageOwnerId: image.owner,
            imageOwnerAlias: image.alias,
            creationDate: image.createdAt,
            isPublic: true,
            architecture: image.architecture,
            imageType: 'machine',
            name: image.name,
            description: image.description,
            rootDeviceType: 'ebs',
            rootDeviceName: image.rootDevice,
            blockDeviceMapping: set([
              {
                deviceName: image.rootDevice,
                ebs: {
                  snapshotId: `snap-${image.id.slice(4)}`,
                  volumeSize: 8,
                  deleteOnTermination: true,
                  volumeType: 'gp3',
                  encrypted: false,
                },
              },
            ]),
            virtualizationType: 'hvm',
            hypervisor: 'xen',
            enaSupport: true,
            platformDetails: 'Linux/UNIX',
          })),
        ),
        nextToken: page.nextToken,
      };
    },
  ),
};
