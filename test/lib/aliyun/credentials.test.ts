import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { credentialsOf } from '../../../src/lib/adapters/aliyun/credentials.ts';
import { endpointOf, regionOf } from '../../../src/lib/adapters/aliyun/endpoints.ts';
import { PRODUCTS } from '../../../src/lib/adapters/aliyun/services/index.ts';
import { faasCredentialsText, parseFaasCredentials } from '../../../src/lib/domain/fpga/faascredentials.ts';
import { testAliyun } from '../../helpers/aliyun.ts';

/** As the seed shows the file, blanks and all. */
const FILE = [
  '[ FaaSCredentials ]',
  'accessid = LTAIofTheFile',
  'accesskey=secret-of-the-file',
  '[ Role ]',
  'role = acs:ram::1234567890123456:role/faasrole',
  '[ OSS ]',
  'bucket = julia',
  '',
].join('\n');

const noEnvironment = () => {
  vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_ID', undefined);
  vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_SECRET', undefined);
};

describe("faascmd's file", () => {
  it('is read as the field document shows it, and written so that it reads the same', () => {
    const read = parseFaasCredentials(FILE);
    expect(read).toEqual({
      accessKeyId: 'LTAIofTheFile',
      accessKeySecret: 'secret-of-the-file',
      role: 'acs:ram::1234567890123456:role/faasrole',
      bucket: 'julia',
    });
    expect(parseFaasCredentials(faasCredentialsText(read))).toEqual(read);
    expect(parseFaasCredentials('no ini\n=\n[')).toEqual({
      accessKeyId: undefined,
      accessKeySecret: undefined,
      role: undefined,
      bucket: undefined,
    });
  });

  it('is taken where the environment has no key, and refused where others may read it', async () => {
    const { home } = await testAliyun();
    const path = join(home, '.faascredentials');
    writeFileSync(path, FILE, { mode: 0o600 });
    expect((await (await credentialsOf(undefined))()).accessKeyId).toBe('LTAI5tHybridctlTest');
    noEnvironment();
    expect(await (await credentialsOf(undefined))()).toEqual({
      accessKeyId: 'LTAIofTheFile',
      accessKeySecret: 'secret-of-the-file',
      securityToken: undefined,
    });
    chmodSync(path, 0o640);
    await expect(credentialsOf(undefined)).rejects.toMatchObject({
      exit: 4,
      message: expect.stringContaining('can be read by others (mode 0640)'),
      next: expect.stringContaining(`chmod 600 ${path}`),
    });
  });
});

describe('profiles of the Alibaba Cloud CLI', () => {
  const write = (home: string, text: string): void => {
    mkdirSync(join(home, '.aliyun'));
    writeFileSync(join(home, '.aliyun/config.json'), text);
  };
  const PROFILES = JSON.stringify({
    current: 'default',
    profiles: [
      { name: 'default', mode: 'AK', access_key_id: 'LTAIdefault', access_key_secret: 'secret-of-default' },
      {
        name: 'fpga',
        mode: 'StsToken',
        access_key_id: 'STS.fpga',
        access_key_secret: 'secret-of-fpga',
        sts_token: 'token',
      },
    ],
  });

  it('the named one wins over the environment; the current one comes last', async () => {
    const { home } = await testAliyun();
    write(home, PROFILES);
    expect(await (await credentialsOf('fpga'))()).toEqual({
      accessKeyId: 'STS.fpga',
      accessKeySecret: 'secret-of-fpga',
      securityToken: 'token',
    });
    noEnvironment();
    expect((await (await credentialsOf(undefined))()).accessKeyId).toBe('LTAIdefault');
  });

  it.each([
    ['a file that is no JSON', '{"profiles":[{"access_key_secret":"secret-in-a-torn-file"'],
    ['no such profile', PROFILES],
  ])('none that can be used, and no secret in the error: %s', async (_, text) => {
    const { home } = await testAliyun();
    write(home, text);
    const error = await credentialsOf('absent').catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ exit: 4, message: 'no usable Alibaba Cloud credentials in the profile absent' });
    expect(`${JSON.stringify(error)}${(error as Error).stack}${String((error as Error).cause)}`).not.toContain(
      'secret',
    );
  });
});

describe('endpoints', () => {
  it('follow the region; the override stands for all', () => {
    vi.stubEnv('ALIBABA_CLOUD_ENDPOINT_URL', '');
    expect(Object.values(PRODUCTS).map((product) => endpointOf(product, 'cn-hangzhou').host)).toEqual([
      'faas.cn-hangzhou.aliyuncs.com',
      'oss-cn-hangzhou.aliyuncs.com',
      'ram.aliyuncs.com',
      'sts.cn-hangzhou.aliyuncs.com',
    ]);
    expect(endpointOf(PRODUCTS.oss, 'cn-hangzhou').protocol).toBe('https');
    vi.stubEnv('ALIBABA_CLOUD_ENDPOINT_URL', 'http://127.0.0.1:8080');
    expect(endpointOf(PRODUCTS.ram, 'cn-hangzhou')).toEqual({ protocol: 'http', host: '127.0.0.1:8080' });
    vi.stubEnv('ALIBABA_CLOUD_ENDPOINT_URL', 'ftp://x');
    expect(() => endpointOf(PRODUCTS.ram, 'cn-hangzhou')).toThrow('is no http or https URL');
  });

  it('need a region that could be one', () => {
    vi.stubEnv('ALIBABA_CLOUD_REGION_ID', 'cn-shanghai');
    expect([regionOf(undefined), regionOf('cn-beijing')]).toEqual(['cn-shanghai', 'cn-beijing']);
    vi.stubEnv('ALIBABA_CLOUD_REGION_ID', '');
    for (const bad of [undefined, 'x', 'cn-hangzhou.evil.example', 'CN-HANGZHOU'])
      expect(() => regionOf(bad)).toThrow();
  });
});
