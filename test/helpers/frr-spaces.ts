import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ownMachine } from '../../src/lib/lab/run.ts';
import { until } from './charon-pair.ts';

const exec = promisify(execFile);

export interface FrrSpace {
  /** Of its sockets, pid files and configuration; it is the FRR user's. */
  readonly folder: string;
  /** Runs a program in the namespace. @throws for an exit code that is not 0. */
  run(...line: string[]): Promise<string>;
  /** Starts one FRR daemon with an empty configuration. */
  daemon(name: string, ...more: string[]): ChildProcess;
  /** Starts daemons and loads a whole configuration, as `vtysh -b` does. @throws for a line that FRR refuses. */
  load(config: string, daemons: readonly string[]): Promise<void>;
  vtysh(...commands: string[]): Promise<string>;
}

export interface FrrSpaces {
  readonly space: Readonly<Record<string, FrrSpace>>;
  /** Two ends of one cable, by space and device. */
  join(one: readonly [space: string, device: string], other: readonly [space: string, device: string]): Promise<void>;
  stop(): Promise<void>;
}

/** Network namespaces, each with an FRR of its own. Needs root and frr. */
export const frrSpaces = async (names: readonly string[]): Promise<FrrSpaces> => {
  const tag = `hyb-${randomBytes(3).toString('hex')}`;
  const root = await mkdtemp(join(tmpdir(), `${tag}-`));
  await chmod(root, 0o755);
  const [, , uid, gid] = (await readFile('/etc/passwd', 'utf8'))
    .split('\n')
    .find((line) => line.startsWith('frr:'))!
    .split(':');
  const children = new Set<ChildProcess>();
  const netns = (name: string): string => `${tag}-${name}`;

  const spaceOf = async (name: string): Promise<FrrSpace> => {
    const folder = join(root, name);
    await mkdir(folder);
    await chown(folder, Number(uid), Number(gid));
    await exec('ip', ['netns', 'add', netns(name)]);
    await exec('ip', ['-n', netns(name), 'link', 'set', 'lo', 'up']);
    const run = async (...line: string[]): Promise<string> =>
      (await exec('ip', ['netns', 'exec', netns(name), ...line])).stdout;
    const daemon = (what: string, ...more: string[]): ChildProcess => {
      const child = spawn(
        'ip',
        [
          'netns',
          'exec',
          netns(name),
          ...ownMachine([
            `/usr/lib/frr/${what}`,
            '-P',
            '0',
            '-f',
            '/dev/null',
            '-z',
            `${folder}/zserv.api`,
            '--vty_socket',
            folder,
            '-i',
            `${folder}/${what}.pid`,
            ...more,
          ]),
        ],
        { stdio: 'ignore' },
      );
      children.add(child);
      return child;
    };
    const vtysh = async (...commands: string[]): Promise<string> =>
      (await exec('vtysh', ['--vty_socket', folder, ...commands.flatMap((command) => ['-c', command])])).stdout;
    const load = async (config: string, daemons: readonly string[]): Promise<void> => {
      for (const one of daemons) daemon(one);
      await until(`FRR of ${name}`, async () => {
        const there = (await vtysh('show daemons')).split(/\s+/);
        return daemons.every((one) => there.includes(one));
      });
      const file = join(folder, 'frr.conf');
      await writeFile(file, config);
      await exec('vtysh', ['--vty_socket', folder, '-f', file]);
    };
    return { folder, run, daemon, load, vtysh };
  };

  const stop = async (): Promise<void> => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(names.map((name) => exec('ip', ['netns', 'del', netns(name)]).catch(() => undefined)));
    await rm(root, { recursive: true, force: true });
  };
  try {
    const space = Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await spaceOf(name)] as const)),
    );
    return {
      space,
      join: async ([one, device], [other, peer]) => {
        await exec('ip', [
          'link',
          'add',
          device,
          'netns',
          netns(one),
          'type',
          'veth',
          'peer',
          'name',
          peer,
          'netns',
          netns(other),
        ]);
        await Promise.all([
          space[one]!.run('ip', 'link', 'set', device, 'up'),
          space[other]!.run('ip', 'link', 'set', peer, 'up'),
        ]);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
