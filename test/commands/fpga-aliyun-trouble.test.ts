import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { ACCOUNT, BOARD, INSTANCE, KEY_ID, SECRET } from '../helpers/aliyun.ts';
import { BUCKET, faasWorld, gbs, type FaasWorld } from '../helpers/fpga-aliyun.ts';

const UPLOAD = `upload filter.gbs --bucket ${BUCKET} --create --shell V1.1`;
const CREATE = `create filter.gbs --bucket ${BUCKET} --shell V1.1`;
const AT = `--instance ${INSTANCE} --board ${BOARD}`;

const deny =
  (action: string) =>
  async ({ server }: FaasWorld) =>
    void server.account.keys.get(KEY_ID)!.denied.add(action);
/** As many images as an account may have, built. */
const ten = async ({ server }: FaasWorld) => {
  for (let at = 0; at < 10; at += 1)
    server.account.faas.images.set(`intel${at}`, {
      id: `intel${at}`,
      owner: ACCOUNT,
      createdAt: 0,
      type: 'intel',
      shell: 'V1.1',
      name: '',
      description: '',
      tags: '',
      encrypted: false,
      bucket: BUCKET,
      broken: false,
      logged: true,
      published: [],
    });
};
const there = async ({ server }: FaasWorld) => server.put(BUCKET, 'filter.gbs', gbs());
const roleOf = ({ server }: FaasWorld) => server.account.ram.roles.get('AliyunFAASDefaultRole')!;
const noRole = async (world: FaasWorld) => {
  roleOf(world).policies.clear();
  world.server.account.ram.roles.clear();
};

type Row = readonly [
  what: string,
  prepare: (world: FaasWorld) => Promise<void>,
  line: string,
  exit: number,
  words: readonly string[],
];

/** Refused before a byte is sent. */
const BEFORE: readonly Row[] = [
  [
    'no shell',
    async () => undefined,
    `upload filter.gbs --bucket ${BUCKET} --create`,
    2,
    ['missing --shell', 'hybridctl fpga instances'],
  ],
  [
    'the other maker',
    async () => undefined,
    `${UPLOAD} --fpga-type xilinx`,
    2,
    ["--fpga-type: the file is a .gbs of Intel's"],
  ],
  [
    'logs elsewhere',
    async () => undefined,
    `${UPLOAD} --logs logs`,
    2,
    ['--logs: FaaS writes its logs to compiling_logs/'],
  ],
  [
    'a DCP of EC2',
    async ({ folder }) => writeFileSync(join(folder, 'filter.gbs'), 'PK'),
    UPLOAD,
    2,
    ['is no tar and no .gbs'],
  ],
  ['no such bucket', async () => undefined, UPLOAD.replace(BUCKET, 'nowhere'), 2, ['there is no bucket nowhere']],
  [
    'a bucket of another region',
    async ({ server }) => server.bucket('elsewhere', 'cn-beijing'),
    UPLOAD.replace(BUCKET, 'elsewhere'),
    2,
    ['--region: the bucket is not in cn-hangzhou'],
  ],
  [
    'ten images',
    ten,
    UPLOAD,
    1,
    [
      'the account has 10 FPGA images, and may have 10',
      'IMAGE NUMBER EXCEED: the account has as many images',
      'next: delete one that is not needed: "hybridctl fpga delete --cloud aliyun ID --region cn-hangzhou"',
    ],
  ],
  [
    'no role',
    noRole,
    UPLOAD,
    4,
    [
      'the account has no role AliyunFAASDefaultRole',
      `next: hybridctl fpga auth --bucket ${BUCKET} --region cn-hangzhou`,
    ],
  ],
  [
    'a role for somebody else',
    async (world) => void (roleOf(world).trust = '{"Version":"1","Statement":[]}'),
    `${UPLOAD} --api-version 2020-02-17`,
    4,
    [
      'may not be taken by FaaS',
      'RoleAccessError:',
      `next: hybridctl fpga auth --bucket ${BUCKET} --region cn-hangzhou`,
    ],
  ],
  [
    'a bucket that the policy leaves out',
    async ({ server }) => server.bucket('second'),
    UPLOAD.replace(BUCKET, 'second'),
    4,
    [
      'the role AliyunFAASDefaultRole does not allow oss:GetObject on acs:oss:*:*:second/filter.gbs',
      'next: hybridctl fpga auth --bucket second',
    ],
  ],
  [
    'no permission to send',
    deny('oss:PutObject'),
    UPLOAD,
    4,
    ['not allowed to call oss:PutObject in cn-hangzhou (AccessDenied)', 'next: allow oss:PutObject in a RAM policy'],
  ],
  ['no permission to see the bucket', deny('oss:GetBucketInfo'), UPLOAD, 4, ['not allowed to call oss:GetBucketInfo']],
  [
    'no permission to see images',
    deny('faas:DescribeFpgaImages'),
    UPLOAD,
    4,
    ['not allowed to call faas:DescribeFpgaImages', 'NoPermisson: the RAM user may not make this call'],
  ],
  ['no permission to find the role', deny('ram:GetRole'), UPLOAD, 4, ['not allowed to call ram:GetRole']],
];

/** Refused by FaaS itself. */
const AFTER: readonly Row[] = [
  [
    'ten images',
    async (world) => (await ten(world), there(world)),
    CREATE,
    1,
    [
      'faas:CreateFpgaImageTask: IMAGE NUMBER EXCEED: The user is allowed to have no more than 10 images.',
      'request id ',
      'next: delete one that is not needed: "hybridctl fpga delete',
    ],
  ],
  [
    'too soon',
    async (world) => (
      await there(world), void (await world.run(UPLOAD)), world.server.put(BUCKET, 'other.gbs', gbs('another'))
    ),
    CREATE.replace('filter', 'other'),
    1,
    ['FREQUENCY ERROR', 'an image was asked for less than 30 minutes ago', 'next: wait until 30 minutes after'],
  ],
  [
    'an unknown shell',
    there,
    CREATE.replace('V1.1', 'V9.9'),
    1,
    ['SHELL NOT SUPPORT', 'next: take the shell version of your board'],
  ],
  [
    'an unknown KMS key',
    there,
    `${CREATE} --kms-key 0000`,
    1,
    ['Forbidden.KeyNotFoundError: there is no such KMS key'],
  ],
  [
    'a bucket that the policy leaves out',
    async (world) => (await there(world), roleOf(world).policies.clear()),
    CREATE,
    4,
    ['AccessDeniedError', `next: run "hybridctl fpga auth --bucket ${BUCKET} --cloud aliyun --region cn-hangzhou"`],
  ],
  [
    'a role that is gone',
    async (world) => (await there(world), await noRole(world)),
    `${CREATE} --api-version 2020-02-17`,
    4,
    [
      'EntityNotExist.RoleError',
      `next: run "hybridctl fpga auth --bucket ${BUCKET} --cloud aliyun --region cn-hangzhou"`,
    ],
  ],
  ['no such object', async () => undefined, CREATE, 1, [`there is no oss://${BUCKET}/filter.gbs`]],
  ['an empty object', async ({ server }) => server.put(BUCKET, 'filter.gbs', ''), CREATE, 1, ['is empty']],
  [
    'no permission',
    async (world) => (await there(world), await deny('faas:CreateFpgaImageTask')(world)),
    CREATE,
    4,
    [
      'not allowed to call faas:CreateFpgaImageTask in cn-hangzhou (NoPermisson)',
      'next: allow faas:CreateFpgaImageTask in a RAM policy',
    ],
  ],
  [
    'a service that failed',
    async ({ server }) =>
      void server.faults.set('faas:DescribeFpgaImages', { status: 500, code: 'InternalError', times: 9 }),
    'list',
    1,
    ['InternalError: FaaS failed by itself', 'request id ', 'open a ticket with the request id'],
  ],
  [
    'a bucket that is not there',
    async () => undefined,
    'objects --bucket nowhere',
    1,
    ['oss:ListObjects: there is no such bucket', 'next: correct --bucket'],
  ],
  [
    'a service that throttles',
    async ({ server }) =>
      void server.faults.set('faas:DescribeFpgaImages', { status: 400, code: 'Throttling.User', times: 2 }),
    'list',
    0,
    [],
  ],
  [
    'an id that is not there',
    async () => undefined,
    'describe intel0123456789',
    1,
    [
      'there is no FPGA image intel0123456789 in cn-hangzhou',
      'next: hybridctl fpga list --cloud aliyun --region cn-hangzhou',
    ],
  ],
  ['no id at all', async () => undefined, "delete 'x y' --yes", 2, ['id: "x y" is not an image id']],
  [
    'a market that takes no half image',
    async (world) => void (await world.run(UPLOAD)),
    'publish IMAGE --machine-image m-bp1g7004ksh0oeuco000 --yes',
    1,
    ['FPGA IMAGE STATE ERROR: only an image in the state success can be published'],
  ],
  [
    'no machine image',
    async () => undefined,
    'publish intel0123456789 --machine-image ami-1 --yes',
    2,
    ['--machine-image: ami-1 is not an ECS image'],
  ],
];

/** Of boards; IMAGE is one that is built. */
const BOARDS: readonly Row[] = [
  [
    'another shell',
    async () => undefined,
    `load IMAGE --instance ${INSTANCE} --board 0x6c92bf4d7c000002`,
    1,
    [
      'SHELL NOT MATCH: The imageShell is not match with fpgaShell.',
      'the image was built for another version of the shell than the board has',
      `next: compare "hybridctl fpga instances --cloud aliyun --instance ${INSTANCE} --region cn-hangzhou" with "hybridctl fpga describe --cloud aliyun intel`,
    ],
  ],
  [
    'another task',
    async ({ run }) => void (await run(`load ${await only(run)} ${AT}`)),
    `load IMAGE ${AT}`,
    1,
    ['ANOTHER TASK RUNNING', 'next: wait ten minutes'],
  ],
  [
    'another board',
    async () => undefined,
    `load IMAGE --instance ${INSTANCE} --board 0x00`,
    1,
    [`the instance ${INSTANCE} has no board 0x00`, 'FPGA NOT FOUND'],
  ],
  [
    'another board, for the service',
    async () => undefined,
    `load IMAGE --instance ${INSTANCE} --board 0x00 --fpga-type intel`,
    1,
    ['faas:LoadFpgaImageTask: FPGA NOT FOUND'],
  ],
  ['another image', async () => undefined, `load intel0123456789 ${AT}`, 1, ['there is no FPGA image intel0123456789']],
  [
    "another account's image",
    async ({ server }) =>
      void server.account.faas.images.set('intelother', {
        ...[...server.account.faas.images.values()][0]!,
        id: 'intelother',
        owner: '6543210987654321',
      }),
    `load intelother ${AT} --shell V1.1`,
    1,
    ['IMAGE ACCESS ERROR: the image is another account'],
  ],
  [
    "another account's instance",
    async () => undefined,
    `load IMAGE --instance i-bp1others000000001 --board ${BOARD} --fpga-type intel`,
    1,
    ['YOU HAVE NO ACCESS TO THIS INSTANCE: the instance is another account'],
  ],
  [
    "another account's instance, looked at",
    async () => undefined,
    'instances --instance i-bp1others000000001',
    1,
    ['faas:DescribeFpgaInstances: NOT AUTHORIZED', 'next: correct the instance'],
  ],
  [
    'an instance without FPGAs',
    async () => undefined,
    'instances --instance i-bp1plain0000000001',
    1,
    ['INSTANCE INVALIDATE: the instance has no FPGA'],
  ],
  [
    'a status of no board',
    async () => undefined,
    `status --instance ${INSTANCE} --board 0x00`,
    1,
    ['faas:DescribeLoadTaskStatus: FPGA NOT FOUND'],
  ],
];

const only = async (run: FaasWorld['run']): Promise<string> => String((await run('list --json')).json().images[0].id);

const see = async (world: FaasWorld, [, prepare, line, exit, words]: Row): Promise<void> => {
  await prepare(world);
  world.server.calls.splice(0);
  const ran = await world.run(line.includes('IMAGE') ? line.replace('IMAGE', await only(world.run)) : line);
  expect([ran.exit, ran.err]).toEqual([exit, expect.any(String)]);
  for (const part of words) expect(ran.err).toContain(part);
  if (exit !== 0) expect(ran.out).toBe('');
};

describe('refused before anything is sent', () => {
  it.each(BEFORE)('%s', async (...row) => {
    const world = await faasWorld();
    await see(world, row);
    expect(world.changing().filter((call) => !call.includes('!'))).toEqual([]);
    for (const { objects, uploads } of world.server.account.oss.buckets.values())
      expect([[...objects.keys()], uploads.size]).toEqual([['compiling_logs/'], 0]);
  });

  it('not for want of what RAM users often may not see', async () => {
    const world = await faasWorld('2020-02-17');
    for (const action of ['ram:GetRole', 'ram:ListPoliciesForRole', 'ram:GetPolicy']) await deny(action)(world);
    expect((await world.run(UPLOAD)).exit).toBe(0);
  });

  it('nor the same content where the account is full of images', async () => {
    const world = await faasWorld();
    await world.run(UPLOAD);
    await ten(world);
    expect(await world.run(UPLOAD)).toMatchObject({ exit: 0, err: expect.stringContaining('of the same content') });
  });
});

describe('refused by FaaS', () => {
  it.each(AFTER)('%s', async (...row) => see(await faasWorld(), row));
});

describe('boards, refused', () => {
  it.each(BOARDS)('%s', async (...row) => {
    const world = await faasWorld();
    await world.built();
    await see(world, row);
  });

  it('an image that is not built yet', async () => {
    const world = await faasWorld();
    await world.run(UPLOAD);
    await see(world, [
      '',
      async () => undefined,
      `load IMAGE ${AT}`,
      1,
      [
        'Image not in success state: the image is still being built, or its build failed',
        'next: see "hybridctl fpga describe',
      ],
    ]);
  });
});

describe('credentials', () => {
  const FILE = (role: string) =>
    [
      '[FaaSCredentials]',
      `accessid = ${KEY_ID}`,
      `accesskey = ${SECRET}`,
      '[Role]',
      `role = ${role}`,
      '[OSS]',
      `bucket = ${BUCKET}`,
      '',
    ].join('\n');
  const noEnvironment = () =>
    ['ALIBABA_CLOUD_ACCESS_KEY_ID', 'ALIBABA_CLOUD_ACCESS_KEY_SECRET'].forEach((name) => vi.stubEnv(name, undefined));

  it("faascmd's old file is read, its role named", async () => {
    const { run, server } = await faasWorld();
    noEnvironment();
    expect(await run('list')).toMatchObject({
      exit: 4,
      err: expect.stringContaining('next: set ALIBABA_CLOUD_ACCESS_KEY_ID'),
    });
    const file = join(server.home, '.faascredentials');
    writeFileSync(file, FILE(`acs:ram::${ACCOUNT}:role/aliyunfaasdefaultrole`), { mode: 0o600 });
    expect((await run(UPLOAD)).exit).toBe(0);
    writeFileSync(file, FILE('acs:ram::6543210987654321:role/aliyunfaasdefaultrole'));
    expect(await run(`instances --instance ${INSTANCE}`)).toMatchObject({
      exit: 4,
      err: expect.stringContaining('RoleAccessError: the role given is empty, or it is not of the account'),
    });
    expect(await run(UPLOAD)).toMatchObject({
      exit: 4,
      err: expect.stringContaining('of ~/.faascredentials is acs:ram::6543210987654321'),
    });
    chmodSync(file, 0o644);
    expect(await run('list')).toMatchObject({ exit: 4, err: expect.stringContaining(`next: chmod 600 ${file}`) });
  });

  it.each([
    ['an unknown id', 'ALIBABA_CLOUD_ACCESS_KEY_ID', 'LTAIunknown', 'InvalidAccessKeyId'],
    ['another secret', 'ALIBABA_CLOUD_ACCESS_KEY_SECRET', 'another-secret', 'SignatureDoesNotMatch'],
  ])('%s', async (_, name, value, code) => {
    const { run } = await faasWorld();
    vi.stubEnv(name, value);
    for (const line of ['list', 'list --api-version 2020-02-17', `objects --bucket ${BUCKET}`, 'policy list']) {
      const { exit, err } = await run(line);
      expect([exit, err]).toEqual([4, expect.stringContaining(`Alibaba Cloud refused the credentials (${code}`)]);
      expect(err).not.toContain('another-secret');
      expect(err).toContain('next: set ALIBABA_CLOUD_ACCESS_KEY_ID');
    }
  });

  it('nobody is there', async () => {
    const { run } = await faasWorld();
    vi.stubEnv('ALIBABA_CLOUD_ENDPOINT_URL', 'http://127.0.0.1:9');
    expect(await run('list')).toMatchObject({
      exit: 1,
      err: expect.stringContaining('next: check network, proxy and ALIBABA_CLOUD_ENDPOINT_URL'),
    });
  });
});
