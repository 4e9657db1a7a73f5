import { dirname } from 'node:path';
import { failure, usageError } from '../../src/lib/core/errors.ts';
import type { Files } from '../../src/lib/core/ports.ts';

export interface FakeFile {
  readonly content: string;
  readonly mode: number;
}

export interface FakeFiles extends Files {
  /** Every file by absolute path, as it stands now. */
  readonly all: ReadonlyMap<string, FakeFile>;
}

/** A file system in memory. Given text has mode 0644. A write is all or nothing, as the real one promises. */
export const fakeFiles = (initial: Readonly<Record<string, string | FakeFile>> = {}): FakeFiles => {
  const all = new Map<string, FakeFile>();
  for (const [path, file] of Object.entries(initial))
    all.set(path, typeof file === 'string' ? { content: file, mode: 0o644 } : file);
  const isFolder = (path: string) => [...all.keys()].some((other) => other.startsWith(`${path}/`));
  const underFile = (path: string): boolean =>
    path !== '/' && path !== '.' && (all.has(dirname(path)) || underFile(dirname(path)));
  return {
    all,
    async read(path, limit) {
      if (isFolder(path)) throw usageError('is a folder, not a file', { field: path });
      const text = all.get(path)?.content;
      if (limit !== undefined && text !== undefined && Buffer.byteLength(text) > limit)
        throw usageError(`is larger than ${Math.floor(limit / 1024)} KiB`, { field: path });
      return text;
    },
    async stat(path) {
      const file = all.get(path);
      return file === undefined ? undefined : { mode: file.mode, size: Buffer.byteLength(file.content) };
    },
    async write(list) {
      for (const { path } of list) {
        if (isFolder(path)) throw failure(`${path} is a folder, not a file`);
        if (underFile(path)) throw failure(`can't write ${path}: ENOTDIR`);
      }
      for (const { path, content, mode } of list) all.set(path, { content, mode });
    },
  };
};
