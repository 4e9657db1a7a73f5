import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { failure, missing } from '../core/errors.ts';
import type { LeaseStore } from '../core/ports.ts';

/** A swap takes a few ms, on a busy disk a few hundred. */
const LOCK_PATIENCE_MS = 2_000;

const code = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Boot and start time make a process unmistakable: its number alone may be another's tomorrow. */
const bootId = (): string => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
};
const startOf = (pid: number | 'self'): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : fields[18]; // a zombie does nothing any more
  } catch {
    return undefined;
  }
};

const gone = (holder: string, host: string, boot: string): boolean => {
  const [theirHost, theirBoot, pid, start] = holder.split('/');
  if (theirHost !== host || boot === '' || !/^\d+$/.test(pid ?? '')) return false;
  return theirBoot !== boot || startOf(Number(pid)) !== start;
};

const explain = (path: string, error: unknown): Error => {
  const why = code(error);
  if (why === 'EACCES' || why === 'EPERM' || why === 'EROFS')
    return missing(`no permission to write ${path}`, {
      field: '--state-dir',
      next: 'run as root, or give --state-dir a folder of your own',
      cause: error,
    });
  return error instanceof Error && why === undefined ? error : failure(`can't write ${path}: ${why}`, { cause: error });
};

/**
 * The lease on this machine's disk: one monitor a host writes. Replaced by rename after fsync, so a reader and the next
 * boot see the old text or the new one.
 *
 * A lock file is held while the text is compared and replaced. A lock whose process is dead is taken away; one whose
 * process merely stands still is respected, for it may go on at any moment.
 */
export const leaseFile = async (path: string, mode = 0o644): Promise<LeaseStore> => {
  const host = hostname();
  const boot = bootId();
  const me = `${host}/${boot}/${process.pid}/${startOf('self') ?? ''}`;
  const lock = `${path}.lock`;
  await mkdir(dirname(path), { recursive: true, mode: 0o755 }).catch((error: unknown) => {
    throw explain(dirname(path), error);
  });

  const read = async (of: string): Promise<string | undefined> => {
    try {
      return await readFile(of, 'utf8');
    } catch (error) {
      if (code(error) === 'ENOENT') return undefined;
      throw explain(of, error);
    }
  };

  /**
   * Moved aside first: of two that find the same dead lock only one gets it, and one that was renewed meanwhile is put
   * back.
   */
  const breakLock = async (dead: string): Promise<void> => {
    const aside = `${lock}.${crypto.randomUUID()}`;
    try {
      await rename(lock, aside);
    } catch {
      return;
    }
    if ((await read(aside)) !== dead) await link(aside, lock).catch(() => undefined);
    await rm(aside, { force: true });
  };

  const writeNew = async (of: string, text: string, sync: boolean): Promise<void> => {
    const handle = await open(of, 'wx', mode);
    try {
      await handle.writeFile(text);
      if (sync) await handle.sync();
    } finally {
      await handle.close();
    }
  };

  /** The lock comes into being with its owner's name in it: a half-written one would belong to nobody. */
  const claim = async (): Promise<void> => {
    const draft = `${lock}.${crypto.randomUUID()}`;
    await writeNew(draft, me, false);
    try {
      for (const end = performance.now() + LOCK_PATIENCE_MS; ; ) {
        try {
          return await link(draft, lock);
        } catch (error) {
          if (code(error) !== 'EEXIST') throw error;
        }
        const owner = await read(lock);
        if (owner !== undefined && gone(owner, host, boot)) await breakLock(owner);
        else if (performance.now() > end)
          throw failure(`${lock} is held by process ${owner?.split('/')[2] ?? '?'}`, {
            next: 'see whether that monitor hangs',
          });
        else await delay(5);
      }
    } finally {
      await rm(draft, { force: true });
    }
  };

  return {
    me,
    read: () => read(path),
    async swap(before, after) {
      try {
        await claim();
      } catch (error) {
        throw explain(path, error);
      }
      const temp = `${path}.${crypto.randomUUID()}`;
      try {
        if ((await read(path)) !== before) return false;
        await writeNew(temp, after, true);
        await rename(temp, path);
        return true;
      } catch (error) {
        await rm(temp, { force: true });
        throw explain(path, error);
      } finally {
        await rm(lock, { force: true });
      }
    },
    isGone: async (holder) => gone(holder, host, boot),
  };
};
