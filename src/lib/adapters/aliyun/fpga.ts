import { aliyun, type AliyunAnswer } from '../../core/aliyun.ts';
import { failure, missingFlag, usageError } from '../../core/errors.ts';
import type { FpgaBoard, FpgaCloud, FpgaImage, FpgaOptions } from '../../core/fpga.ts';
import { FAAS_NAMES, faasVersionOf, tagsOf, tagsText, type FaasNames } from '../../domain/fpga/faas.ts';
import { aliyunApi } from './api.ts';
import { checkRole, findRole } from './faas-role.ts';

const STATES: Readonly<Record<string, FpgaImage['state']>> = { success: 'available', failed: 'failed' };

/** Alibaba Cloud ECS best practices §8.1.3: "at most ten FPGA images". */
const MOST_IMAGES = 10;

/** FaaS writes `None` for nothing. */
const textOf = (value: unknown): string | null =>
  value === undefined || value === null || value === '' || value === 'None' ? null : String(value);

/** `Fri Nov 09 2018 11:42:47 GMT+0800 (CST)` as ISO 8601; null: no such time. */
const timeOf = (value: unknown): string | null => {
  const at = Date.parse((textOf(value) ?? '').replace(/ \(.*\)$/, ''));
  return Number.isNaN(at) ? null : new Date(at).toISOString();
};

/**
 * The list is in `fpgaImage` of `FpgaImages`, the boards in `instance` of `Instances`; the names of lists changed
 * before, what they hold did not.
 */
const itemsWith = (answer: unknown, key: string): readonly AliyunAnswer[] => {
  if (Array.isArray(answer)) return answer.flatMap((item) => itemsWith(item, key));
  if (typeof answer !== 'object' || answer === null) return [];
  return key in answer ? [answer as AliyunAnswer] : Object.values(answer).flatMap((value) => itemsWith(value, key));
};

const imageOf = (item: AliyunAnswer, names: FaasNames): FpgaImage => {
  const state = STATES[String(item['State'])] ?? 'pending';
  return {
    id: String(item[names.image]),
    globalId: null,
    name: textOf(item['Name']),
    description: textOf(item['Description']),
    state,
    failure:
      state === 'failed'
        ? { code: 'failed', message: 'FaaS keeps no reason; the build log in compiling_logs/ has it' }
        : null,
    shell: textOf(item[names.shell]),
    owner: null,
    public: null,
    encrypted:
      item['Encrypted'] === undefined && item['Encryption'] === undefined
        ? null
        : String(item['Encrypted'] ?? item['Encryption']) === 'true',
    createdAt: timeOf(item['CreateTime']),
    updatedAt: timeOf(item['UpdateTime']),
    tags: tagsOf(textOf(item['Tags']) ?? ''),
  };
};

const boardOf = (item: AliyunAnswer): FpgaBoard => ({
  board: String(item['FpgaUUID'] ?? item['Bdf'] ?? ''),
  device: textOf(item['DeviceBDF'] ?? item['Bdf']),
  image: textOf(item['FpgaImageUUID'] ?? item['FpgaImageUniqueId']),
  shell: textOf(item['ShellUUID'] ?? item['shellUUID'] ?? item['ShellUniqueId']),
  state: textOf(item['TaskStatus'] ?? item['FpgaStatus']) ?? 'unknown',
  error: /fail|invalid|error/i.test(String(item['TaskStatus'] ?? '')) ? String(item['TaskStatus']) : null,
});

/** FPGA images and boards of FaaS, by the version of its API that the region has, or that is asked for. */
export const aliyunFpga = async ({ region: given, profile, signal, apiVersion }: FpgaOptions): Promise<FpgaCloud> => {
  const api = await aliyunApi({ region: given, profile, signal });
  const version = faasVersionOf(api.region, apiVersion);
  const names = FAAS_NAMES[version];
  const old = version === '2017-08-24';
  const ask = (action: string, params: Readonly<Record<string, string | undefined>> = {}) =>
    api.send(
      aliyun(
        'faas',
        action,
        Object.fromEntries(
          Object.entries(params).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
        ),
        version,
      ),
    );

  let role: Promise<string> | undefined;
  const roleArn = async (bucket?: string): Promise<string | undefined> =>
    old ? (role ??= findRole(api, bucket)) : undefined;

  const all = async (): Promise<readonly FpgaImage[]> =>
    itemsWith(await ask('DescribeFpgaImages'), names.image).map((item) => imageOf(item, names));
  const images = async (ids?: readonly string[]): Promise<readonly FpgaImage[]> => {
    const found = await all();
    return ids === undefined
      ? found
      : ids.map((id) => {
          const image = found.find((one) => one.id === id);
          if (image === undefined)
            throw failure(`there is no FPGA image ${id} in ${api.region}`, {
              code: 'IMAGE NOT FOUND',
              kind: 'absent',
              call: 'refused',
              next: `hybridctl fpga list --cloud aliyun --region ${api.region}`,
            });
          return image;
        });
  };
  const onlyOld = (what: string): void => {
    if (!old)
      throw usageError(`version ${version} of FaaS's API can't ${what}`, {
        field: '--api-version',
        next: 'give --api-version 2017-08-24',
      });
  };
  const boards = async (id: string): Promise<readonly FpgaBoard[]> =>
    itemsWith(await ask('DescribeFpgaInstances', { InstanceId: id, RoleArn: await roleArn() }), 'FpgaUUID').map(
      boardOf,
    );

  return {
    cloud: 'aliyun',
    region: api.region,
    most: MOST_IMAGES,
    images,
    rehearse: async (place) => checkRole(api, await roleArn(place.bucket), place),

    async create({ bucket, key, name, description, tags, kind, shell, kmsKey, email }) {
      if (kind === undefined) throw missingFlag('--fpga-type', 'add intel or xilinx: the object does not show it');
      if (shell === undefined)
        throw missingFlag('--shell', 'add that of the board: "hybridctl fpga instances --cloud aliyun" shows it');
      const answer = await ask('CreateFpgaImageTask', {
        Bucket: bucket,
        Object: key,
        FpgaType: kind,
        [names.shell]: shell,
        [names.encrypted]: String(kmsKey !== undefined),
        KeyId: kmsKey,
        RoleArn: await roleArn(bucket),
        Name: name,
        Description: description,
        Tags: tagsText(tags),
        Email: email,
      });
      return { id: String(answer[names.image]), globalId: null };
    },

    remove: async (id) => void (await ask('DeleteFpgaImage', { [names.image]: id })),
    publish: async (id, machineImage) =>
      void (await ask('PublishFpgaImage', { [names.image]: id, [names.machineImage]: machineImage })),

    async instances(ids) {
      if (ids === undefined)
        throw usageError('missing --instance: FaaS is asked for one instance at a time', {
          field: '--instance',
          next: 'the ECS console shows the ids; "curl http://100.100.100.200/latest/meta-data/instance-id" on the instance its own',
        });
      onlyOld('list boards');
      return Promise.all(
        ids.map(async (id) => ({ id, type: null, state: null, address: null, boards: await boards(id) })),
      );
    },

    async load({ instance, board, image, kind, imageType = 'afu', shell }) {
      if (!old)
        return {
          ...boardOf({
            ...(await ask('LoadFpgaImageTask', { InstanceId: instance, [names.board]: board, [names.image]: image })),
          }),
          board,
          image,
          device: board,
        };
      const maker =
        kind ??
        itemsWith(
          await ask('DescribeFpgaInstances', { InstanceId: instance, RoleArn: await roleArn() }),
          'FpgaUUID',
        ).find((item) => item['FpgaUUID'] === board)?.['FpgaType'];
      if (maker === undefined)
        throw failure(`the instance ${instance ?? ''} has no board ${board}`, {
          code: 'FPGA NOT FOUND',
          call: 'refused',
          next: `hybridctl fpga instances --cloud aliyun --region ${api.region} --instance ${instance ?? ''}`,
        });
      const built = shell ?? (await images([image]))[0]?.shell ?? undefined;
      const answer = await ask('LoadFpgaImageTask', {
        InstanceId: instance,
        FpgaUUID: board,
        FpgaType: String(maker),
        [names.image]: image,
        FpgaImageType: imageType,
        [names.shell]: built,
        RoleArn: await roleArn(),
      });
      return { ...boardOf(answer), board, image, shell: built ?? null };
    },

    async board({ instance, board }) {
      onlyOld('tell how a board stands');
      return {
        ...boardOf(
          await ask('DescribeLoadTaskStatus', { InstanceId: instance, FpgaUUID: board, RoleArn: await roleArn() }),
        ),
        board,
      };
    },
  };
};
