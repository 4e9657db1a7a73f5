import type { Outlets } from '../core/outlets.ts';
import type { Files } from '../core/ports.ts';

export interface Spooled {
  readonly id: string;
  readonly body: string;
}

/** What is yet to be delivered, kept on disk. Nothing here throws or waits: disk writes run behind. */
export interface Spool {
  /** Keeps it until it is acked. An id that waits already, or was acked lately, is not taken again. */
  put(id: string, body: string, durable?: boolean): void;
  oldest(most: number): readonly Spooled[];
  ack(ids: readonly string[]): void;
  /** Resolves once the disk has what was put. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface SpoolOptions {
  readonly path: string;
  /** Most bytes that may wait; beyond it the oldest go. Default: 16 MiB, a day of figures or months of alerts. */
  readonly bytes?: number;
  onTrouble(message: string): void;
}

/** A successor, or a monitor started again, tells an alert once more within minutes, not after a thousand others. */
const REMEMBERED = 1_000;
/** A file is written anew once it holds this much more than what waits. */
const SLACK = 2 ** 20;

/** One line of the file: something to keep, or ids that are done with. */
type Entry = { readonly put: string; readonly body: string } | { readonly ack: readonly string[] };

const entryIn = (line: string): Entry | undefined => {
  try {
    const entry = JSON.parse(line) as Partial<Record<string, unknown>>;
    if (typeof entry['put'] === 'string' && typeof entry['body'] === 'string')
      return { put: entry['put'], body: entry['body'] };
    return Array.isArray(entry['ack']) ? { ack: entry['ack'].map(String) } : undefined;
  } catch {
    return undefined;
  }
};

/** Opens a spool and takes up what an earlier run left in it. Rejects only where the file can't be read at all. */
export const openSpool = async (
  { lineLog }: Pick<Outlets, 'lineLog'>,
  files: Pick<Files, 'read' | 'write'>,
  { path, bytes: limit = 16 * 2 ** 20, onTrouble }: SpoolOptions,
): Promise<Spool> => {
  const waiting = new Map<string, string>();
  let waitingBytes = 0;
  const done = new Set<string>();
  let fileBytes = 0;
  /** Lines of the time in which the file is written anew. */
  let held: string[] | undefined;
  let renewal: Promise<void> = Promise.resolve();
  let overflowing = false;
  const log = lineLog(path, { mode: 0o600, repair: (torn) => JSON.stringify({ torn }), onTrouble });

  const forget = (id: string): void => {
    waitingBytes -= waiting.get(id)?.length ?? 0;
    waiting.delete(id);
    done.delete(id);
    done.add(id);
    for (const old of done) {
      if (done.size <= REMEMBERED) break;
      done.delete(old);
    }
  };
  const keep = (id: string, body: string): boolean => {
    if (waiting.has(id) || done.has(id)) return false;
    waiting.set(id, body);
    waitingBytes += body.length;
    return true;
  };

  const record = (entry: Entry, durable = false): void => {
    const line = JSON.stringify(entry);
    fileBytes += line.length + 1;
    if (held !== undefined) held.push(line);
    else log.append(line, durable);
    if (held === undefined && fileBytes > 2 * waitingBytes + SLACK) renewal = renew();
  };

  /** What still counts in a new file, put in place of the old by a rename: a crash leaves the one or the other. */
  const renew = async (): Promise<void> => {
    const lines: string[] = [];
    held = lines;
    const entries: Entry[] = [{ ack: [...done] }, ...[...waiting].map(([put, body]) => ({ put, body }))];
    const content = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    try {
      await log.flush();
      await files.write([{ path, content, mode: 0o600 }]);
      fileBytes = content.length;
    } catch (error) {
      // The long file is as good; the next try is a slack's worth of lines away.
      fileBytes = 0;
      onTrouble(`${path}: can't be made smaller (${(error as Error).message})`);
    }
    held = undefined;
    for (const line of lines) log.append(line, true);
  };

  const left = (await files.read(path)) ?? '';
  for (const line of left.split('\n')) {
    const entry = entryIn(line);
    if (entry === undefined) continue;
    if ('put' in entry) keep(entry.put, entry.body);
    else entry.ack.forEach(forget);
    fileBytes += line.length + 1;
  }
  // A last line whole but for its newline counts, and the log would put a repair over it.
  if (left !== '' && !left.endsWith('\n')) renewal = renew();

  return {
    put(id, body, durable = false) {
      if (!keep(id, body)) return;
      record({ put: id, body }, durable);
      const over: string[] = [];
      for (const oldest of waiting.keys()) {
        if (waitingBytes <= limit || oldest === id) break;
        over.push(oldest);
        forget(oldest);
      }
      if (over.length > 0) record({ ack: over });
      if (over.length > 0 && !overflowing)
        onTrouble(`${path}: more waits than ${limit} bytes; the oldest are given up`);
      overflowing = over.length > 0 || (overflowing && waitingBytes > limit / 2);
    },
    oldest(most) {
      const items: Spooled[] = [];
      for (const [id, body] of waiting) if (items.push({ id, body }) >= most) break;
      return items;
    },
    ack(ids) {
      const known = ids.filter((id) => waiting.has(id));
      if (known.length === 0) return;
      known.forEach(forget);
      record({ ack: known });
    },
    async flush() {
      await renewal;
      await log.flush();
    },
    async close() {
      await renewal;
      await log.close();
    },
  };
};
