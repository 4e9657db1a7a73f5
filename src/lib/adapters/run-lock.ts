import { mkdir, readlink, rm, symlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { failure } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import { breakLock } from './lock-link.ts';
import { bootId, startOf } from './process-name.ts';
import { syncNames } from './replace.ts';

const code = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Host, boot, process, its start, and the command; parts are separated by `|`. */
const nameOf = (what: string): string => [hostname(), bootId(), process.pid, startOf('self') ?? '', what].join('|');

/**
 * Whether the run that a lock names is over. A lock of another machine (the folder is shared) is believed: nothing here
 * can tell. One that is no whole name was left by somebody else's program.
 */
const isOver = (name: string): boolean => {
  const [host, boot, pid, start] = name.split('|');
  if (host !== hostname()) return false;
  return boot !== bootId() || startOf(Number(pid)) !== start;
};

const busy = (path: string, lock: string, name: string) => {
  const [host, , pid, , what] = name.split('|');
  const there = host === hostname() ? '' : ` on ${host}`;
  return failure(`another run is at work here: ${what ?? 'a command'}, process ${pid}${there}; nothing was changed`, {
    field: path,
    next: there === '' ? 'wait until it ends' : `wait until it ends, or remove ${lock} if that machine is gone`,
  });
};

/**
 * One run at a time: a symbolic link beside the file, which leads nowhere and names its owner. So it comes into being
 * whole, as the lock of a lease does (lease-file.ts), and that of a dead process is nobody's. In a folder that we may
 * not write to there is no lock, and nothing to protect.
 */
export const runLock: Ports['lock'] = async (path, what, patienceMs = 0) => {
  const lock = join(dirname(path), `.${basename(path)}.lock`);
  const mine = nameOf(what);
  const end = performance.now() + patienceMs;
  for (;;) {
    try {
      await symlink(mine, lock);
      return async () => {
        if ((await readlink(lock).catch(() => undefined)) === mine) await rm(lock, { force: true });
      };
    } catch (error) {
      // Who makes the first file of a folder makes the folder.
      const madeFolder = (): Promise<boolean> =>
        mkdir(dirname(lock), { recursive: true })
          .then((made) => syncNames([{ path: lock, made }]))
          .then(
            () => true,
            () => false,
          );
      if (code(error) === 'ENOENT' && (await madeFolder())) continue;
      if (code(error) !== 'EEXIST') return async () => undefined;
    }
    const name = await readlink(lock).catch((error: unknown) => (code(error) === 'ENOENT' ? undefined : ''));
    if (name === undefined) continue;
    if (name !== '' && isOver(name)) await breakLock(lock, name, (at) => readlink(at).catch(() => undefined));
    else if (performance.now() >= end)
      throw name.split('|').length !== nameOf('').split('|').length
        ? failure(`${lock} is not a lock of ours`, { field: path, next: 'remove it' })
        : busy(path, lock, name);
    else await delay(10);
  }
};
