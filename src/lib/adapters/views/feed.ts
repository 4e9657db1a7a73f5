import { chmod, mkdir, unlink } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Feed } from '../../core/views.ts';

/** sun_path of unix(7), less its closing zero. A longer one is cut by some systems without a word. */
const LONGEST_PATH = 107;
/** A reader that is so far behind is gone or stuck. A past of ten minutes is a tenth of it. */
const MOST_BEHIND = 8 * 2 ** 20;
/** Pages and terminals of one machine. */
const MOST_READERS = 64;

const isAnswered = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path, () => (socket.destroy(), resolve(true)));
    socket.on('error', () => resolve(false));
  });

/**
 * Lines over a unix socket of mode 0660, for it has no port to collide, is seen from every network namespace, and file
 * permissions say who may read. A reader gets the past, an empty line, and then each line as it is told; what it sends
 * is not read. A socket that a dead process left is taken over.
 * @returns undefined where another process offers a feed there. Rejects where the path can't be used.
 */
export const offerFeed = async (path: string, past: () => readonly string[]): Promise<Feed | undefined> => {
  if (Buffer.byteLength(path) > LONGEST_PATH) throw new Error(`${path} is too long for a socket`);
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  if (await isAnswered(path)) return undefined;
  await unlink(path).catch(() => undefined);
  const readers = new Set<Socket>();
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy()).on('close', () => readers.delete(socket));
    socket.resume();
    socket.write(`${[...past(), ''].join('\n')}\n`);
    readers.add(socket);
  });
  server.maxConnections = MOST_READERS;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  await chmod(path, 0o660);
  return {
    tell(line) {
      for (const socket of readers) {
        if (socket.writableLength > MOST_BEHIND) socket.destroy();
        else socket.write(`${line}\n`);
      }
    },
    close: () =>
      new Promise((resolve) => {
        // What was told last should arrive; a reader that does not read is not waited for.
        const enough = setTimeout(() => readers.forEach((socket) => socket.destroy()), 200);
        server.close(() => (clearTimeout(enough), resolve()));
        for (const socket of readers) socket.end();
      }),
  };
};
