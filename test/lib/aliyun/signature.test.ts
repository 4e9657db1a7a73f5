import { describe, expect, it, vi } from 'vitest';
import OSS from 'ali-oss';
import { aliyunApi } from '../../../src/lib/adapters/aliyun/api.ts';
import { aliyun } from '../../../src/lib/core/aliyun.ts';
import { KEY_ID, SECRET, testAliyun } from '../../helpers/aliyun.ts';
import { crc64 } from '../../../src/lib/cloud/aliyun/oss/crc64.ts';

const REGION = { region: 'cn-hangzhou' };
const images = (version?: '2017-08-24' | '2020-02-17') => aliyun('faas', 'DescribeFpgaImages', {}, version);

it('knows CRC-64/XZ by its check value', () => {
  expect(BigInt(crc64(Buffer.from('123456789'))).toString(16)).toBe('995dc9bbdf1939fa');
});

describe('signatures, as the SDKs send them', () => {
  it('RPC version 1, ACS3 and OSS version 4 are taken', async () => {
    const server = await testAliyun();
    server.bucket('fpga-builds');
    const api = await aliyunApi(REGION);
    await api.send(images('2017-08-24'));
    await api.send(images('2020-02-17'));
    await api.send(aliyun('sts', 'GetCallerIdentity', {}));
    // Signs everything that could break the canonical form: blanks, signs, other letters, nothing at all.
    await api.send(
      aliyun('ram', 'CreateRole', {
        RoleName: 'a',
        Description: "it's (a) *test* ~ 例 +&=",
        AssumeRolePolicyDocument: '{"Version":"1","Statement":[]}',
      }),
    );
    await api.send(aliyun('oss', 'PutObject', { Bucket: 'fpga-builds', Key: 'a b/例+(1)*.tar' }));
    expect(server.account.oss.buckets.get('fpga-builds')!.objects.has('a b/例+(1)*.tar')).toBe(true);
    expect(server.account.ram.roles.get('a')!.description).toBe("it's (a) *test* ~ 例 +&=");
    expect(server.calls.map(({ action, signature }) => `${action} ${signature}`)).toEqual([
      'faas:DescribeFpgaImages rpc-v1',
      'faas:DescribeFpgaImages acs3',
      'sts:GetCallerIdentity acs3',
      'ram:CreateRole acs3',
      'oss:PutObject oss-v4',
    ]);
  });

  it('OSS version 1 is taken too', async () => {
    const server = await testAliyun();
    server.bucket('fpga-builds');
    const client = new OSS({
      accessKeyId: KEY_ID,
      accessKeySecret: SECRET,
      region: 'oss-cn-hangzhou',
      endpoint: server.url,
      bucket: 'fpga-builds',
    });
    await client.put('a b/例.tar', Buffer.from('x'));
    expect(server.calls).toEqual([{ action: 'oss:PutObject', signature: 'oss-v1' }]);
  });

  it.each([
    ['faas, version 1', images('2017-08-24')],
    ['faas, ACS3', images('2020-02-17')],
    ['oss, version 4', aliyun('oss', 'PutObject', { Bucket: 'fpga-builds', Key: 'x' })],
  ])('a wrong secret is refused: %s', async (_, call) => {
    const server = await testAliyun();
    server.bucket('fpga-builds');
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_SECRET', 'another-one');
    await expect((await aliyunApi(REGION)).send(call)).rejects.toMatchObject({
      exit: 4,
      code: 'SignatureDoesNotMatch',
      message: 'Alibaba Cloud refused the credentials (SignatureDoesNotMatch)',
    });
    expect(server.account.oss.buckets.get('fpga-builds')!.objects.has('x')).toBe(false);
  });

  it('an unknown key id is refused, a token goes along and must fit', async () => {
    const server = await testAliyun();
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_ID', 'LTAIunknown');
    await expect((await aliyunApi(REGION)).send(images())).rejects.toMatchObject({
      exit: 4,
      code: 'InvalidAccessKeyId.NotFound',
    });
    server.bucket('fpga-builds');
    server.account.keys.set('STS.temporary', { secret: SECRET, token: 'the-token', denied: new Set() });
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_ID', 'STS.temporary');
    vi.stubEnv('ALIBABA_CLOUD_SECURITY_TOKEN', 'the-token');
    for (const call of [
      images('2017-08-24'),
      images('2020-02-17'),
      aliyun('oss', 'PutObject', { Bucket: 'fpga-builds', Key: 'x' }),
    ])
      await (await aliyunApi(REGION)).send(call);
    vi.stubEnv('ALIBABA_CLOUD_SECURITY_TOKEN', 'another');
    await expect((await aliyunApi(REGION)).send(images())).rejects.toMatchObject({
      exit: 4,
      code: 'InvalidSecurityToken.MismatchWithAccessKey',
    });
  });

  it('a request that was changed on its way is refused, and one that is sent again', async () => {
    const server = await testAliyun();
    // What the SDK sent, kept by a stand-in for the network.
    const seen: { url: string; init: RequestInit }[] = [];
    const { createServer } = await import('node:http');
    const tap = createServer((request, response) => {
      seen.push({
        url: request.url!,
        init: {
          method: request.method!,
          headers: Object.fromEntries(
            Object.entries(request.headers).filter(([name]) => name !== 'connection' && name !== 'content-length'),
          ) as Record<string, string>,
        },
      });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"RequestId":"r"}');
    });
    await new Promise<void>((resolve) => tap.listen(0, '127.0.0.1', resolve));
    vi.stubEnv('ALIBABA_CLOUD_ENDPOINT_URL', `http://127.0.0.1:${(tap.address() as { port: number }).port}`);
    await (await aliyunApi(REGION)).send(images('2017-08-24'));
    tap.closeAllConnections();
    tap.close();
    const { url, init } = seen[0]!;
    const code = async (path: string) =>
      ((await (await fetch(`${server.url}${path}`, init)).json()) as { Code?: string }).Code;
    expect(await code(url.replace('DescribeFpgaImages', 'DeleteFpgaImage'))).toBe('SignatureDoesNotMatch');
    expect(await code(`${url}&FpgaImageUUID=1`)).toBe('SignatureDoesNotMatch');
    expect(await code(url)).toBeUndefined();
    expect(await code(url)).toBe('SignatureNonceUsed');
  });
});
