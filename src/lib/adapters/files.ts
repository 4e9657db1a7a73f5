import { createReadStream, type Stats } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { failure, HybridError, missing, usageError } from '../core/errors.ts';
import type { Files, Ports } from '../core/ports.ts';
import { isOpenToOthers } from '../domain/file-mode.ts';
import { exchange, prepare, sweep, syncNames, type Pending } from './replace.ts';

/** Where a monitor's lease, pins and records are by default; only root may write there. */
const STATE = '/var/lib/hybridctl/';

const code = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;
const absent = (error: unknown): boolean => code(error) === 'ENOENT' || code(error) === 'ENOTDIR';

const explain = (verb: string, path: string, error: unknown): HybridError => {
  const why = code(error);
  if (why === 'EACCES' || why === 'EPERM')
    return missing(`permission denied: can't ${verb} ${path}`, {
      next: path.startsWith(STATE)
        ? 'use --state-dir with a folder of your own, or sudo'
        : 'run as its owner, or with sudo',
      cause: error,
    });
  if (why === 'EISDIR') return failure(`${path} is a folder, not a file`, { cause: error });
  return failure(`can't ${verb} ${path}: ${why ?? (error as Error).message}`, { cause: error });
};

/** Text of a file: UTF-8, or UTF-16 where a byte order mark says so, as Windows programs write it. */
const decoded = (bytes: Buffer): string => {
  const mark = bytes.subarray(0, 2).toString('hex');
  if (mark === 'fffe' || mark === 'feff')
    return new TextDecoder(mark === 'fffe' ? 'utf-16le' : 'utf-16be').decode(bytes);
  return bytes.toString('utf8');
};

/** What is no file but may be read like one: standard input, and `<(command)` of a shell. */
const isStream = (path: string): boolean => /^\/dev\/(stdin$|fd\/\d+$)|^\/proc\/self\/fd\/\d+$/.test(path);

/** No text that a command reads is longer, bytes: it is the wrong file. */
const MOST_BYTES = 64 * 1024 * 1024;

const kindOf = (is: Stats): string =>
  is.isDirectory() ? 'a folder' : is.isFIFO() ? 'a named pipe' : is.isSocket() ? 'a socket' : 'a device';

/** A named pipe would wait for ever for who writes into it; a device may have no end. */
const refuseWhatIsNoFile = async (path: string): Promise<void> => {
  if (isStream(path)) return;
  const is = await stat(path);
  if (!is.isFile()) throw usageError(`is ${kindOf(is)}, not a file`, { field: path });
};

/** Opening /dev/stdin by name fails where stdin is a socket, as it is under another Node process. */
const readAtMost = async (path: string, limit: number): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of path === '/dev/stdin' ? process.stdin : createReadStream(path)) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > limit) throw usageError(`is larger than ${Math.floor(limit / 1024)} KiB`, { field: path });
  }
  return decoded(Buffer.concat(chunks));
};

export const namesIn: Ports['namesIn'] = (folder) => readdir(folder).catch(() => []);

export const files: Files = {
  async read(path, limit) {
    try {
      await refuseWhatIsNoFile(path);
      return await readAtMost(path, limit ?? MOST_BYTES);
    } catch (error) {
      if (absent(error)) return undefined;
      throw error instanceof HybridError ? error : explain('read', path, error);
    }
  },

  async stat(path) {
    try {
      const { mode, size } = await stat(path);
      return { mode: mode & 0o777, size };
    } catch (error) {
      if (absent(error)) return undefined;
      throw explain('read', path, error);
    }
  },

  /**
   * All temp files are complete and on disk before the first rename, so a full disk or a folder in the way changes
   * nothing; where a rename fails (immutable, a mount, another owner) those before it are put back. When it returns the
   * new names are on disk too: a power cut takes nothing back.
   */
  async write(list) {
    const pending: Pending[] = [];
    const made = new Map<string, string>();
    let at = list[0]?.path ?? '';
    for (const { path } of list) {
      if (
        await stat(path).then(
          (found) => found.isDirectory(),
          () => false,
        )
      )
        throw failure(`${path} is a folder, not a file`);
    }
    try {
      for (const file of list) {
        at = file.path;
        const top = await mkdir(dirname(at), { recursive: true, mode: isOpenToOthers(file.mode) ? 0o755 : 0o700 });
        if (top !== undefined) made.set(at, top);
        await prepare(file, (one) => pending.push(one));
      }
      await exchange(pending, (path) => (at = path));
      await syncNames([
        ...pending.map(({ target }) => ({ path: target })),
        ...[...made].map(([path, top]) => ({ path, made: top })),
      ]);
      for (const folder of new Set(pending.map(({ target }) => dirname(target)))) await sweep(folder);
    } catch (error) {
      await Promise.all(pending.map(({ temp }) => rm(temp, { force: true })));
      if (error instanceof HybridError) throw error;
      throw explain('write', at, error);
    }
  },
};
