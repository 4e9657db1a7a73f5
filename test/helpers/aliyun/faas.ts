import { ApiError, allows, documentsOf, type Account, type Board, type Image, type Times } from './state.ts';

/** FaaS in both versions: the same service behind other names. Refusals are the seed's (004 §8.1.4), in its words. */

export type Params = ReadonlyMap<string, string>;
type Answer = Record<string, unknown>;

export interface Faas {
  readonly account: Account;
  readonly times: Times;
  now(): number;
  id(): string;
}

/** What a version calls things. A parameter of the other version's name is not heard. */
interface Names {
  readonly image: string;
  readonly shell: string;
  readonly encrypted: string;
  readonly machineImage: string;
  readonly board: string;
}
const NAMES: Readonly<Record<string, Names>> = {
  '2017-08-24': {
    image: 'FpgaImageUUID',
    shell: 'ShellUUID',
    encrypted: 'Encrypted',
    machineImage: 'ImageID',
    board: 'FpgaUUID',
  },
  '2020-02-17': {
    image: 'FpgaImageUniqueId',
    shell: 'ShellUniqueId',
    encrypted: 'Encryption',
    machineImage: 'ECSImageId',
    board: 'Bdf',
  },
};

const invalid = (what: string) => new ApiError(400, 'PARAMETER INVALIDATE', `Specify parameters are invalid: ${what}.`);
const required = (params: Params, name: string): string => {
  const value = params.get(name);
  if (value === undefined || value === '') throw invalid(name);
  return value;
};

/** The role that FaaS takes to reach the account: named by the call in 2017, fixed since. */
const roleOf = ({ account }: Faas, arn: string | undefined, version: string) => {
  const [, owner, name = ''] =
    /^acs:ram::(\d+):role\/(.+)$/.exec(
      version === '2017-08-24' ? (arn ?? '') : `acs:ram::${account.id}:role/aliyunfaasdefaultrole`,
    ) ?? [];
  if (owner !== account.id) throw new ApiError(403, 'RoleAccessError', 'You have no right to assume this role.');
  const role = [...account.roles.values()].find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (role === undefined) throw new ApiError(404, 'EntityNotExist.RoleError', 'The specified Role not exists .');
  if (!role.trust.includes('"faas.aliyuncs.com"'))
    throw new ApiError(403, 'RoleAccessError', 'You have no right to assume this role.');
  return role;
};

/** pending is `compiling`; a build that is over has left its log. */
export const stateOf = ({ account, times, now }: Faas, image: Image): string => {
  if (now() < image.createdAt + times.compileMs) return 'compiling';
  const bucket = account.buckets.get(image.bucket);
  if (!image.logged && bucket !== undefined) {
    const lines = [
      'Vivado v2018.2',
      'Command: link_design',
      ...(image.broken
        ? [
            'ERROR: [DRC RTSTAT-1] Unrouted nets: 3 net(s) are unrouted.',
            'CRITICAL WARNING: [Timing 38-282] The design failed to meet the timing requirements.',
          ]
        : []),
      'Exiting Vivado',
      '',
    ];
    bucket.objects.set(`compiling_logs/${image.id}_vivado.log`, {
      body: Buffer.from(lines.join('\n')),
      at: image.createdAt + times.compileMs,
    });
    image.logged = true;
  }
  return image.broken ? 'failed' : 'success';
};

/** As the seed shows times: `Fri Nov 09 2018 11:42:47 GMT+0800 (CST)`. */
const timeText = (at: number): string => {
  const [day = '', date = '', month = '', year = '', time = ''] = new Date(at + 8 * 3_600_000).toUTCString().split(' ');
  return `${day.slice(0, 3)} ${month} ${date} ${year} ${time} GMT+0800 (CST)`;
};

const viewOf = (faas: Faas, image: Image, names: Names): Answer => ({
  CreateTime: timeText(image.createdAt),
  Description: image.description || 'None',
  Encrypted: String(image.encrypted),
  [names.image]: image.id,
  Name: image.name || 'None',
  [names.shell]: image.shell,
  State: stateOf(faas, image),
  Tags: image.tags || 'None',
  UpdateTime: timeText(Math.min(faas.now(), image.createdAt + faas.times.compileMs)),
});

const boardView = (board: Board, faas: Faas): Answer => ({
  FpgaUUID: board.uuid,
  FpgaType: board.type,
  DeviceBDF: board.bdf,
  ShellUUID: board.shell,
  FpgaImageUUID: board.image ?? 'None',
  FpgaStatus: faas.now() < board.busyUntil ? 'operating' : 'valid',
});

const boardsOf = ({ account }: Faas, params: Params, code: string): readonly Board[] => {
  const instance = account.instances.get(required(params, 'InstanceId'));
  if (instance === undefined || instance.owner !== account.id)
    throw new ApiError(401, code, 'You are not allowed to access this instance.');
  if (instance.boards.length === 0)
    throw new ApiError(404, 'INSTANCE INVALIDATE', 'The instance you specify is not FPGA type.');
  return instance.boards;
};

const boardOf = (boards: readonly Board[], params: Params, name: string): Board => {
  const wanted = required(params, name);
  const board = boards.find(({ uuid, bdf }) => (name === 'Bdf' ? bdf : uuid) === wanted);
  if (board === undefined) throw new ApiError(404, 'FPGA NOT FOUND', 'The fpga you specify is not found.');
  return board;
};

const createImage = (faas: Faas, params: Params, names: Names, version: string): Answer => {
  const { account, times, now } = faas;
  const [bucketName, object, type, shell] = ['Bucket', 'Object', 'FpgaType', names.shell].map((name) =>
    required(params, name),
  ) as [string, string, string, string];
  if (type !== 'intel' && type !== 'xilinx') throw invalid('FpgaType');
  const role = roleOf(faas, params.get('RoleArn'), version);
  if (!account.shells.has(shell))
    throw new ApiError(404, 'SHELL NOT SUPPORT', 'The shellUUID is not supported, please check your input shellUUID.');
  if (account.images.size >= 10)
    throw new ApiError(401, 'IMAGE NUMBER EXCEED', 'The user is allowed to have no more than 10 images.');
  if (account.lastRequestAt !== undefined && now() < account.lastRequestAt + times.betweenRequestsMs)
    throw new ApiError(503, 'FREQUENCY ERROR', 'CreateFpgaImage task is allowed to take every half an hour.');
  const encrypted = params.get(names.encrypted) === 'true';
  if (encrypted && !account.kmsKeys.has(params.get('KeyId') ?? ''))
    throw new ApiError(503, 'Forbidden.KeyNotFoundError', 'The specified Key is not found.');
  const bucket = account.buckets.get(bucketName);
  const may = (action: string, path: string) =>
    allows(documentsOf(account, role), action, `acs:oss:*:${account.id}:${path}`);
  if (bucket !== undefined && !may('oss:GetObject', `${bucketName}/${object}`))
    throw new ApiError(403, 'AccessDeniedError', 'The bucket you visit does not belong to you.');
  const source = bucket?.objects.get(object);
  if (source === undefined) throw new ApiError(404, 'OSS OBJECT NOT FOUND', 'The specified oss object does not exist.');
  if (!bucket!.objects.has('compiling_logs/') || !may('oss:PutObject', `${bucketName}/compiling_logs/x`))
    throw new ApiError(403, 'AccessDeniedError', 'compiling_logs/ of the bucket can not be written.');
  const id = `${type}${faas.id()}`;
  const image: Image = {
    id,
    owner: account.id,
    createdAt: now(),
    type,
    shell,
    name: params.get('Name') ?? '',
    description: params.get('Description') ?? '',
    tags: params.get('Tags') ?? '',
    encrypted,
    bucket: bucketName,
    broken: source.body.includes('UNROUTED'),
    logged: false,
    published: [],
  };
  account.images.set(id, image);
  account.lastRequestAt = now();
  const { CreateTime, Name, Description } = viewOf(faas, image, names);
  return { Name, CreateTime, [names.shell]: shell, Description, [names.image]: id, State: 'queued' };
};

const loadImage = (faas: Faas, params: Params, names: Names, version: string): Answer => {
  const { account, times, now } = faas;
  if (version === '2017-08-24') {
    for (const name of ['FpgaType', 'FpgaImageType', 'ShellUUID']) required(params, name);
    roleOf(faas, params.get('RoleArn'), version);
  }
  const board = boardOf(boardsOf(faas, params, 'YOU HAVE NO ACCESS TO THIS INSTANCE'), params, names.board);
  const image = account.images.get(required(params, names.image));
  if (image === undefined) throw new ApiError(404, 'IMAGE NOT FOUND', 'The fpga image you specify is not found.');
  if (image.owner !== account.id)
    throw new ApiError(401, 'IMAGE ACCESS ERROR', 'You are not allowed to access this fpga image.');
  if (stateOf(faas, image) !== 'success')
    throw new ApiError(404, 'Image not in success state', 'The fpga image you specify is not in success state.');
  if (image.shell !== board.shell || (params.get('ShellUUID') ?? image.shell) !== image.shell)
    throw new ApiError(404, 'SHELL NOT MATCH', 'The imageShell is not match with fpgaShell.');
  if (now() < board.busyUntil)
    throw new ApiError(
      503,
      'ANOTHER TASK RUNNING',
      'Another task is running,user is allowed to take this task half an hour.',
    );
  board.image = image.id;
  board.busyUntil = now() + times.loadMs;
  return { [names.board]: required(params, names.board), [names.image]: image.id, TaskStatus: 'operating' };
};

const ownImage = ({ account }: Faas, params: Params, names: Names, status: number): Image => {
  const image = account.images.get(required(params, names.image));
  if (image === undefined || image.owner !== account.id)
    throw new ApiError(status, 'IMAGE NOT FOUND', 'The specify image does not found.');
  return image;
};

type Action = (faas: Faas, params: Params, names: Names, version: string) => Answer;

const BOTH: Readonly<Record<string, Action>> = {
  CreateFpgaImageTask: createImage,
  DescribeFpgaImages: (faas, _params, names) => ({
    FpgaImages: {
      fpgaImage: [...faas.account.images.values()]
        .filter(({ owner }) => owner === faas.account.id)
        .map((image) => viewOf(faas, image, names)),
    },
  }),
  DeleteFpgaImage(faas, params, names) {
    const { id } = ownImage(faas, params, names, 400);
    faas.account.images.delete(id);
    return { Status: 200, [names.image]: id };
  },
  PublishFpgaImage(faas, params, names) {
    const image = ownImage(faas, params, names, 404);
    if (stateOf(faas, image) !== 'success')
      throw new ApiError(404, 'FPGA IMAGE STATE ERROR', 'The specify fpga image is not in success state.');
    image.published.push(required(params, names.machineImage));
    return { Status: 200, [names.image]: image.id };
  },
  LoadFpgaImageTask: loadImage,
};

const ACTIONS: Readonly<Record<string, Readonly<Record<string, Action>>>> = {
  '2017-08-24': {
    ...BOTH,
    DescribeFpgaInstances(faas, params, _names, version) {
      roleOf(faas, params.get('RoleArn'), version);
      const boards = boardsOf(faas, params, 'NOT AUTHORIZED');
      return {
        Instances: {
          instance: boards.map((board) => ({ InstanceId: params.get('InstanceId'), ...boardView(board, faas) })),
        },
      };
    },
    DescribeLoadTaskStatus(faas, params) {
      const board = boardOf(boardsOf(faas, params, 'NOT AUTHORIZED'), params, 'FpgaUUID');
      return {
        shellUUID: board.shell,
        FpgaImageUUID: board.image ?? 'None',
        FpgaUUID: board.uuid,
        InstanceId: params.get('InstanceId'),
        TaskStatus: faas.now() < board.busyUntil ? 'operating' : 'valid',
      };
    },
  },
  '2020-02-17': BOTH,
};

export const callFaas = (faas: Faas, version: string, action: string, params: Params): Answer => {
  const run = ACTIONS[version]?.[action];
  if (run === undefined)
    throw new ApiError(404, 'InvalidAction.NotFound', 'Specified api is not found, please check your url and method.');
  return run(faas, params, NAMES[version]!, version);
};
