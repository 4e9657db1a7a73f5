import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { awsFpga } from '../../src/lib/adapters/aws/fpga.ts';
import { awsObjects } from '../../src/lib/adapters/aws/objects.ts';
import { files } from '../../src/lib/adapters/files.ts';
import { save } from '../../src/lib/adapters/save.ts';
import { openSource } from '../../src/lib/adapters/source.ts';
import type { FpgaOptions } from '../../src/lib/core/fpga.ts';
import type { ObjectStore } from '../../src/lib/core/objects.ts';
import type { Notice } from '../../src/lib/core/outlets.ts';
import type { Ports } from '../../src/lib/core/ports.ts';
import { fakeClock, type FakeClock } from '../fakes/clock.ts';
import { fixture, testCloud, type TestCloud } from './cloud.ts';
import type { Ran, RunOptions } from './run.ts';
import { afterEachTest } from './after-each.ts';

const folders: string[] = [];
afterEachTest(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

export interface FpgaWorld {
  readonly cloud: TestCloud;
  readonly clock: FakeClock;
  readonly folder: string;
  readonly notices: Notice[];
  /** Of the region, or of another one. */
  store(bucket?: string, region?: string): ObjectStore;
  bucket(name: string, region?: string): Promise<void>;
  /** `fpga ${line} --cloud aws --region cn-north-1`, over the real adapters and real files. */
  run(line: string, options?: RunOptions): Promise<Ran>;
  /** Calls that change something. */
  changing(): Promise<readonly string[]>;
}

export const REGION = 'cn-north-1';
/** As long as on EC2: the clock moves when somebody sleeps. */
export const BUILD_MS = 2_400_000;

/** A folder, a bucket `dcp`, and the endpoint; one clock for all, unless delays are to last. */
export const fpgaWorld = async (ports: Partial<Ports> = {}, realTime = false): Promise<FpgaWorld> => {
  const folder = mkdtempSync(join(tmpdir(), 'hybridctl-fpga-'));
  folders.push(folder);
  const clock = fakeClock();
  const cloud = await testCloud(fixture('lab'), { ...(realTime ? {} : { clock }), times: { buildMs: BUILD_MS } });
  const tuning = { attempts: 2, connectMs: 1_000, answerMs: 10_000 };
  const region = (options: FpgaOptions) => ({ ...options, region: options.region ?? '' });
  const store: FpgaWorld['store'] = (bucket = 'dcp', where = REGION) =>
    awsObjects(bucket, { cloud: 'aws', region: where }, tuning);
  const notices: Notice[] = [];
  const own: Partial<Ports> = {
    clock,
    files,
    cwd: folder,
    source: openSource,
    save,
    fpga: async (options) => awsFpga(region(options), tuning),
    objects: async (bucket, options) => awsObjects(bucket, region(options), tuning),
    outlets: async () =>
      ({
        notifier: async () => ({ send: async (_to: unknown, notice: Notice) => void notices.push(notice) }),
      }) as unknown as Awaited<ReturnType<Ports['outlets']>>,
    ...ports,
  };
  const bucket: FpgaWorld['bucket'] = async (name, where = REGION) => {
    const { S3Client, CreateBucketCommand } = await import('@aws-sdk/client-s3');
    await new S3Client({ region: where, forcePathStyle: true }).send(new CreateBucketCommand({ Bucket: name }));
  };
  await bucket('dcp');
  return {
    cloud,
    clock,
    folder,
    notices,
    store,
    bucket,
    run: (line, options = {}) =>
      cloud.run(`fpga ${line} --cloud aws --region ${REGION}`, { ...options, ports: { ...own, ...options.ports } }),
    changing: async () =>
      (await cloud.calls()).filter(
        (call) =>
          /^(Create|Put|Upload|Complete|Abort|Delete|Modify|Copy)/.test(call) &&
          call !== 'CreateBucket' &&
          !call.endsWith('!DryRunOperation'),
      ),
  };
};

/** Nothing is left in the bucket, half sent or whole. */
export const expectUntouched = async (store: ObjectStore): Promise<void> =>
  expect([await store.list(''), await store.uploads('')]).toEqual([[], []]);
