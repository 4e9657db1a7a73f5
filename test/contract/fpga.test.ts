import { describe, expect, it } from 'vitest';
import { aliyunApi } from '../../src/lib/adapters/aliyun/api.ts';
import { aliyunFpga } from '../../src/lib/adapters/aliyun/fpga.ts';
import { fpgaOver } from '../../src/lib/adapters/aws/fpga.ts';
import { clock } from '../../src/lib/adapters/clock.ts';
import type { FaasVersion } from '../../src/lib/core/aliyun.ts';
import type { CloudName, FpgaCloud, FpgaImage, ImageRequest } from '../../src/lib/core/fpga.ts';
import type { ExecutionContext } from '../../src/lib/core/procedure.ts';
import { FAAS_POLICY, FAAS_ROLE } from '../../src/lib/domain/fpga/faas-policy.ts';
import { applySteps } from '../../src/lib/procedures/kit/apply.ts';
import { faasAccessSteps } from '../../src/lib/procedures/fpga/faas-access.ts';
import { fakeFpga } from '../fakes/fpga.ts';
import { testAliyun } from '../helpers/aliyun.ts';
import { fixture, standingClock, testCloud } from '../helpers/cloud.ts';

interface Side {
  readonly fpga: FpgaCloud;
  readonly cloud: CloudName;
  readonly region: string;
  readonly request: ImageRequest;
  /** Ids of images, and how the service says that there is none. */
  readonly id: RegExp;
  readonly lost: string;
  readonly notFound: string;
  /** Who has a new image, where the service tells. */
  readonly own: Partial<FpgaImage>;
  readonly failure: { readonly code: string; readonly message: RegExp };
  /** So long that the service takes another request. */
  later(): void;
  /** The build ends, badly. */
  fail(id: string): Promise<void>;
}

const EC2 = {
  cloud: 'aws',
  region: 'cn-north-1',
  request: {
    bucket: 'nowhere',
    key: 'dcp.tar',
    logs: 'logs/',
    name: 'filter',
    description: 'a filter',
    tags: { team: 'fpga' },
    token: 'one',
  },
  id: /^afi-[0-9a-f]{17}$/,
  lost: 'afi-0123456789abcdef0',
  notFound: 'InvalidFpgaImageID.NotFound',
  own: { owner: '123456789012', public: false, globalId: expect.stringMatching(/^agfi-[0-9a-f]{17}$/) as string },
  failure: { code: 'INACCESSIBLE_INPUT', message: /^Error accessing resource in S3/ },
  later: () => undefined,
} as const satisfies Partial<Side>;

const faas = (apiVersion: FaasVersion) => async (): Promise<Side> => {
  const server = await testAliyun({ times: { betweenRequestsMs: 1_800_000 } });
  server.bucket('fpga-builds');
  server.put('fpga-builds', 'filter.gbs', 'UNROUTED');
  const steps = faasAccessSteps({
    role: FAAS_ROLE,
    policy: FAAS_POLICY,
    bucket: 'fpga-builds',
    kmsKey: undefined,
    makeBucket: false,
  });
  await applySteps(
    steps,
    {
      aliyun: await aliyunApi({ region: 'cn-hangzhou' }),
      clock,
      signal: new AbortController().signal,
      progress: () => undefined,
    } as unknown as ExecutionContext,
    { site: 'faas', adopted: new Map(), keepOnFailure: false },
  );
  return {
    fpga: await aliyunFpga({ cloud: 'aliyun', region: 'cn-hangzhou', apiVersion }),
    cloud: 'aliyun',
    region: 'cn-hangzhou',
    request: {
      bucket: 'fpga-builds',
      key: 'filter.gbs',
      logs: 'compiling_logs/',
      name: 'filter',
      description: 'a filter',
      tags: { team: 'fpga', 'hybridctl:logs': 'oss://fpga-builds/compiling_logs/' },
      token: 'one',
      kind: 'intel',
      shell: 'V1.1',
    },
    id: /^intel[0-9a-f]{32}$/,
    lost: 'intel0123456789',
    notFound: 'IMAGE NOT FOUND',
    own: { shell: 'V1.1', encrypted: false, createdAt: '2026-11-28T08:00:00.000Z' },
    failure: { code: 'failed', message: /compiling_logs/ },
    later: () => server.pass(1_800_000),
    fail: async () => server.pass(2_400_000),
  };
};

/** With tokens, sharing and copies. */
const AWS: Readonly<Record<string, () => Promise<Side>>> = {
  async 'the AWS SDK against the endpoint'() {
    const clock = standingClock();
    const cloud = await testCloud(fixture('lab'), { clock, times: { buildMs: 2_400_000 } });
    return { ...EC2, fpga: fpgaOver(cloud.aws(), undefined), fail: async () => clock.pass(2_400_000) };
  },
  async 'the fake'() {
    const fpga = fakeFpga();
    return {
      ...EC2,
      fpga,
      fail: async (id) => fpga.end(id, { code: 'INACCESSIBLE_INPUT', message: 'Error accessing resource in S3.' }),
    };
  },
};

const SIDES: typeof AWS = {
  ...AWS,
  'FaaS of 2017 by the OpenAPI core': faas('2017-08-24'),
  'FaaS of 2020 by the OpenAPI core': faas('2020-02-17'),
};

describe.each(Object.entries(SIDES))('FPGA images: %s', (_, open) => {
  it('has none, and names one that is not there', async () => {
    const { fpga, cloud, region, lost, notFound } = await open();
    expect([fpga.cloud, fpga.region, await fpga.images()]).toEqual([cloud, region, []]);
    for (const call of [fpga.images([lost]), fpga.remove(lost)])
      await expect(call).rejects.toMatchObject({ code: notFound, kind: 'absent', call: 'refused' });
  });

  it('makes an image, pending at first', async () => {
    const { fpga, request, id, own, later } = await open();
    const first = await fpga.create(request);
    expect(first.id).toMatch(id);
    later();
    const other = await fpga.create({ ...request, token: 'two', name: undefined, description: undefined, tags: {} });
    expect(other.id).not.toBe(first.id);
    expect((await fpga.images()).map(({ id: one }) => one).sort()).toEqual([first.id, other.id].sort());
    expect((await fpga.images([first.id]))[0]).toMatchObject({
      ...first,
      name: 'filter',
      description: 'a filter',
      state: 'pending',
      failure: null,
      tags: request.tags,
      ...own,
    });
    expect((await fpga.images([other.id]))[0]).toMatchObject({ name: null, description: null, tags: {} });
  });

  it('tells why a build failed, by its code', async () => {
    const {
      fpga,
      fail,
      request,
      failure: { code, message },
    } = await open();
    const { id } = await fpga.create(request);
    await fail(id);
    expect((await fpga.images([id]))[0]).toMatchObject({
      state: 'failed',
      failure: { code, message: expect.stringMatching(message) },
    });
  });

  it('removes for good', async () => {
    const { fpga, request, notFound } = await open();
    const { id } = await fpga.create(request);
    await fpga.remove(id);
    await expect(fpga.images([id])).rejects.toMatchObject({ code: notFound, kind: 'absent' });
    expect(await fpga.images()).toEqual([]);
  });
});

const REQUEST = EC2.request;

describe.each(Object.entries(AWS))('FPGA images of EC2: %s', (_, open) => {
  it('makes one image of one token', async () => {
    const { fpga } = await open();
    const first = await fpga.create(REQUEST);
    expect(await fpga.create(REQUEST)).toEqual(first);
    expect(await fpga.images()).toHaveLength(1);
    await expect(fpga.sharing!.get(EC2.lost)).rejects.toMatchObject({ code: EC2.notFound });
  });

  it('copies only what is available, and tells of a copy from elsewhere by its state', async () => {
    const { fpga, region, fail } = await open();
    const { id } = await fpga.create(REQUEST);
    await expect(fpga.copy!({ id, from: region, name: undefined, token: 'c' })).rejects.toMatchObject({
      code: 'IncorrectState',
    });
    const copy = await fpga.copy!({ id: 'afi-0123456789abcdef0', from: 'us-east-1', name: 'copy', token: 'd' });
    expect(await fpga.copy!({ id: 'afi-0123456789abcdef0', from: 'us-east-1', name: 'copy', token: 'd' })).toBe(copy);
    await fail(id);
    expect((await fpga.images([copy]))[0]).toMatchObject({
      name: 'copy',
      state: 'failed',
      failure: { code: 'NOT_FOUND' },
    });
  });

  it('shares with accounts and with everybody, and takes it back', async () => {
    const { fpga } = await open();
    const { id } = await fpga.create(REQUEST);
    const { get, change } = fpga.sharing!;
    expect(await get(id)).toEqual({ accounts: [], everybody: false, productCodes: [] });
    await change(id, {
      add: { accounts: ['210987654321', '111122223333'], everybody: true },
      remove: { accounts: [], everybody: false },
    });
    expect(await get(id)).toMatchObject({ accounts: ['210987654321', '111122223333'], everybody: true });
    expect((await fpga.images([id]))[0]?.public).toBe(true);
    await change(id, {
      add: { accounts: [], everybody: false },
      remove: { accounts: ['210987654321'], everybody: true },
    });
    expect(await get(id)).toMatchObject({ accounts: ['111122223333'], everybody: false });
  });
});
