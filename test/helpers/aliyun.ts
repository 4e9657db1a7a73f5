import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { newBucket } from '../../src/lib/cloud/aliyun/oss/state.ts';
import { startAliyun, type AliyunServer, type ServerOptions } from '../../src/lib/cloud/aliyun/server.ts';
import { afterEachTest } from './after-each.ts';

export { ACCOUNT_ID as ACCOUNT } from '../../src/lib/cloud/aliyun/account.ts';
export { FPGA_BOARD as BOARD, FPGA_INSTANCE as INSTANCE } from '../../src/lib/cloud/aliyun/faas/state.ts';
export type { AliyunServer } from '../../src/lib/cloud/aliyun/server.ts';

export const KEY_ID = 'LTAI5tHybridctlTest';
export const SECRET = 'never-shown-anywhere';

const running: AliyunServer[] = [];
const folders: string[] = [];
afterEachTest(async () => {
  vi.unstubAllEnvs();
  folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true }));
  await Promise.all(running.splice(0).map((server) => server.close()));
});

export interface TestAliyun extends AliyunServer {
  /** Where `~` is; empty at first. */
  readonly home: string;
  /** The account's clock: images and tasks live by it. */
  pass(ms: number): void;
  /** A bucket, with the folder FaaS writes its logs to. */
  bucket(name: string, region?: string, options?: { readonly logs: boolean }): void;
  put(bucket: string, key: string, content: string | Buffer): void;
}

/**
 * An account on loopback, closed after the test. The SDKs find it, and its key, by the environment, as a user's would.
 */
export const testAliyun = async (options: ServerOptions = {}): Promise<TestAliyun> => {
  let now = Date.UTC(2026, 10, 28, 8, 0, 0);
  const time = options.now ?? (() => now);
  const server = await startAliyun({ key: { id: KEY_ID, secret: SECRET }, ...options, now: time });
  running.push(server);
  const home = mkdtempSync(join(tmpdir(), 'hybridctl-home-'));
  folders.push(home);
  vi.stubEnv('HOME', home);
  for (const name of [
    'ALIBABA_CLOUD_SECURITY_TOKEN',
    'ALIBABA_CLOUD_PROFILE',
    'ALIBABA_CLOUD_CREDENTIALS_URI',
    'ALIBABA_CLOUD_REGION_ID',
  ])
    vi.stubEnv(name, undefined);
  vi.stubEnv('ALIBABA_CLOUD_ECS_METADATA_DISABLED', 'true');
  vi.stubEnv('ALIBABA_CLOUD_ENDPOINT_URL', server.url);
  vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_ID', KEY_ID);
  vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_SECRET', SECRET);
  const put: TestAliyun['put'] = (bucket, key, content) =>
    void server.account.oss.buckets.get(bucket)!.objects.set(key, { body: Buffer.from(content), at: time() });
  return {
    ...server,
    home,
    pass: (ms) => void (now += ms),
    bucket(name, region = server.account.region, { logs } = { logs: true }) {
      server.account.oss.buckets.set(name, newBucket(region));
      if (logs) put(name, 'compiling_logs/', '');
    },
    put,
  };
};
