import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { awsApi } from '../../src/lib/adapters/aws/api.ts';
import { files } from '../../src/lib/adapters/files.ts';
import { shell } from '../../src/lib/adapters/shell.ts';
import type { Aws } from '../../src/lib/core/aws.ts';
import type { Files } from '../../src/lib/core/ports.ts';
import { fixture, testCloud, type TestCloud } from './cloud.ts';
import { words, type Ran, type RunOptions } from './run.ts';
import { startS3, type S3Server } from './s3rver.ts';
import { afterEachTest } from './after-each.ts';

export interface MountWorld {
  readonly folder: string;
  readonly cloud: TestCloud;
  readonly s3: S3Server;
  /** The API of the S3 server. */
  readonly aws: Aws;
  /** A folder for mounts, and where definitions and keys are. */
  readonly at: (name: string) => string;
  readonly state: string;
  /** Stands for /etc/fstab. */
  readonly fstab: string;
  /** `hybridctl s3 …`; `mount` gets the server's address. */
  run(line: string, options?: RunOptions): Promise<Ran>;
  sh(script: string, timeoutMs?: number): Promise<{ exitCode: number; stdout: string; stderr: string }>;
}

const cleanups: (() => Promise<void>)[] = [];

/** Ends daemons and mounts of a folder, whatever a test left. */
const clean = async (folder: string): Promise<void> => {
  await shell.run('sh', [
    '-c',
    'awk -v d="$1/" \'index($5, d) == 1 { print $5 }\' /proc/self/mountinfo | sort -r | while read -r m; do umount -l "$m"; done; ps -e -ww -o pid=,args= | awk -v d="$1/" \'($2 == "s3fs" || $2 == "rclone") && index($0, d) { print $1 }\' | xargs -r kill -9',
    'clean',
    folder,
  ]);
};

afterEachTest(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  // A server's folder may hold thousands of files.
});

/** The real fstab is nobody's test bench. */
const filesWith = (fstab: string): Files => {
  const path = (one: string): string => (one === '/etc/fstab' ? fstab : one);
  return {
    read: (one, limit) => files.read(path(one), limit),
    stat: (one) => files.stat(path(one)),
    write: (list) => files.write(list.map((file) => ({ ...file, path: path(file.path) }))),
  };
};

/** A real S3 server, the lab's IAM, the real s3fs: everything but AWS. Gone after the test. */
export const mountWorld = async ({ lagMs = 0 } = {}): Promise<MountWorld> => {
  const folder = mkdtempSync(join(tmpdir(), 'hys3-'));
  const s3 = await startS3(join(folder, 'store'), lagMs);
  const cloud = await testCloud(fixture('lab'));
  cleanups.push(async () => {
    await clean(folder);
    await s3.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const [state, fstab] = [join(folder, 'state'), join(folder, 'fstab')];
  writeFileSync(fstab, '# static\nUUID=1 / ext4 errors=remount-ro 0 1\n', { mode: 0o640 });
  const tuning = { attempts: 2, answerMs: 5_000, connectMs: 500 };
  return {
    folder,
    cloud,
    s3,
    aws: awsApi({ region: 'cn-north-1', s3Url: s3.url }, tuning),
    at: (name) => join(folder, name),
    state,
    fstab,
    run: (line, { ports, ...rest } = {}) => {
      const all = words(line);
      return cloud.run(
        [`s3 ${line} --state ${state}`, ...(all[0] === 'mount' ? [`--region cn-north-1 --url ${s3.url}`] : [])].join(
          ' ',
        ),
        {
          ...rest,
          ports: {
            files: filesWith(fstab),
            shell,
            cwd: folder,
            env: {},
            aws: async (options) => awsApi(options, tuning),
            random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
            ...ports,
          },
        },
      );
    },
    sh: (script, timeoutMs = 120_000) => shell.run('sh', ['-c', script], { cwd: folder, timeoutMs }),
  };
};

export const read = (path: string): string => readFileSync(path, 'utf8');
