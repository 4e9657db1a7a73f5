import { createHash } from 'node:crypto';
import { link, lstat, mkdir, open, readFile, readlink, rename, rm, symlink, type FileHandle } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { failure, missing } from '../core/errors.ts';
import type { LeaseStore } from '../core/ports.ts';
import { breakLock } from './lock-link.ts';
import { bootId, startOf } from './process-name.ts';

/** A block of the file system: what is written over it needs no new space. */
const BLOCK = 4_096;
/** A lease with its journal is smaller than this, unless a hundred routes are on their way at once. */
const SMALLEST = 4 * BLOCK;

/**
 * A swap takes a few ms, on a busy disk a few hundred. A lock of another machine that is still the same one after this
 * is nobody's.
 */
const LOCK_PATIENCE_MS = 2_000;

const code = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

const gone = (holder: string, host: string, boot: string): boolean => {
  const [theirHost, theirBoot, pid, start] = holder.split('/');
  if (theirHost !== host || boot === '' || !/^\d+$/.test(pid ?? '')) return false;
  return theirBoot !== boot || startOf(Number(pid)) !== start;
};

const explain = (path: string, error: unknown): Error => {
  const why = code(error);
  if (why === 'EACCES' || why === 'EPERM' || why === 'EROFS')
    return missing(`permission denied: ${path}`, {
      next: 'use --state-dir with a folder of your own, or sudo',
      cause: error,
    });
  return error instanceof Error && why === undefined ? error : failure(`can't write ${path}: ${why}`, { cause: error });
};

/** Whose a lock is. `nobody`: what a power cut or a dead process left. */
type Owner = 'alive' | 'elsewhere' | 'nobody';

/** A name as a lock holds it: host, boot, process and its start. */
const NAME = /^([0-9a-f]{8})\/([0-9a-f]{16})\/(\d+)\/(\d+)$/;
const short = (text: string, length: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, length);

/**
 * The lease on this machine's disk: one monitor a host writes. Replaced by rename after fsync, so a reader and the next
 * boot see the old text or the new one.
 *
 * **The lock.** It is held while the text is compared and replaced, and it is a symbolic link that leads nowhere: its
 * owner's name is its target. So it comes into being whole, in one journaled step and without a block of its own, also
 * where the power is cut (a file linked without fsync was there with 0 bytes after that) and where the disk is full.
 * Node has no flock(2). A lock of a dead process, of another boot, or with anything but a whole name is nobody's. One
 * whose process merely stands still is respected, for it may go on at any moment.
 *
 * **The space.** A full disk must not end a lease that is held. The text is written over a spare file, padded to its
 * size, and the two change places; then no new block is needed (ext4 and xfs; not where each write takes new blocks).
 */
export const leaseFile = async (path: string, mode = 0o644): Promise<LeaseStore> => {
  const host = hostname();
  const boot = bootId();
  const me = `${host}/${boot}/${process.pid}/${startOf('self') ?? ''}`;
  const [myHost, myBoot] = [short(host, 8), short(boot, 16)];
  /** Below 60 bytes, which ext4 keeps in the inode. */
  const myName = `${myHost}/${myBoot}/${process.pid}/${startOf('self') ?? 0}`;
  const lock = `${path}.lock`;
  const spare = `${path}.spare`;
  const before = `${path}.before`;
  await mkdir(dirname(path), { recursive: true, mode: 0o755 }).catch((error: unknown) => {
    throw explain(dirname(path), error);
  });

  /** The file that a name led to may be written over while it is read, once it has become the spare: then read again. */
  const read = async (): Promise<string | undefined> => {
    try {
      for (;;) {
        const handle = await open(path, 'r');
        try {
          const then = await handle.stat({ bigint: true });
          const text = await handle.readFile('utf8');
          const now = await handle.stat({ bigint: true });
          if (then.mtimeNs === now.mtimeNs && (await lstat(path, { bigint: true })).ino === now.ino)
            return text.trimEnd();
        } finally {
          await handle.close();
        }
      }
    } catch (error) {
      if (code(error) === 'ENOENT') return undefined;
      throw explain(path, error);
    }
  };

  /** The name in a lock; of an earlier version's, which is a file, its text. undefined: there is no lock. */
  const nameIn = async (of: string): Promise<string | undefined> => {
    try {
      return await readlink(of);
    } catch (error) {
      if (code(error) === 'ENOENT') return undefined;
      if (code(error) !== 'EINVAL') throw error;
      return readFile(of, 'utf8').catch(() => '');
    }
  };

  const ownerOf = (name: string): Owner => {
    const [, itsHost, itsBoot, pid, start] = NAME.exec(name) ?? [];
    if (pid === undefined) {
      // A file of an earlier version, or the lease itself. Of a power cut it has no bytes, or none of a name.
      const holder = /"holder":"([^"]*)"/.exec(name)?.[1] ?? name;
      const parts = holder.split('/');
      if (parts.length !== 4 || !/^\d+$/.test(parts[2]!)) return 'nobody';
      return gone(holder, host, boot) ? 'nobody' : parts[0] === host ? 'alive' : 'elsewhere';
    }
    // The name of a host may change, and two may share a folder: a lock of another name is watched before it is taken.
    if (itsHost !== myHost) return 'elsewhere';
    if (boot !== '' && itsBoot !== myBoot) return 'nobody';
    return startOf(Number(pid)) === start || boot === '' ? 'alive' : 'nobody';
  };

  /** Which lock it is: another one of the same owner has another inode or time. */
  const identity = async (): Promise<string> => {
    const found = await lstat(lock, { bigint: true }).catch(() => undefined);
    // The time of a lease that is its own lock changes while it is held.
    return found === undefined ? '' : `${found.ino}${found.isSymbolicLink() ? ` ${found.ctimeNs}` : ''}`;
  };

  /**
   * Where there is no room for one more name (xfs keeps space back for it), who holds the lease takes the lease itself
   * as its lock: it bears the holder's name, and one more link to a file needs no room.
   */
  const takeLock = async (): Promise<void> => {
    try {
      await symlink(myName, lock);
    } catch (error) {
      if (code(error) !== 'ENOSPC' || !((await read()) ?? '').includes(JSON.stringify(me))) throw error;
      await link(path, lock);
    }
  };

  /** @returns which lock is ours. */
  const claim = async (): Promise<string> => {
    const end = performance.now() + LOCK_PATIENCE_MS;
    let watched = { identity: '', since: performance.now() };
    for (;;) {
      try {
        await takeLock();
        return await identity();
      } catch (error) {
        if (code(error) !== 'EEXIST') throw error;
      }
      const name = await nameIn(lock);
      if (name === undefined) continue;
      const owner = ownerOf(name);
      const now = performance.now();
      const which = await identity();
      if (which !== watched.identity) watched = { identity: which, since: now };
      if (owner === 'nobody' || (owner === 'elsewhere' && now - watched.since > LOCK_PATIENCE_MS * 0.9))
        await breakLock(lock, name, nameIn);
      else if (now > end)
        throw failure(`${lock} is held by process ${name.split('/')[2] ?? '?'}`, {
          next: 'see whether that monitor hangs',
        });
      else await delay(5);
    }
  };

  /** A file of its own with the text in it, on disk. What a cut left under the names is used again or removed. */
  const fillSpare = async (text: string): Promise<void> => {
    const size = Math.max(SMALLEST, Math.ceil(Buffer.byteLength(text) / BLOCK) * BLOCK);
    const bytes = Buffer.alloc(size, ' ');
    bytes.write(text);
    const old = await lstat(before).catch(() => undefined);
    const now = await lstat(path).catch(() => undefined);
    if (old !== undefined) {
      if (old.ino === now?.ino) await rm(before, { force: true });
      else await rename(before, spare);
    }
    const fill = async (handle: FileHandle): Promise<void> => {
      try {
        await handle.chmod(mode);
        await handle.write(bytes, 0, size, 0);
        await handle.truncate(size);
        await handle.sync();
      } finally {
        await handle.close();
      }
    };
    const there = await lstat(spare).catch(() => undefined);
    if (there?.isFile() && there.ino !== now?.ino && there.nlink === 1) {
      return fill(await open(spare, 'r+'));
    }
    await rm(spare, { force: true });
    const made = await open(spare, 'wx', mode);
    await fill(made).catch(async (error: unknown) => {
      await rm(spare, { force: true });
      throw error;
    });
  };

  /** The new text under the name, the old file as the next spare. On disk, before that one is written over. */
  const changePlaces = async (): Promise<void> => {
    await link(path, before).catch((error: unknown) => {
      if (code(error) !== 'ENOENT') throw error;
    });
    await rename(spare, path);
    await rename(before, spare).catch((error: unknown) => {
      if (code(error) !== 'ENOENT') throw error;
    });
    const folder = await open(dirname(path), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  };

  return {
    me,
    read,
    async swap(expected, after) {
      let mine: string;
      try {
        mine = await claim();
      } catch (error) {
        throw explain(path, error);
      }
      try {
        if ((await read()) !== expected) return false;
        await fillSpare(after);
        // Who stood still for seconds may have lost the lock to another machine.
        if ((await identity()) !== mine) return false;
        await changePlaces();
        return true;
      } catch (error) {
        throw explain(path, error);
      } finally {
        if ((await identity()) === mine) await rm(lock, { force: true });
      }
    },
    isGone: async (holder) => gone(holder, host, boot),
  };
};
