import { failure } from '../../core/errors.ts';
import type { ReadContext } from '../../core/procedure.ts';
import { SCRIPT, stampOf, type HostBox, type Where } from './box.ts';

type Look = Pick<ReadContext, 'shell' | 'files'>;

/** Ticks of /proc in a second: 100 on every architecture that Linux has today (proc(5)). */
const TICKS = 100;

/**
 * When this machine started, seconds since the epoch: the start of its process 1, which is right in a container too.
 * undefined where that can't be read.
 */
const startOfMachine = async ({ files }: Look): Promise<number | undefined> => {
  const [all, init] = await Promise.all(
    ['/proc/stat', '/proc/1/stat'].map((path) => files.read(path).catch(() => undefined)),
  );
  const boot = /^btime (\d+)$/m.exec(all ?? '')?.[1];
  // The name in brackets may hold blanks; what follows it does not.
  const ticks = init?.slice(init.lastIndexOf(')') + 2).split(' ')[19];
  return boot === undefined || ticks === undefined ? undefined : Number(boot) + Number(ticks) / TICKS;
};

/** @returns those of the paths that are not there, or newer than what `test` of find(1) says. */
const newer = async ({ shell, files }: Look, paths: readonly string[], test: readonly string[]) => {
  const stats = await Promise.all(paths.map((path) => files.stat(path)));
  const there = paths.filter((_, at) => stats[at] !== undefined);
  if (there.length === 0) return paths;
  const { exitCode, stdout, stderr } = await shell.run('find', [...there, '-maxdepth', '0', ...test]);
  if (exitCode !== 0) throw failure(`can't compare the times of files: ${stderr.trim().split('\n')[0] ?? ''}`);
  const found = stdout.split('\n');
  return paths.filter((path) => !there.includes(path) || found.includes(path));
};

/** @returns those files that were written after `than` was, or are still to be written; all where that is not there. */
export const newerThan = async (look: Look, than: string, paths: readonly string[]): Promise<readonly string[]> =>
  paths.length === 0 || (await look.files.stat(than)) === undefined ? paths : newer(look, paths, ['-newer', than]);

/**
 * The same by a stamp that a run of ours left in /run. After a boot there is none: what runs was loaded at boot, from
 * the files as they were then, so the boot takes its place. Whether it runs at all is for the caller to see.
 */
export const newerThanLoaded = async (
  look: Look,
  stamp: string,
  paths: readonly string[],
): Promise<readonly string[]> => {
  if ((await look.files.stat(stamp)) !== undefined) return newerThan(look, stamp, paths);
  const boot = await startOfMachine(look);
  return boot === undefined ? paths : newer(look, paths, ['-newermt', `@${boot}`]);
};

/** Whether nftables has the table. */
export const hasTable = async ({ shell }: Pick<Look, 'shell'>, name: string): Promise<boolean> =>
  (await shell.run('nft', ['list', 'table', 'ip', name])).exitCode === 0;

/** Whether the tunnels script has been run: by a run of ours, or at boot. */
export const tunnelsAreUp = async (box: HostBox, { shell, files }: Where): Promise<boolean> => {
  if ((await files.stat(SCRIPT)) === undefined) return false;
  if ((await files.stat(stampOf(box, 'tunnels'))) !== undefined) return true;
  const shown = await Promise.all(
    box.interfaces.map(({ name }) => shell.run('ip', ['-j', 'addr', 'show', 'dev', name])),
  );
  return shown.some(({ stdout }, at) => stdout.includes(`"${box.interfaces[at]!.address}"`));
};
