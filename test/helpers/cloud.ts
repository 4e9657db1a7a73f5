import { readFileSync } from 'node:fs';
import { vi } from 'vitest';
import { parse } from 'yaml';
import type { Tuning } from '../../src/lib/adapters/aws/client.ts';
import { awsApi } from '../../src/lib/adapters/aws/api.ts';
import { awsInstances } from '../../src/lib/adapters/aws/instances.ts';
import { awsRouteTables } from '../../src/lib/adapters/aws/routes.ts';
import { clock } from '../../src/lib/adapters/clock.ts';
import type { Aws } from '../../src/lib/core/aws.ts';
import type { Instances, RouteTables } from '../../src/lib/core/ports.ts';
import { siteSchema, type Site } from '../../src/lib/domain/site.ts';
import type { FaultsInput } from '../../src/lib/cloud/faults.ts';
import { serviceNamed } from '../../src/lib/cloud/services/index.ts';
import { startCloud } from '../../src/lib/cloud/server.ts';
import type { RunningCloud, StartCloudOptions } from '../../src/lib/cloud/types.ts';
import { run, type Ran, type RunOptions } from './run.ts';
import { afterEachTest } from './after-each.ts';

export const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/${name}.yaml`, import.meta.url), 'utf8');
export const siteOf = (text: string): Site => siteSchema.parse(parse(text));

const running: RunningCloud[] = [];
afterEachTest(async () => {
  vi.unstubAllEnvs();
  await Promise.all(running.splice(0).map((cloud) => cloud.close()));
});

export interface TestCloud extends RunningCloud {
  /** Sets faults over HTTP, as a drill does. */
  fault(faults: FaultsInput): Promise<void>;
  /** Calls answered so far, as `Action` or `Action!Code`. */
  calls(): Promise<readonly string[]>;
  /** The real adapter against this cloud: no long waits, so that a test of a dead endpoint is short. */
  routeTables(tuning?: Partial<Tuning>): RouteTables;
  instances(tuning?: Partial<Tuning>): Instances;
  aws(tuning?: Partial<Tuning>): Aws;
  /** The command line over the real adapter. `hybridctl.yaml` is the cloud's own site. */
  run(line: string, options?: RunOptions & { tuning?: Partial<Tuning> }): Promise<Ran>;
}

/** As long as on EC2: with a clock that stands, that costs a test nothing. */
export const EC2_TIMES = {
  stopMs: 60_000,
  forcedStopMs: 10_000,
  startMs: 20_000,
  terminateMs: 30_000,
  attachMs: 10_000,
  connectMs: 180_000,
  buildMs: 2_400_000,
  forgetMs: 3_600_000,
};

/**
 * A clock that only the test moves, so that what is under way stays so however busy the machine is. Nobody is woken:
 * what is due happens with the next call.
 */
export const standingClock = () => {
  let now = 1_795_200_000_000;
  return { now: () => now, sleep: () => new Promise<void>(() => undefined), pass: (ms: number) => void (now += ms) };
};

/** A cloud on loopback, closed after the test. The SDK finds it by the environment, as a user's would. */
export const testCloud = async (text: string, options: Omit<StartCloudOptions, 'site'> = {}): Promise<TestCloud> => {
  // Loaded by its first call otherwise, and a test's client waits 400 ms for an answer.
  await serviceNamed('ec2');
  const cloud = await startCloud({
    site: siteOf(text),
    times: { stopMs: 20, forcedStopMs: 10, startMs: 20, terminateMs: 20, attachMs: 20, connectMs: 20, buildMs: 20 },
    ...options,
  });
  running.push(cloud);
  vi.stubEnv('AWS_ENDPOINT_URL', cloud.url);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'lab');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'never-shown');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');
  const routeTables = (tuning: Partial<Tuning> = {}) =>
    awsRouteTables({ region: 'cn-north-1' }, { attempts: 2, answerMs: 400, connectMs: 400, ...tuning });
  const aws = (tuning: Partial<Tuning> = {}) =>
    awsApi({ region: 'cn-north-1' }, { attempts: 2, answerMs: 10_000, connectMs: 400, ...tuning });
  const instances = (tuning: Partial<Tuning> = {}) =>
    awsInstances({ region: 'cn-north-1' }, { attempts: 2, answerMs: 400, connectMs: 400, ...tuning });
  return {
    ...cloud,
    async fault(faults) {
      const response = await fetch(`${cloud.url}/_lab/faults`, { method: 'PUT', body: JSON.stringify(faults) });
      if (!response.ok) throw new Error(await response.text());
    },
    async calls() {
      const { calls } = (await (await fetch(`${cloud.url}/_lab/state`)).json()) as {
        calls: { action: string; code?: string }[];
      };
      return calls.map(({ action, code }) => (code === undefined ? action : `${action}!${code}`));
    },
    routeTables,
    instances,
    aws,
    run: (line, { tuning, files, ports, ...rest } = {}) =>
      run(line, {
        ...rest,
        files: { 'hybridctl.yaml': text, ...files },
        ports: {
          clock,
          routeTables: async () => routeTables(tuning),
          instances: async () => instances(tuning),
          aws: async () => aws(tuning),
          ...ports,
        },
      }),
  };
};
