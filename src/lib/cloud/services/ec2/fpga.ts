import * as sdk from '@aws-sdk/client-ec2';
import type { FpgaImage, FpgaImageAttribute, LoadPermissionRequest, StorageLocation } from '@aws-sdk/client-ec2';
import { ApiError, invalidValue } from '../../error.ts';
import type { Operations } from '../../service.ts';
import { fresh, replaced, type CloudState } from '../../state.ts';
import { tagList } from '../../tags.ts';
import { judge } from './fpga-build.ts';
import { findFpga, fpgaState, type FpgaRecord } from './fpga-state.ts';
import { needed, tagsByKind, takes } from './input.ts';
import { select } from './select.ts';
import { addTags, tagsOf, withoutTags } from './tag-state.ts';

const placeIn = ({ Bucket, Key }: StorageLocation) => ({ bucket: needed(Bucket, 'Bucket'), key: needed(Key, 'Key') });

const imageOf = (state: CloudState, image: FpgaRecord, now: number): FpgaImage => {
  const code = fpgaState(image, now);
  const { pci, shell, error } = image.build;
  return {
    FpgaImageId: image.id,
    FpgaImageGlobalId: image.globalId,
    Name: image.name,
    Description: image.description,
    ...(code === 'available'
      ? {
          ShellVersion: shell,
          PciId: {
            DeviceId: pci?.device,
            VendorId: pci?.vendor,
            SubsystemId: pci?.subsystem,
            SubsystemVendorId: pci?.subsystemVendor,
          },
        }
      : {}),
    State: { Code: code, Message: code === 'failed' ? error : undefined },
    CreateTime: new Date(image.createdAt),
    UpdateTime: new Date(code === 'pending' ? image.createdAt : image.readyAt),
    OwnerId: state.owner,
    Public: image.everybody,
    Tags: tagList(tagsOf(state, image.id)),
  };
};

const attributeOf = (image: FpgaRecord, attribute: string): { FpgaImageAttribute: FpgaImageAttribute } => ({
  FpgaImageAttribute: {
    FpgaImageId: image.id,
    ...(attribute === 'loadPermission'
      ? {
          LoadPermissions: [
            ...image.accounts.map((UserId) => ({ UserId })),
            ...(image.everybody ? [{ Group: 'all' as const }] : []),
          ],
        }
      : {}),
    ...(attribute === 'name' ? { Name: image.name } : {}),
    ...(attribute === 'description' ? { Description: image.description } : {}),
    ...(attribute === 'productCodes' ? { ProductCodes: [] } : {}),
  },
});

const grantsIn = (
  items: readonly LoadPermissionRequest[] = [],
): { readonly accounts: readonly string[]; readonly everybody: boolean } => {
  const accounts = items.flatMap(({ UserId }) => (UserId === undefined || UserId === '' ? [] : [UserId]));
  const wrong = accounts.find((account) => !/^\d{12}$/.test(account));
  if (wrong !== undefined) throw new ApiError('InvalidAttributeValue', `Invalid user ID: ${wrong}`);
  return { accounts, everybody: items.some(({ Group }) => Group === 'all') };
};

/** FPGA images: built, copied, lent. */
export const fpga = {
  CreateFpgaImage: takes(
    sdk.CreateFpgaImage$,
    ['InputStorageLocation', 'LogsStorageLocation', 'Name', 'Description', 'ClientToken', 'TagSpecifications'],
    (input, cloud) => {
      const design = placeIn(input.InputStorageLocation);
      const logs = input.LogsStorageLocation === undefined ? undefined : placeIn(input.LogsStorageLocation);
      const { ClientToken: token } = input;
      const tags = tagsByKind(input.TagSpecifications, 'fpga-image')['fpga-image'];
      const { log, ...build } = judge(cloud.objects, design.bucket, design.key, cloud.state.region);
      const [, { image, made }] = cloud.make((state) => {
        const known = token === undefined ? undefined : state.fpgaImages.find((one) => one.token === token);
        if (known !== undefined) return [state, { image: known, made: false }];
        const [id, next] = fresh(state, 'afi');
        const image: FpgaRecord = {
          id,
          globalId: `agfi-${id.slice(4)}`,
          name: input.Name,
          description: input.Description,
          createdAt: cloud.now(),
          readyAt: cloud.now() + cloud.times.buildMs,
          build,
          token,
          accounts: [],
          everybody: false,
        };
        return [addTags({ ...next, fpgaImages: [...next.fpgaImages, image] }, [id], tags), { image, made: true }];
      });
      if (made && log !== undefined && logs !== undefined && cloud.objects.buckets.has(logs.bucket)) {
        const day = new Date(image.createdAt).toISOString().slice(0, 10);
        cloud.objects.put(
          logs.bucket,
          `${logs.key.replace(/\/?$/, '/')}${image.id}/${day}_vivado.log`,
          Buffer.from(log),
          image.readyAt,
        );
      }
      return { FpgaImageId: image.id, FpgaImageGlobalId: image.globalId };
    },
  ),

  DescribeFpgaImages: takes(
    sdk.DescribeFpgaImages$,
    ['FpgaImageIds', 'Owners', 'Filters', 'MaxResults', 'NextToken'],
    (input, cloud) => {
      const { state } = cloud;
      const { Owners: owners = [], FpgaImageIds: ids = [] } = input;
      for (const id of ids) findFpga(state, id);
      const all = state.fpgaImages.filter(
        () => owners.length === 0 || owners.includes('self') || owners.includes(state.owner),
      );
      const { items, NextToken } = select(input, all, {
        ids,
        absent: (id) => new ApiError('InvalidFpgaImageID.NotFound', `The image ID '${id}' does not exist`),
        id: ({ id }) => id,
        fields: (image) => ({
          'fpga-image-id': [image.id],
          'fpga-image-global-id': [image.globalId],
          name: [image.name],
          'owner-id': [state.owner],
          state: [fpgaState(image, cloud.now())],
          'shell-version': [image.build.shell],
        }),
        tags: ({ id }) => tagsOf(state, id),
      });
      return { FpgaImages: items.map((image) => imageOf(state, image, cloud.now())), NextToken };
    },
  ),

  CopyFpgaImage: takes(
    sdk.CopyFpgaImage$,
    ['SourceFpgaImageId', 'SourceRegion', 'Name', 'Description', 'ClientToken'],
    (input, cloud) => {
      const { SourceFpgaImageId: source, SourceRegion: from, ClientToken: token } = input;
      const [, FpgaImageId] = cloud.make((state) => {
        const known = token === undefined ? undefined : state.fpgaImages.find((one) => one.token === token);
        if (known !== undefined) return [state, known.id];
        // Another region can't be looked into at once: what is wrong there is told by the copy's state.
        const original = from === state.region ? findFpga(state, source) : undefined;
        if (original !== undefined && fpgaState(original, cloud.now()) !== 'available')
          throw new ApiError('IncorrectState', `Image '${source}' is not in a suitable state to allow copying.`);
        const [copy, next] = fresh(state, 'afi');
        const build = original?.build ?? {
          error: 'NOT_FOUND: Source image is not found or the user ID is not authorized to copy source image.',
          shell: undefined,
          pci: undefined,
        };
        const record: FpgaRecord = {
          id: copy,
          globalId: original?.globalId ?? `agfi-${copy.slice(4)}`,
          name: input.Name ?? original?.name,
          description: input.Description ?? original?.description,
          createdAt: cloud.now(),
          readyAt: cloud.now() + cloud.times.buildMs,
          build,
          token,
          accounts: [],
          everybody: false,
        };
        return [{ ...next, fpgaImages: [...next.fpgaImages, record] }, copy];
      });
      return { FpgaImageId };
    },
  ),

  DescribeFpgaImageAttribute: takes(
    sdk.DescribeFpgaImageAttribute$,
    ['FpgaImageId', 'Attribute'],
    ({ FpgaImageId, Attribute }, { state }) => attributeOf(findFpga(state, FpgaImageId), Attribute),
  ),

  ModifyFpgaImageAttribute: takes(
    sdk.ModifyFpgaImageAttribute$,
    ['FpgaImageId', 'Attribute', 'LoadPermission', 'Name', 'Description'],
    ({ FpgaImageId, Attribute, LoadPermission: { Add, Remove } = {} }, cloud) => {
      const attribute = needed(Attribute, 'Attribute');
      const [add, remove] = [grantsIn(Add), grantsIn(Remove)];
      const [, image] = cloud.make((state) => {
        const before = findFpga(state, FpgaImageId);
        if (attribute !== 'loadPermission')
          throw invalidValue(
            `Value (${attribute}) for parameter attribute is invalid. This endpoint changes loadPermission.`,
          );
        const accounts = [...new Set([...before.accounts, ...add.accounts])].filter(
          (account) => !remove.accounts.includes(account),
        );
        const after: FpgaRecord = {
          ...before,
          accounts,
          everybody: (before.everybody || add.everybody) && !remove.everybody,
        };
        return [{ ...state, fpgaImages: replaced(state.fpgaImages, after) }, after];
      });
      return attributeOf(image, attribute);
    },
  ),

  DeleteFpgaImage: takes(sdk.DeleteFpgaImage$, ['FpgaImageId'], ({ FpgaImageId }, cloud) => {
    cloud.change((state) => {
      const { id } = findFpga(state, FpgaImageId);
      return withoutTags({ ...state, fpgaImages: state.fpgaImages.filter((one) => one.id !== id) }, id);
    });
    return { Return: true };
  }),
} satisfies Operations<'ec2'>;
