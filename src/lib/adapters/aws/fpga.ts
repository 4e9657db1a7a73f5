import type { FpgaImage as SdkImage } from '@aws-sdk/client-ec2';
import type { Aws } from '../../core/aws.ts';
import { HybridError } from '../../core/errors.ts';
import type { FpgaCloud, FpgaImage, FpgaOptions, ImageState, SharingChange } from '../../core/fpga.ts';
import { awsApi } from './api.ts';
import type { Tuning } from './config.ts';
import { slotBoard } from './fpga-slots.ts';

const STATES: readonly ImageState[] = ['pending', 'available', 'failed', 'unavailable'];

/** `INACCESSIBLE_INPUT: Error accessing resource in S3.`: the code is what error tables list. */
const failureOf = (message: string): FpgaImage['failure'] => {
  const [, code = 'UNKNOWN', rest = message] = /^([A-Z][A-Z0-9_]*)(?::\s*(.*))?$/s.exec(message) ?? [];
  return { code, message: rest.trim() };
};

const imageOf = (image: SdkImage): FpgaImage => {
  const state = STATES.find((name) => name === image.State?.Code) ?? 'unavailable';
  return {
    id: image.FpgaImageId ?? '',
    globalId: image.FpgaImageGlobalId ?? null,
    name: image.Name ?? null,
    description: image.Description ?? null,
    state,
    failure: state === 'failed' ? failureOf(image.State?.Message ?? '') : null,
    shell: image.ShellVersion ?? null,
    owner: image.OwnerId ?? null,
    public: image.Public ?? null,
    encrypted: null,
    createdAt: image.CreateTime?.toISOString() ?? null,
    updatedAt: image.UpdateTime?.toISOString() ?? null,
    tags: Object.fromEntries((image.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
  };
};

const permissions = ({ accounts, everybody }: SharingChange['add']) => [
  ...accounts.map((UserId) => ({ UserId })),
  ...(everybody ? [{ Group: 'all' as const }] : []),
];

/** Families with FPGAs: F1 (ended in 2025) and F2. */
const FPGA_TYPES = ['f1.*', 'f2.*'];

/**
 * EC2's FPGA images (AFIs). Boards have no API: their tools run on the instance (aws-fpga,
 * sdk/userspace/fpga_mgmt_tools).
 */
export const awsFpga = (options: FpgaOptions & { readonly region: string }, tuning: Partial<Tuning> = {}): FpgaCloud =>
  fpgaOver(awsApi(options, tuning), options.machine);

export const fpgaOver = (aws: Aws, machine: FpgaOptions['machine']): FpgaCloud => ({
  cloud: 'aws',
  region: aws.region,
  images: async (ids) =>
    (
      await aws.all(
        'ec2',
        'DescribeFpgaImages',
        ids === undefined ? { Owners: ['self'] } : { FpgaImageIds: [...ids] },
        'FpgaImages',
      )
    ).map(imageOf),

  async rehearse({ bucket, key, logs }) {
    try {
      await aws.ask('ec2', 'CreateFpgaImage', {
        InputStorageLocation: { Bucket: bucket, Key: key },
        LogsStorageLocation: { Bucket: bucket, Key: logs },
        DryRun: true,
      });
    } catch (error) {
      // EC2's way to say that it would have gone well.
      if (!(error instanceof HybridError && error.code === 'DryRunOperation')) throw error;
    }
  },

  async create({ bucket, key, logs, name, description, tags, token }) {
    const { FpgaImageId, FpgaImageGlobalId } = await aws.ask('ec2', 'CreateFpgaImage', {
      InputStorageLocation: { Bucket: bucket, Key: key },
      LogsStorageLocation: { Bucket: bucket, Key: logs },
      Name: name,
      Description: description,
      ClientToken: token,
      ...(Object.keys(tags).length === 0
        ? {}
        : {
            TagSpecifications: [
              { ResourceType: 'fpga-image', Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
            ],
          }),
    });
    return { id: FpgaImageId ?? '', globalId: FpgaImageGlobalId ?? null };
  },

  remove: async (id) => void (await aws.ask('ec2', 'DeleteFpgaImage', { FpgaImageId: id })),
  copy: async ({ id, from, name, token }) =>
    (
      await aws.ask('ec2', 'CopyFpgaImage', {
        SourceFpgaImageId: id,
        SourceRegion: from,
        Name: name,
        ClientToken: token,
      })
    ).FpgaImageId ?? '',

  sharing: {
    async get(id) {
      const { FpgaImageAttribute: load } = await aws.ask('ec2', 'DescribeFpgaImageAttribute', {
        FpgaImageId: id,
        Attribute: 'loadPermission',
      });
      const { FpgaImageAttribute: codes } = await aws.ask('ec2', 'DescribeFpgaImageAttribute', {
        FpgaImageId: id,
        Attribute: 'productCodes',
      });
      const granted = load?.LoadPermissions ?? [];
      return {
        accounts: granted.flatMap(({ UserId }) => UserId ?? []),
        everybody: granted.some(({ Group }) => Group === 'all'),
        productCodes: (codes?.ProductCodes ?? []).flatMap(({ ProductCodeId }) => ProductCodeId ?? []),
      };
    },
    change: async (id, { add, remove }) =>
      void (await aws.ask('ec2', 'ModifyFpgaImageAttribute', {
        FpgaImageId: id,
        Attribute: 'loadPermission',
        LoadPermission: { Add: permissions(add), Remove: permissions(remove) },
      })),
  },

  async instances(ids) {
    const reservations = await aws.all(
      'ec2',
      'DescribeInstances',
      ids === undefined
        ? {
            Filters: [
              { Name: 'instance-type', Values: FPGA_TYPES },
              { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] },
            ],
          }
        : { InstanceIds: [...ids] },
      'Reservations',
    );
    return reservations
      .flatMap(({ Instances = [] }) => Instances)
      .map(({ InstanceId, InstanceType, State, PublicIpAddress, PrivateIpAddress }) => ({
        id: InstanceId ?? '',
        type: InstanceType ?? null,
        state: State?.Name ?? null,
        address: PublicIpAddress ?? PrivateIpAddress ?? null,
        boards: null,
      }));
  },

  load: ({ board, image }) => slotBoard(machine, 'fpga-load-local-image', board, ['-I', image]),
  board: ({ board }) => slotBoard(machine, 'fpga-describe-local-image', board, []),
});
