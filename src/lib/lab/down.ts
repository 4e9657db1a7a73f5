import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { failure } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import { MARK } from './run.ts';
import { checkedName, paths } from './state.ts';
import { until } from './wait.ts';

/** What a lab leaves on a machine; everything is found by the lab's name, never from a list somebody had to write. */
export interface Remains {
  readonly namespaces: readonly string[];
  readonly devices: readonly string[];
  readonly processes: readonly number[];
  readonly folder: boolean;
}

type Machine = Pick<Ports, 'shell' | 'files'>;

/** Processes started for the lab carry its name in their environment, also those that are not in a namespace yet. */
const marked = async (lab: string): Promise<readonly number[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      return environment.split('\0').includes(`${MARK}=${lab}`) ? [pid] : [];
    }),
  );
  return found.flat();
};

export const remainsOf = async ({ shell, files }: Machine, lab: string): Promise<Remains> => {
  checkedName(lab);
  const listed = (await shell.run('ip', ['netns', 'list'])).stdout.split('\n').map((line) => line.split(' ')[0]!);
  const namespaces = listed.filter((name) => name.startsWith(`${lab}-`));
  const links = (await shell.run('ip', ['-o', 'link', 'show'])).stdout
    .split('\n')
    .map((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? '');
  const inside = await Promise.all(
    namespaces.map(async (name) =>
      (await shell.run('ip', ['netns', 'pids', name])).stdout
        .split('\n')
        .filter((line) => line !== '')
        .map(Number),
    ),
  );
  return {
    namespaces,
    devices: links.filter((name) => name === `${lab}-mgmt`),
    processes: [...new Set([...inside.flat(), ...(await marked(lab))])].filter((pid) => pid !== process.pid),
    folder: (await files.stat(paths(lab).dir)) !== undefined,
  };
};

export const isNothing = ({ namespaces, devices, processes, folder }: Remains): boolean =>
  namespaces.length + devices.length + processes.length === 0 && !folder;

/** Longer than `ip` needs from its start to the first namespace. */
const SECOND_LOOK_MS = 100;

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone meanwhile.
  }
};

/**
 * Takes a lab away, whole or half built. @returns what was there.
 * @throws a failure naming what is left, should anything resist for 10 s.
 */
export const tearDown = async (machine: Machine, lab: string): Promise<Remains> => {
  const { shell } = machine;
  const before = await remainsOf(machine, lab);
  const sweep = async (): Promise<boolean> => {
    const left = await remainsOf(machine, lab);
    if (isNothing(left)) return stillNothing();
    // Processes first, the folder last: while it stands, a crash in here leaves a lab that `down` finds again.
    left.processes.forEach(kill);
    for (const device of left.devices) await shell.run('ip', ['link', 'delete', device]);
    for (const name of left.namespaces) await shell.run('ip', ['netns', 'delete', name]);
    if (left.processes.length === 0 && left.namespaces.length === 0)
      await rm(paths(lab).dir, { recursive: true, force: true });
    return false;
  };
  /** A program that a killed `lab up` had just started may still make something. */
  const stillNothing = async (): Promise<boolean> => {
    await delay(SECOND_LOOK_MS);
    return isNothing(await remainsOf(machine, lab));
  };
  const more = async (): Promise<readonly string[]> => {
    const left = await remainsOf(machine, lab);
    return [
      ...left.namespaces.map((name) => `namespace ${name}`),
      ...left.devices.map((name) => `device ${name}`),
      ...left.processes.map((pid) => `process ${pid}`),
      ...(left.folder ? [paths(lab).dir] : []),
    ];
  };
  await until(sweep, { what: `the lab ${lab} did not go away`, withinMs: 10_000, everyMs: 20, more });
  // The last lab takes the common folder along; another lab's folder in it keeps it.
  await rmdir(paths(lab).root).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT' && error.code !== 'EEXIST')
      throw failure(`can't remove ${paths(lab).root}`, { cause: error });
  });
  return before;
};
