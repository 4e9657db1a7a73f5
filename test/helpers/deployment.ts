import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { clock } from '../../src/lib/adapters/clock.ts';
import { files, namesIn } from '../../src/lib/adapters/files.ts';
import { shell } from '../../src/lib/adapters/shell.ts';
import type { Aws } from '../../src/lib/core/aws.ts';
import type { Clock, Files, Ports, RouteTables } from '../../src/lib/core/ports.ts';
import { iam } from '../../src/lib/cloud/services/iam/state.ts';
import { parameters } from '../../src/lib/cloud/services/ssm/state.ts';
import type { CloudState } from '../../src/lib/cloud/state.ts';
import { fixture, testCloud, type TestCloud } from './cloud.ts';
import { run, type Ran } from './run.ts';

/** A second site beside the one of the fixture, in the same VPC, with nothing made yet. */
export const NEW_SITE =
  'vpn init --site office.yaml --name office --region cn-north-1 --vpc-cidr 172.16.0.0/16 --network 10.20.0.0/16 ' +
  '--gateway az=cn-north-1a,private=172.16.1.50 --gateway az=cn-north-1b,private=172.16.2.50 --router public=198.51.100.99,dialect=ios-vti ' +
  '--table id=rtb-0468f52220000000a,az=cn-north-1a --table id=rtb-04b8f522f0000000b,az=cn-north-1b --apply';

/** What is there of it once it is made, as `ours` counts. */
export const ALL = { eipalloc: 2, eni: 2, i: 2, parameter: 2, profile: 1, role: 1, route: 2, rule: 4, sg: 1, vol: 2 };

/** What one undisturbed run calls, in its order. */
export const CALLS = [
  'AllocateAddress',
  'AllocateAddress',
  'CreateRole',
  'PutRolePolicy',
  'CreateInstanceProfile',
  'AddRoleToInstanceProfile',
  'CreateSecurityGroup',
  'AuthorizeSecurityGroupIngress',
  'PutParameter',
  'PutParameter',
  'RunInstances',
  'RunInstances',
  'ModifyInstanceAttribute',
  'ModifyInstanceAttribute',
  'AssociateAddress',
  'AssociateAddress',
  'CreateRoute',
  'CreateRoute',
];

/** Every wait is a twentieth: what is waited for in a test takes milliseconds. */
const hasty: Clock = { now: () => 20 * performance.now(), sleep: (ms, signal) => clock.sleep(ms / 20, signal) };

/** Where a run ends as by SIGKILL: at its nth change of the outside, before it or after it. Nothing is undone. */
export interface Death {
  readonly at: number;
  readonly when: 'before' | 'after';
}

export interface Bench extends TestCloud {
  readonly folder: string;
  /** A command line in the folder, over real files and the real SDK. */
  on(line: string, death?: Death, ports?: Partial<Ports>): Promise<Ran>;
  /** Changes of the outside that the last run made: calls to the cloud and files written. */
  changes(): readonly string[];
  read(path: string): string;
  /** What of the site is in the cloud: how many of each kind carry its tag or its name. */
  ours(site: string): Readonly<Record<string, number>>;
}

export const bench = async (): Promise<Bench> => {
  const cloud = await testCloud(fixture('lab'), { times: { stopMs: 5, forcedStopMs: 5, startMs: 5, terminateMs: 5 } });
  const folder = mkdtempSync(join(tmpdir(), 'deploy-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  let changes: string[] = [];
  /** After its death a run goes no further: what it would have waited for never comes. */
  const dying =
    (death: Death | undefined, end: () => void) =>
    async <T>(what: string, work: () => Promise<T>): Promise<T> => {
      changes.push(what);
      const dies = death?.at === changes.length;
      const result = dies && death.when === 'before' ? undefined : await work();
      if (!dies) return result as T;
      end();
      return new Promise<never>(() => undefined);
    };
  return {
    ...cloud,
    folder,
    changes: () => changes,
    read: (path) => readFileSync(join(folder, path), 'utf8'),
    async on(line, death, ports = {}) {
      changes = [];
      let end: (ran: Ran) => void = () => undefined;
      const killed = new Promise<Ran>((done) => (end = done));
      const change = dying(death, () =>
        end({ exit: 1, out: '', err: 'killed', json: () => undefined, files: {}, asked: [], refused: [] }),
      );
      const aws = cloud.aws();
      const mortal: Aws = { ...aws, send: (call) => change(call.operation, () => aws.send(call)) };
      const tables = cloud.routeTables({ answerMs: 10_000 });
      const mortalTables: RouteTables = {
        ...tables,
        createRoute: (...call) => change('CreateRoute', () => tables.createRoute(...call)),
        replaceRoute: (...call) => change('ReplaceRoute', () => tables.replaceRoute(...call)),
        deleteRoute: (...call) => change('DeleteRoute', () => tables.deleteRoute(...call)),
      };
      const mortalFiles: Files = {
        ...files,
        write: (list) => (list.length === 0 ? files.write(list) : change('write', () => files.write(list))),
      };
      const ran = run(line, {
        ports: {
          cwd: folder,
          files: mortalFiles,
          namesIn,
          shell,
          clock: hasty,
          random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
          aws: async () => mortal,
          routeTables: async () => mortalTables,
          ...ports,
        },
      });
      return Promise.race([ran, killed]);
    },
    ours(site) {
      const state = cloud.cloud.snapshot() as CloudState;
      const kinds: Record<string, number> = {};
      const count = (kind: string, number: number): void => {
        if (number > 0) kinds[kind] = (kinds[kind] ?? 0) + number;
      };
      const alive = new Set(state.instances.filter((instance) => instance.state !== 'terminated').map(({ id }) => id));
      const tagged = Object.entries(state.tags)
        .filter(([, tags]) => tags['hybridctl:site'] === site)
        .map(([id]) => id);
      for (const id of tagged) if (!id.startsWith('i-') || alive.has(id)) count(id.slice(0, id.indexOf('-')), 1);
      count('role', iam.of(state).roles.filter(({ name }) => name.startsWith(`hybridctl-${site}-`)).length);
      count('profile', iam.of(state).profiles.filter(({ name }) => name.startsWith(`hybridctl-${site}-`)).length);
      count('parameter', parameters.of(state).filter(({ name }) => name.startsWith(`/hybridctl/${site}/`)).length);
      count(
        'route',
        state.tables.flatMap(({ statics }) => statics).filter(({ destination }) => destination === '10.20.0.0/16')
          .length,
      );
      count(
        'rule',
        state.securityGroups
          .filter(({ id }) => tagged.includes(id))
          .flatMap(({ rules }) => rules.filter(({ egress }) => !egress)).length,
      );
      return kinds;
    },
  };
};
