import { constants } from 'node:fs';
import { chmod, chown, copyFile, link, lstat, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EXIT, HybridError } from '../core/errors.ts';
import type { FileToWrite } from '../core/ports.ts';
import { isOver, processMark } from './process-name.ts';

const TEMP = '.hybridctl-tmp';

/** A new file beside the one that it is to replace. */
export interface Pending {
  readonly temp: string;
  /** What is replaced: where a link leads, not the link. */
  readonly target: string;
}

/**
 * A name beside a file for what is not ready yet. It tells whose it is: what a killed run left may hold a key, and the
 * next run removes it. The global, not node:crypto: that module costs every start 3 ms, also those that write nothing.
 */
export const beside = (path: string): string =>
  join(dirname(path), `.${processMark()}.${crypto.randomUUID().slice(0, 8)}${TEMP}`);

/**
 * Where a write goes: a link stays a link, and the file that it leads to is written. Only where the link is of root, of
 * ourselves, or of the file's own owner: else anybody who may write to the folder could choose what root writes over
 * (the rule of Linux's fs.protected_symlinks).
 */
const targetOf = async (path: string): Promise<string> => {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSymbolicLink() !== true) return path;
  const file = await stat(path).catch(() => undefined);
  return file !== undefined && [0, process.getuid?.(), file.uid].includes(found.uid) ? realpath(path) : path;
};

/** Writes the new file, on disk, with the owner of the one that is there. @param onTemp is called before it exists. */
export const prepare = async (
  { path, content, mode, keepMode }: FileToWrite,
  onTemp: (pending: Pending) => void,
): Promise<void> => {
  const target = await targetOf(path);
  const temp = beside(target);
  onTemp({ temp, target });
  const before = await stat(target).catch(() => undefined);
  const bits = keepMode === true && before !== undefined ? before.mode & 0o777 : mode;
  const handle = await open(temp, 'wx', bits);
  try {
    const now = await handle.stat();
    // Only root may give a file away; who else writes over another's file gets a file of his own, as ever.
    if (before !== undefined && (before.uid !== now.uid || before.gid !== now.gid))
      await handle.chown(before.uid, before.gid).catch((error: unknown) => {
        if (process.getuid?.() === 0) throw error;
      });
    await handle.chmod(bits);
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** One more name for a file, or a copy of it where the file system or the file (immutable) allows no second name. */
const keep = async (target: string): Promise<string | undefined> => {
  const found = await lstat(target).catch(() => undefined);
  if (found === undefined) return undefined;
  const kept = beside(target);
  await link(target, kept).catch(async () => {
    await copyFile(target, kept, constants.COPYFILE_EXCL);
    await chmod(kept, found.mode & 0o777);
    await chown(kept, found.uid, found.gid).catch(() => undefined);
  });
  return kept;
};

/**
 * All files change places, or none: where one can't, those before it are put back.
 * @throws what the system said; of exit 5, with their names, where some could not be put back.
 */
export const exchange = async (list: readonly Pending[], onFailure: (path: string) => void): Promise<void> => {
  const done: { target: string; kept: string | undefined }[] = [];
  const names: string[] = [];
  try {
    for (const { temp, target } of list) {
      onFailure(target);
      const kept = list.length === 1 ? undefined : await keep(target);
      if (kept !== undefined) names.push(kept);
      await rename(temp, target);
      done.push({ target, kept });
    }
  } catch (error) {
    const lost: string[] = [];
    for (const { target, kept } of done.reverse())
      await (kept === undefined ? rm(target, { force: true }) : rename(kept, target)).catch(() => lost.push(target));
    if (lost.length > 0)
      throw new HybridError(EXIT.partly, 'not all files were written, and these could not be put back', {
        more: lost.reverse(),
        next: 'find out what protects the folder, and run it again',
        cause: error,
      });
    throw error;
  } finally {
    await Promise.all(names.map((name) => rm(name, { force: true }).catch(() => undefined)));
  }
};

/** Removes what runs that were killed left in a folder. Never fails: it is in nobody's way. */
export const sweep = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.endsWith(TEMP) || !isOver(name.slice(1).split('.')[0]!)) continue;
    await rm(join(folder, name), { force: true }).catch(() => undefined);
  }
};

/** Neither allowed by a folder that may only be written to, nor known to every file system. */
const CANT_SYNC: readonly (string | undefined)[] = ['EACCES', 'EPERM', 'EINVAL', 'ENOTSUP', 'EISDIR'];

/** After it the names in a folder outlive a power cut: fsync of a file does not keep its name (fsync(2)). */
const syncFolder = async (folder: string): Promise<void> => {
  try {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (!CANT_SYNC.includes((error as NodeJS.ErrnoException).code)) throw error;
  }
};

/**
 * The names of these files on disk, and of the folders that were made for them.
 * @param made the topmost folder that is new, for each file; undefined: its folder was there
 */
export const syncNames = async (
  written: readonly { readonly path: string; readonly made?: string | undefined }[],
): Promise<void> => {
  const folders = new Set<string>();
  for (const { path, made } of written) {
    let folder = dirname(path);
    folders.add(folder);
    // The name of a new folder is in its parent.
    while (made !== undefined && folder.length >= made.length && folder !== dirname(folder))
      folders.add((folder = dirname(folder)));
  }
  for (const folder of folders) await syncFolder(folder);
};
