import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { aliyunApi } from '../../src/lib/adapters/aliyun/api.ts';
import { files } from '../../src/lib/adapters/files.ts';
import { fpga, objects } from '../../src/lib/adapters/fpga.ts';
import { save } from '../../src/lib/adapters/save.ts';
import { openSource } from '../../src/lib/adapters/source.ts';
import type { FaasVersion } from '../../src/lib/core/aliyun.ts';
import type { Ports } from '../../src/lib/core/ports.ts';
import { FAAS_POLICY, FAAS_ROLE, policyWith, trustWithFaas } from '../../src/lib/domain/fpga/faas-policy.ts';
import { fakeClock, type FakeClock } from '../fakes/clock.ts';
import { SECRET, testAliyun, type TestAliyun } from './aliyun.ts';
import { run, type Ran, type RunOptions } from './run.ts';
import { afterEachTest } from './after-each.ts';

const folders: string[] = [];
afterEachTest(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

export const BUCKET = 'fpga-builds';
/** OPAE's "XeonFPGA·GBSv001", with which every green bitstream begins. */
const GBS = Buffer.from('58656f6e46504741b74742537630303120', 'hex');
/** @param words the server's compiler finds what is wrong in them: UNROUTED. */
export const gbs = (words = 'a filter'): Buffer => Buffer.concat([GBS, Buffer.from(words)]);

export interface FaasWorld {
  readonly server: TestAliyun;
  readonly clock: FakeClock;
  readonly folder: string;
  /**
   * `fpga ${line}` in cn-hangzhou over the real adapters and real files; that no secret is shown is seen to each time.
   */
  run(line: string, options?: RunOptions): Promise<Ran>;
  /** Calls so far that change something, with the code of those refused. */
  changing(): readonly string[];
  /** An image that is built, its id. */
  built(file?: string): Promise<string>;
}

/** A folder with `filter.gbs`, the bucket, and what `fpga auth` makes for it. One clock for all. */
export const faasWorld = async (version: FaasVersion = '2017-08-24', { auth = true } = {}): Promise<FaasWorld> => {
  const folder = mkdtempSync(join(tmpdir(), 'hybridctl-fpga-'));
  folders.push(folder);
  const clock = fakeClock();
  const server = await testAliyun({ now: () => clock.now() });
  server.bucket(BUCKET);
  writeFileSync(join(folder, 'filter.gbs'), gbs());
  const own: Partial<Ports> = {
    clock,
    files,
    cwd: folder,
    source: openSource,
    save,
    fpga: (options) => fpga({ ...options, apiVersion: options.apiVersion ?? version }),
    objects,
    aliyun: aliyunApi,
  };
  const ours: FaasWorld['run'] = async (line, options = {}) => {
    const ran = await run(`fpga ${line}`, {
      ...options,
      env: { HYBRIDCTL_CLOUD: 'aliyun', ALIBABA_CLOUD_REGION_ID: 'cn-hangzhou', HOME: server.home, ...options.env },
      ports: { ...own, ...options.ports },
    });
    expect(`${ran.out}${ran.err}`).not.toContain(SECRET);
    return ran;
  };
  if (auth) {
    server.account.ram.roles.set(FAAS_ROLE, {
      name: FAAS_ROLE,
      description: '',
      trust: JSON.stringify(trustWithFaas(undefined)),
      policies: new Set([FAAS_POLICY]),
    });
    server.account.ram.policies.set(FAAS_POLICY, {
      name: FAAS_POLICY,
      description: '',
      versions: [
        {
          id: 'v1',
          document: JSON.stringify(policyWith(undefined, { bucket: BUCKET, kmsKey: undefined })),
          at: 0,
          isDefault: true,
        },
      ],
      next: 2,
    });
  }
  return {
    server,
    clock,
    folder,
    run: ours,
    changing: () =>
      server.calls
        .map(({ action }) => action)
        .filter((action) => /:(Create|Put|Update|Attach|Detach|Delete|Publish|Load)/.test(action)),
    async built(file = 'filter.gbs') {
      const { exit, err, json } = await ours(
        `upload ${file} --bucket ${BUCKET} --create --shell V1.1 --wait --json -q`,
      );
      expect([exit, err]).toEqual([0, '']);
      server.calls.splice(0);
      return String(json().image.id);
    },
  };
};
