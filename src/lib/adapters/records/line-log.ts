import { mkdir, open, rename, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { LineLog, LineLogOptions } from '../../core/outlets.ts';

/** What waits while the disk refuses: some days of events, and no danger to memory. Beyond it the oldest go. */
const MOST_WAITING = 50_000;
const RETRY_MS = 1_000;
const NEWLINE = 0x0a;

interface OpenFile {
  readonly handle: FileHandle;
  readonly inode: number;
  /** Bytes of whole lines; all that lies behind it is a write that failed halfway. */
  size: number;
}

interface Line {
  readonly text: string;
  readonly durable: boolean;
}

/** Appends lines to a file from a queue of its own. See the port for what it promises. */
export const lineLog = (path: string, { mode, rotate, repair, onTrouble }: LineLogOptions): LineLog => {
  const waiting: Line[] = [];
  let dropped = 0;
  let file: OpenFile | undefined;
  let failing = false;
  let running: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;

  const closeFile = async (): Promise<void> => {
    await file?.handle.close().catch(() => undefined);
    file = undefined;
  };

  /** The file under our name, whoever renamed, removed or cut the one we had. */
  const current = async (): Promise<OpenFile> => {
    const there = await stat(path).catch(() => undefined);
    if (file !== undefined && there?.ino !== file.inode) await closeFile();
    if (file !== undefined && there !== undefined) file.size = there.size;
    file ??= await openAt(path, mode, repair);
    return file;
  };

  const turn = async (limit: { bytes: number; keep: number }): Promise<void> => {
    await closeFile();
    for (let number = limit.keep; number > 0; number--)
      await rename(number === 1 ? path : `${path}.${number - 1}`, `${path}.${number}`).catch(ignoreAbsent);
  };

  const write = async (batch: readonly Line[]): Promise<void> => {
    let target = await current();
    if (rotate !== undefined && target.size >= rotate.bytes) {
      await turn(rotate);
      target = await current();
    }
    const bytes = Buffer.from(batch.map(({ text }) => `${text}\n`).join(''));
    // At a position of our own, not O_APPEND: after half a write the next try begins where the whole lines end.
    for (let done = 0; done < bytes.length; )
      done += (await target.handle.write(bytes, done, bytes.length - done, target.size + done)).bytesWritten;
    if (batch.some(({ durable }) => durable)) await target.handle.datasync();
    target.size += bytes.length;
  };

  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, 500);
      try {
        await write(batch);
      } catch (error) {
        waiting.unshift(...batch);
        throw error;
      }
    }
  };

  const pump = async (): Promise<void> => {
    try {
      await writeAll();
      if (failing) onTrouble(`${path}: written again${dropped === 0 ? '' : `; ${dropped} lines were lost`}`);
      failing = false;
      dropped = 0;
    } catch (error) {
      // Half a line from a full disk would be taken for a crash at the next opening.
      await file?.handle.truncate(file.size).catch(() => undefined);
      await closeFile();
      if (!failing)
        onTrouble(
          `${path}: can't be written (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}); lines are kept in memory`,
        );
      failing = true;
      retry ??= setTimeout(() => ((retry = undefined), start()), RETRY_MS).unref();
    } finally {
      running = undefined;
    }
  };

  const start = (): void => {
    // On a turn of its own, so that many appends of one turn are one write.
    running ??= Promise.resolve().then(pump);
  };

  const flush = async (): Promise<void> => {
    while (running !== undefined) await running;
    if (waiting.length === 0) return;
    start();
    await running;
  };

  return {
    append(text, durable = false) {
      waiting.push({ text, durable });
      if (waiting.length > MOST_WAITING) {
        waiting.shift();
        dropped += 1;
      }
      // While the disk refuses, the timer tries: not every event.
      if (retry === undefined) start();
    },
    flush,
    async close() {
      await flush();
      clearTimeout(retry);
      await closeFile();
    },
  };
};

const ignoreAbsent = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'ENOENT') throw error;
};

const openAt = async (path: string, mode: number, repair: (bytes: number) => string): Promise<OpenFile> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  // 'a' makes the file, 'r+' writes at a position.
  await (await open(path, 'a', mode)).close();
  const handle = await open(path, 'r+');
  try {
    const { ino, size } = await handle.stat();
    return { handle, inode: ino, size: await repaired(handle, size, repair) };
  } catch (error) {
    await handle.close();
    throw error;
  }
};

/**
 * Puts a whole line over a torn last one, blanks in front so that the file never shrinks: a log shipper that sees it
 * shrink begins again at its start.
 * @returns bytes of the file, all whole lines
 */
const repaired = async (handle: FileHandle, size: number, repair: (bytes: number) => string): Promise<number> => {
  const whole = await endOfLines(handle, size);
  if (whole === size) return size;
  const line = Buffer.from(`${repair(size - whole).padStart(size - whole - 1)}\n`);
  await handle.write(line, 0, line.length, whole);
  await handle.datasync();
  return whole + line.length;
};

/** Just behind the last newline. */
const endOfLines = async (handle: FileHandle, size: number): Promise<number> => {
  const block = Buffer.alloc(64 * 1024);
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - block.length);
    const { bytesRead } = await handle.read(block, 0, end - from, from);
    const at = block.subarray(0, bytesRead).lastIndexOf(NEWLINE);
    if (at !== -1) return from + at + 1;
    end = from;
  }
  return 0;
};
