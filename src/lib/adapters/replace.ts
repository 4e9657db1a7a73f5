import { constants } from 'node:fs';
import { chmod, chown, copyFile, link, lstat, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EXIT, HybridError } from '../core/errors.ts';
import type { FileToWrite } from '../core/ports.ts';

/** A new file beside the one that it is to replace. */
export interface Pending {
  readonly temp: string;
  /** What is replaced: where a link leads, not the link. */
  readonly target: string;
}

/** The global, not node:crypto: that module costs every start 3 ms, also those that write nothing. */
const beside = (path: string): string => join(dirname(path), `.${crypto.randomUUID()}.hybridctl-tmp`);

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
