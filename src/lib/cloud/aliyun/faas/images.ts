import { LOGS_FOLDER } from '../../../domain/fpga/faas-policy.ts';
import { ApiError } from '../errors.ts';
import type { Context, Operation, Params } from '../product.ts';
import { roleAllows, type Role } from '../ram/state.ts';
import type { Image } from './state.ts';
import { invalid, required, roleOf, type Version } from './version.ts';

/** FaaS builds no more than ten images for an account. */
const MOST_IMAGES = 10;

/** What the build of a source with the word UNROUTED in it says. */
const ERRORS = [
  'ERROR: [DRC RTSTAT-1] Unrouted nets: 3 net(s) are unrouted.',
  'CRITICAL WARNING: [Timing 38-282] The design failed to meet the timing requirements.',
];

/** `compiling`, `success` or `failed`. A build that is over has left its log in the bucket. */
export const stateOf = ({ account, now }: Context, image: Image): string => {
  const builtAt = image.createdAt + account.faas.times.compileMs;
  if (now() < builtAt) return 'compiling';
  const bucket = account.oss.buckets.get(image.bucket);
  if (!image.logged && bucket !== undefined) {
    const lines = ['Vivado v2018.2', 'Command: link_design', ...(image.broken ? ERRORS : []), 'Exiting Vivado', ''];
    bucket.objects.set(`${LOGS_FOLDER}${image.id}_vivado.log`, { body: Buffer.from(lines.join('\n')), at: builtAt });
    image.logged = true;
  }
  return image.broken ? 'failed' : 'success';
};

/** A time as the field document shows it: `Fri Nov 09 2018 11:42:47 GMT+0800 (CST)`. */
const timeText = (ms: number): string => {
  const [day = '', date = '', month = '', year = '', time = ''] = new Date(ms + 8 * 3_600_000).toUTCString().split(' ');
  return `${day.slice(0, 3)} ${month} ${date} ${year} ${time} GMT+0800 (CST)`;
};

const imageView = (context: Context, image: Image, version: Version) => ({
  CreateTime: timeText(image.createdAt),
  Description: image.description || 'None',
  Encrypted: String(image.encrypted),
  [version.image]: image.id,
  Name: image.name || 'None',
  [version.shell]: image.shell,
  State: stateOf(context, image),
  Tags: image.tags || 'None',
  UpdateTime: timeText(Math.min(context.now(), image.createdAt + context.account.faas.times.compileMs)),
});

/**
 * The bucket's object, if the role lets FaaS read it and write the log. @throws ApiError in the field document's words.
 */
const sourceOf = ({ account }: Context, role: Role, name: string, key: string): Buffer => {
  const may = (action: string, path: string) =>
    roleAllows(account.ram, role, action, `acs:oss:*:${account.id}:${name}/${path}`);
  const bucket = account.oss.buckets.get(name);
  if (bucket !== undefined && !may('oss:GetObject', key))
    throw new ApiError(403, 'AccessDeniedError', 'The bucket you visit does not belong to you.');
  const source = bucket?.objects.get(key);
  if (source === undefined) throw new ApiError(404, 'OSS OBJECT NOT FOUND', 'The specified oss object does not exist.');
  if (!bucket!.objects.has(LOGS_FOLDER) || !may('oss:PutObject', `${LOGS_FOLDER}x`))
    throw new ApiError(403, 'AccessDeniedError', 'compiling_logs/ of the bucket can not be written.');
  return source.body;
};

const createImage = (context: Context, params: Params, version: Version) => {
  const { account, now, newId } = context;
  const { faas } = account;
  const [bucket, object, type, shell] = ['Bucket', 'Object', 'FpgaType', version.shell].map((name) =>
    required(params, name),
  ) as [string, string, string, string];
  if (type !== 'intel' && type !== 'xilinx') throw invalid('FpgaType');
  const role = roleOf(context, params, version);
  if (!faas.shells.has(shell))
    throw new ApiError(404, 'SHELL NOT SUPPORT', 'The shellUUID is not supported, please check your input shellUUID.');
  if (faas.images.size >= MOST_IMAGES)
    throw new ApiError(401, 'IMAGE NUMBER EXCEED', 'The user is allowed to have no more than 10 images.');
  if (faas.lastRequestAt !== undefined && now() < faas.lastRequestAt + faas.times.betweenRequestsMs)
    throw new ApiError(503, 'FREQUENCY ERROR', 'CreateFpgaImage task is allowed to take every half an hour.');
  const encrypted = params.get(version.encrypted) === 'true';
  if (encrypted && !faas.kmsKeys.has(params.get('KeyId') ?? ''))
    throw new ApiError(503, 'Forbidden.KeyNotFoundError', 'The specified Key is not found.');
  const source = sourceOf(context, role, bucket, object);
  const image: Image = {
    id: `${type}${newId()}`,
    owner: account.id,
    createdAt: now(),
    type,
    shell,
    name: params.get('Name') ?? '',
    description: params.get('Description') ?? '',
    tags: params.get('Tags') ?? '',
    encrypted,
    bucket,
    broken: source.includes('UNROUTED'),
    logged: false,
    published: [],
  };
  faas.images.set(image.id, image);
  faas.lastRequestAt = now();
  const { CreateTime, Name, Description } = imageView(context, image, version);
  return { Name, CreateTime, [version.shell]: shell, Description, [version.image]: image.id, State: 'queued' };
};

/** An image of this account. @param status of the refusal: each call has its own. */
const ownImage = ({ account }: Context, params: Params, version: Version, status: number): Image => {
  const image = account.faas.images.get(required(params, version.image));
  if (image === undefined || image.owner !== account.id)
    throw new ApiError(status, 'IMAGE NOT FOUND', 'The specify image does not found.');
  return image;
};

export const imageOperations = (version: Version): Readonly<Record<string, Operation>> => ({
  CreateFpgaImageTask: (context, params) => createImage(context, params, version),

  DescribeFpgaImages: (context) => ({
    FpgaImages: {
      fpgaImage: [...context.account.faas.images.values()]
        .filter(({ owner }) => owner === context.account.id)
        .map((image) => imageView(context, image, version)),
    },
  }),

  DeleteFpgaImage(context, params) {
    const { id } = ownImage(context, params, version, 400);
    context.account.faas.images.delete(id);
    return { Status: 200, [version.image]: id };
  },

  PublishFpgaImage(context, params) {
    const image = ownImage(context, params, version, 404);
    if (stateOf(context, image) !== 'success')
      throw new ApiError(404, 'FPGA IMAGE STATE ERROR', 'The specify fpga image is not in success state.');
    image.published.push(required(params, version.machineImage));
    return { Status: 200, [version.image]: image.id };
  },
});
