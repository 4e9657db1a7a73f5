import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * What a run of the suite leaves behind on the machine, and who cleans it up.
 *
 * Every run has a folder of its own for temporary files, which its children know as TMPDIR. So whatever names this
 * folder belongs to the run: a process with it in its environment or its command line, a mount or a loop device below
 * it, a machine of systemd-nspawn that is named like it. Network namespaces are compared with those that were there at
 * the start. All of this is removed at the end, and it fails the run. A run that was killed leaves its folder; the next run's start does the same for it.
 */
const ROOT = '/tmp';
const OWN = /^hct-(\d+)$/;
const NAMESPACES = 'namespaces-before.json';

/** Where groups of processes are, in the first version, the second, and both beside each other. */
export const CGROUPS = ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified', '/sys/fs/cgroup'] as const;
/** Where systemd-nspawn keeps something by a machine's name. */
export const NSPAWN_FOLDERS = ['/run/systemd/nspawn/propagate', '/run/systemd/nspawn/locks'] as const;

export interface Leftovers {
  /** One line for each thing, as a person would look for it. */
  readonly found: readonly string[];
}

const quietly = <T>(work: () => T, otherwise: T): T => {
  try {
    return work();
  } catch {
    return otherwise;
  }
};
const lines = (file: string, ...args: string[]): readonly string[] =>
  quietly(() => execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }), '')
    .split('\n')
    .filter(Boolean);

export const folderOfRun = (pid: number): string => join(ROOT, `hct-${pid}`);
const namespaces = (): readonly string[] => quietly(() => readdirSync('/run/netns'), []);
const lives = (pid: number): boolean => existsSync(`/proc/${pid}`);

/** Whether a text of /proc names the folder, and not one whose name only begins like it. */
const names = (text: string, folder: string): boolean =>
  text
    .split(folder)
    .slice(1)
    .some((rest) => !/^\d/.test(rest));

/** Processes that belong to the folder's run, but for this one and those it descends from. */
const processes = (folder: string): readonly { readonly pid: number; readonly command: string }[] =>
  quietly(() => readdirSync('/proc'), [])
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && Number(name) !== process.ppid)
    .map((name) => ({
      pid: Number(name),
      // A kernel thread and a zombie have no command line.
      command: quietly(() => readFileSync(`/proc/${name}/cmdline`, 'utf8'), ''),
      environment: quietly(() => readFileSync(`/proc/${name}/environ`, 'utf8'), ''),
    }))
    .filter(({ command, environment }) => command !== '' && (names(environment, folder) || names(command, folder)))
    .map(({ pid, command }) => ({ pid, command: command.replaceAll('\0', ' ').trim().slice(0, 160) }));

/** The deepest first, so that each can be unmounted. Loop mounts of files below the folder are among them. */
const mounts = (folder: string): readonly string[] =>
  quietly(() => readFileSync('/proc/self/mounts', 'utf8'), '')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${folder}/`))
    .reverse();

const loops = (folder: string): readonly string[] =>
  lines('losetup', '--list', '--noheadings', '--output', 'NAME,BACK-FILE')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, file]) => file?.startsWith(`${folder}/`))
    .map(([device]) => device!);

/**
 * Folders by which a machine of systemd-nspawn is known; each bears the name of the run (see systemd-machine.ts). What
 * runs inside knows nothing of the run, and outlives systemd-nspawn: its group of processes tells.
 */
const machines = (folder: string): readonly string[] =>
  [...CGROUPS, ...NSPAWN_FOLDERS].flatMap((place) =>
    quietly(() => readdirSync(place), [])
      .filter((name) => name.startsWith(`${basename(folder)}-`))
      .map((name) => join(place, name)),
  );

/** Runs that are under way on this machine, but for the given one. */
const otherRuns = (pid: number): readonly number[] =>
  quietly(() => readdirSync(ROOT), [])
    .map((name) => Number(OWN.exec(name)?.[1]))
    .filter((other) => other > 0 && other !== pid && lives(other));

/**
 * Namespaces that bear the run's name, and those that have come since it began. While another run goes on, nobody can
 * tell whose the others are.
 */
const newNamespaces = (pid: number): readonly string[] => {
  const named = namespaces().filter((name) => name.startsWith(`${basename(folderOfRun(pid))}-`));
  if (otherRuns(pid).length > 0) return named;
  const before = quietly(() => JSON.parse(readFileSync(join(folderOfRun(pid), NAMESPACES), 'utf8')) as string[], null);
  return before === null ? named : namespaces().filter((name) => !before.includes(name));
};

/** Removes what the run of a process has left. @returns what was found. */
const cleanUp = (pid: number): readonly string[] => {
  const folder = folderOfRun(pid);
  const found: string[] = [];
  for (const { pid: left, command } of processes(folder)) {
    found.push(`process ${left}: ${command}`);
    quietly(() => process.kill(left, 'SIGKILL'), undefined);
  }
  for (const name of newNamespaces(pid)) {
    const inside = lines('ip', 'netns', 'pids', name);
    found.push(`network namespace ${name}${inside.length > 0 ? ` with ${inside.length} processes` : ''}`);
    for (const left of inside) quietly(() => process.kill(Number(left), 'SIGKILL'), undefined);
    lines('ip', 'netns', 'delete', name);
  }
  for (const path of machines(folder)) {
    found.push(`machine ${path}`);
    for (const list of lines('find', path, '-name', 'cgroup.procs'))
      for (const left of quietly(() => readFileSync(list, 'utf8'), '')
        .split('\n')
        .filter(Boolean))
        quietly(() => process.kill(Number(left), 'SIGKILL'), undefined);
    // A group goes when the last of its processes is gone.
    for (let tries = 0; tries < 20 && existsSync(path); tries += 1) {
      lines('find', path, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';');
      if (existsSync(path)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
  for (const path of mounts(folder)) {
    found.push(`mount ${path}`);
    lines('umount', '--lazy', path);
  }
  for (const device of loops(folder)) {
    found.push(`loop device ${device}`);
    lines('losetup', '--detach', device);
  }
  return found;
};

/**
 * Begins a run: cleans up after runs that were killed, and makes this run's folder. @returns what killed runs had left.
 */
export const beginRun = (pid: number): Leftovers => {
  const found: string[] = [];
  for (const name of quietly(() => readdirSync(ROOT), [])) {
    const other = Number(OWN.exec(name)?.[1]);
    if (!(other > 0) || other === pid || lives(other)) continue;
    found.push(...cleanUp(other), `folder ${join(ROOT, name)}`);
    rmSync(join(ROOT, name), { recursive: true, force: true });
  }
  const folder = folderOfRun(pid);
  mkdirSync(folder, { recursive: true });
  // As /tmp: daemons run as users of their own.
  chmodSync(folder, 0o1777);
  writeFileSync(join(folder, NAMESPACES), JSON.stringify(namespaces()));
  return { found };
};

/** Ends a run: removes what its tests left, the folder too. @returns what they left. */
export const endRun = (pid: number): Leftovers => {
  const folder = folderOfRun(pid);
  const found = [
    ...cleanUp(pid),
    ...quietly(() => readdirSync(folder), [])
      .filter((name) => name.startsWith('hybridctl-'))
      .map((name) => `folder ${join(folder, name)}`),
  ];
  rmSync(folder, { recursive: true, force: true });
  return { found };
};
