import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { failure, missing, usageError } from '../core/errors.ts';
import type { SourceFile } from '../core/objects.ts';

const opened = async (path: string): Promise<FileHandle> => {
  try {
    // Without it the open of a pipe waits for who writes into it.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw usageError('there is no such file', { field: path, cause: error });
    if (code === 'EACCES' || code === 'EPERM')
      throw missing(`no permission to read ${path}`, { next: 'run as its owner', cause: error });
    throw failure(`can't read ${path}: ${code ?? (error as Error).message}`, { cause: error });
  }
};

/** A file that is read in pieces, held open: a file of the same name that takes its place is not read by mistake. */
export const openSource = async (path: string): Promise<SourceFile> => {
  const handle = await opened(path);
  const { size, mtimeNs, ino } = await handle.stat({ bigint: true });
  const regular = (await handle.stat()).isFile();
  if (!regular) {
    await handle.close();
    throw usageError('is no regular file', { field: path });
  }
  return {
    path,
    size: Number(size),
    async read(offset, into) {
      for (let done = 0; done < into.length; ) {
        const { bytesRead } = await handle.read(into, done, into.length - done, offset + done);
        if (bytesRead === 0)
          throw failure(`${path} became shorter while it was read`, {
            next: 'run it again once nothing writes to the file',
          });
        done += bytesRead;
      }
    },
    async unchanged() {
      const now = await handle.stat({ bigint: true });
      if (now.size !== size || now.mtimeNs !== mtimeNs || now.ino !== ino)
        throw failure(`${path} changed while it was read`, { next: 'run it again once nothing writes to the file' });
    },
    close: () => handle.close(),
  };
};
