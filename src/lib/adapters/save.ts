import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { failure, HybridError, missing } from '../core/errors.ts';
import { beside, sweep, syncNames } from './replace.ts';

/** Writes what comes to a file that appears whole or not at all, with mode 0644. @returns bytes. */
export const save = async (path: string, content: AsyncIterable<Uint8Array>): Promise<number> => {
  const temp = beside(path);
  let size = 0;
  try {
    const made = await mkdir(dirname(path), { recursive: true });
    const handle = await open(temp, 'wx', 0o644);
    try {
      for await (const chunk of content) {
        for (let done = 0; done < chunk.length; ) done += (await handle.write(chunk, done)).bytesWritten;
        size += chunk.length;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temp, path);
    await syncNames([{ path, made }]);
    await sweep(dirname(path));
    return size;
  } catch (error) {
    await rm(temp, { force: true });
    const code = (error as NodeJS.ErrnoException).code;
    if (error instanceof HybridError) throw error;
    if (code === 'EACCES' || code === 'EPERM')
      throw missing(`permission denied: ${path}`, {
        next: 'name a file that you may write, or use sudo',
        cause: error,
      });
    if (code === 'ENOSPC')
      throw failure(`no space left for ${path}`, { next: 'make room, or name a file on another disk', cause: error });
    throw failure(`can't write ${path}: ${code ?? (error as Error).message}`, { next: 'run it again', cause: error });
  }
};
