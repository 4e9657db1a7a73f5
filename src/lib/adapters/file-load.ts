import { createReadStream } from 'node:fs';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { failure } from '../core/errors.ts';
import type { FileLoad } from '../core/file-load.ts';

const CHUNK = 2 ** 20;

const told = async <T>(verb: string, path: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw failure(`can't ${verb} ${path}: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`, {
      cause: error,
    });
  }
};

export const fileLoad: FileLoad = {
  write: (path, size) =>
    told('write', path, async () => {
      await mkdir(dirname(path), { recursive: true });
      // Nothing that a disk or a network would squeeze.
      const chunk = new Uint8Array(Math.min(CHUNK, size));
      for (let at = 0; at < chunk.length; at += 65_536)
        crypto.getRandomValues(chunk.subarray(at, Math.min(at + 65_536, chunk.length)));
      const handle = await open(path, 'w');
      try {
        for (let left = size; left > 0; left -= chunk.length)
          await handle.write(chunk, 0, Math.min(left, chunk.length));
        await handle.sync();
      } finally {
        await handle.close();
      }
    }),

  read: (path) =>
    told('read', path, async () => {
      let size = 0;
      for await (const chunk of createReadStream(path, { highWaterMark: CHUNK })) size += (chunk as Buffer).length;
      return size;
    }),

  stat: (path) => told('look at', path, async () => void (await stat(path))),
  remove: (path) => told('remove', path, () => rm(path, { recursive: true, force: true })),
};
