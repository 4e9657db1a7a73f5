import type { Action } from './actions.ts';
import { judge } from './fpga-build.ts';
import { findFpga, fpgaState, type FpgaRecord } from './fpga-state.ts';
import { FILTERS, PAGES, structure, structures, TAGGED, tagsByKind, tagSet, takes } from './params.ts';
import { list, optional, required, select, set, type Params, type Xml } from './protocol.ts';
import { ApiError, invalidValue } from './error.ts';
import { fresh, replaced, type CloudState } from './state.ts';
import { addTags, tagsOf, withoutTags } from './tag-state.ts';

const iso = (ms: number): string => new Date(ms).toISOString();
const place = (params: Params, name: string) => {
  const at = structure(params, name);
  return { bucket: required(at, 'Bucket'), key: required(at, 'Key') };
};

const imageXml = (state: CloudState, image: FpgaRecord, now: number): Xml => {
  const code = fpgaState(image, now);
  const { pci, shell, error } = image.build;
  return {
    fpgaImageId: image.id,
    fpgaImageGlobalId: image.globalId,
    name: image.name,
    description: image.description,
    ...(code === 'available'
      ? {
          shellVersion: shell,
          pciId: {
            DeviceId: pci?.device,
            VendorId: pci?.vendor,
            SubsystemId: pci?.subsystem,
            SubsystemVendorId: pci?.subsystemVendor,
          },
        }
      : {}),
    state: { code, message: code === 'failed' ? error : undefined },
    createTime: iso(image.createdAt),
    updateTime: iso(code === 'pending' ? image.createdAt : image.readyAt),
    ownerId: state.owner,
    public: image.everybody,
    tags: tagSet(tagsOf(state, image.id)),
  };
};

const attributeXml = (image: FpgaRecord, attribute: string): Xml => ({
  fpgaImageAttribute: {
    fpgaImageId: image.id,
    ...(attribute === 'loadPermission'
      ? {
          loadPermissions: set([
            ...image.accounts.map((userId) => ({ userId })),
            ...(image.everybody ? [{ group: 'all' }] : []),
          ]),
        }
      : {}),
    ...(attribute === 'name' ? { name: image.name } : {}),
    ...(attribute === 'description' ? { description: image.description } : {}),
    ...(attribute === 'productCodes' ? { productCodes: '' } : {}),
  },
});

const grantsIn = (
  params: Params,
  name: string,
): { readonly accounts: readonly string[]; readonly everybody: boolean } => {
  const items = structures(params, `LoadPermission.${name}`);
  const accounts = items.flatMap((item) => optional(item, 'UserId') ?? []);
  const wrong = accounts.find((account) => !/^\d{12}$/.test(account));
  if (wrong !== undefined) throw new ApiError('InvalidAttributeValue', `Invalid user ID: ${wrong}`);
  return { accounts, everybody: items.some((item) => item.get('Group') === 'all') };
};

export const FPGA_ACTIONS: Readonly<Record<string, Action>> = {
  CreateFpgaImage: takes(
    [
      'InputStorageLocation.Bucket',
      'InputStorageLocation.Key',
      'LogsStorageLocation.Bucket',
      'LogsStorageLocation.Key',
      'Name',
      'Description',
      'ClientToken',
      ...TAGGED,
    ],
    ({ cloud, params }) => {
      const input = place(params, 'InputStorageLocation');
      const logs = params.has('LogsStorageLocation.Bucket') ? place(params, 'LogsStorageLocation') : undefined;
      const token = optional(params, 'ClientToken');
      const tags = tagsByKind(params, 'fpga-image')['fpga-image'];
      const { log, ...build } = judge(cloud.objects, input.bucket, input.key, cloud.stateAt(0).region);
      const [, { image, made }] = cloud.make((state) => {
        const known = token === undefined ? undefined : state.fpgaImages.find((one) => one.token === token);
        if (known !== undefined) return [state, { image: known, made: false }];
        const [id, next] = fresh(state, 'afi');
        const image: FpgaRecord = {
          id,
          globalId: `agfi-${id.slice(4)}`,
          name: optional(params, 'Name'),
          description: optional(params, 'Description'),
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
        cloud.objects.put(
          logs.bucket,
          `${logs.key.replace(/\/?$/, '/')}${image.id}/${iso(image.createdAt).slice(0, 10)}_vivado.log`,
          Buffer.from(log),
          image.readyAt,
        );
      }
      return { fpgaImageId: image.id, fpgaImageGlobalId: image.globalId };
    },
  ),

  DescribeFpgaImages: takes(['FpgaImageId.#', 'Owner.#', ...FILTERS, ...PAGES], ({ cloud, state, params }) => {
    const owners = list(params, 'Owner');
    for (const id of list(params, 'FpgaImageId')) findFpga(state, id);
    const all = state.fpgaImages.filter(
      () => owners.length === 0 || owners.includes('self') || owners.includes(state.owner),
    );
    const { items, nextToken } = select(params, all, {
      idParameter: 'FpgaImageId',
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
    return { fpgaImageSet: set(items.map((image) => imageXml(state, image, cloud.now()))), nextToken };
  }),

  CopyFpgaImage: takes(
    ['SourceFpgaImageId', 'SourceRegion', 'Name', 'Description', 'ClientToken'],
    ({ cloud, params }) => {
      const [source, from, token] = [
        required(params, 'SourceFpgaImageId'),
        required(params, 'SourceRegion'),
        optional(params, 'ClientToken'),
      ];
      const [, id] = cloud.make((state) => {
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
          name: optional(params, 'Name') ?? original?.name,
          description: optional(params, 'Description') ?? original?.description,
          createdAt: cloud.now(),
          readyAt: cloud.now() + cloud.times.buildMs,
          build,
          token,
          accounts: [],
          everybody: false,
        };
        return [{ ...next, fpgaImages: [...next.fpgaImages, record] }, copy];
      });
      return { fpgaImageId: id };
    },
  ),

  DescribeFpgaImageAttribute: takes(['FpgaImageId', 'Attribute'], ({ state, params }) =>
    attributeXml(findFpga(state, required(params, 'FpgaImageId')), required(params, 'Attribute')),
  ),

  ModifyFpgaImageAttribute: takes(
    [
      'FpgaImageId',
      'Attribute',
      'LoadPermission.Add.#.UserId',
      'LoadPermission.Add.#.Group',
      'LoadPermission.Remove.#.UserId',
      'LoadPermission.Remove.#.Group',
      'Name',
      'Description',
    ],
    ({ cloud, params }) => {
      const [id, attribute] = [required(params, 'FpgaImageId'), required(params, 'Attribute')];
      const [add, remove] = [grantsIn(params, 'Add'), grantsIn(params, 'Remove')];
      const [, image] = cloud.make((state) => {
        const before = findFpga(state, id);
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
      return attributeXml(image, attribute);
    },
  ),

  DeleteFpgaImage: takes(['FpgaImageId'], ({ cloud, params }) => {
    cloud.change((state) => {
      const { id } = findFpga(state, required(params, 'FpgaImageId'));
      return withoutTags({ ...state, fpgaImages: state.fpgaImages.filter((one) => one.id !== id) }, id);
    });
    return { return: true };
  }),
};
