import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { Collectd, ValueList } from '../core/collectd.ts';
import { failure, interrupted, missing, type HybridError } from '../core/errors.ts';

/** The plugin answers from memory: a collectd that is silent for so long hangs, ms. */
const SILENCE_MS = 10_000;
/** Requests under way at once: their answers must fit what the two ends buffer. */
const AT_ONCE = 64;

const explain = (path: string, error: NodeJS.ErrnoException): HybridError => {
  if (error.code === 'EACCES' || error.code === 'EPERM')
    return missing(`no permission to open ${path}`, { field: '--socket', next: 'run it as root', cause: error });
  if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED' || error.code === 'ENOTSOCK') {
    return missing(`no collectd listens on ${path}`, {
      field: '--socket',
      next: 'load its plugin "unixsock", or give the SocketFile of its configuration',
      cause: error,
    });
  }
  return failure(`${path}: ${error.message}`, { cause: error });
};

const quoted = (identifier: string): string => `"${identifier.replace(/[\\"]/g, '\\$&')}"`;

/**
 * collectd's text protocol (collectd-unixsock(5)): a line asks, the first line of the answer begins with the number of
 * lines after it; below zero it is an error.
 * @returns a collectd that opens the socket anew for each call.
 */
export const unixsock = (path: string, signal: AbortSignal): Collectd => ({
  valueLists: async () => {
    if (signal.aborted) throw interrupted();
    const socket = connect({ path });
    const lines = createInterface({ input: socket });
    const failed = new Promise<never>((_resolve, reject) => {
      socket.on('error', (error) => reject(explain(path, error)));
      // A second rejection of a settled promise is none.
      socket.on('close', () =>
        reject(
          failure(`collectd closed ${path} in the middle of an answer`, { next: 'see its log, then run it again' }),
        ),
      );
      socket.setTimeout(SILENCE_MS, () =>
        reject(failure(`collectd did not answer on ${path} within ${SILENCE_MS / 1_000} s`)),
      );
      signal.addEventListener('abort', () => reject(interrupted()), { once: true });
    });
    failed.catch(() => undefined);
    const incoming = lines[Symbol.asyncIterator]();
    const line = async (): Promise<string> =>
      (await Promise.race([incoming.next().catch(() => failed), failed])).value ?? failed;
    const answer = async (): Promise<readonly string[] | undefined> => {
      const head = await line();
      const count = Number(/^(\d+) Values? found$/.exec(head)?.[1] ?? /^(-\d+) /.exec(head)?.[1] ?? Number.NaN);
      if (Number.isNaN(count))
        throw failure(`what listens on ${path} is no collectd: ${head.slice(0, 60)}`, { field: '--socket' });
      if (count < 0) return undefined;
      const rest: string[] = [];
      while (rest.length < count) rest.push(await line());
      return rest;
    };

    try {
      socket.write('LISTVAL\n');
      const identifiers = ((await answer()) ?? []).map((listed) => listed.replace(/^\S+ /, ''));
      const lists: ValueList[] = [];
      for (let from = 0; from < identifiers.length; from += AT_ONCE) {
        const some = identifiers.slice(from, from + AT_ONCE);
        socket.write(some.map((identifier) => `GETVAL ${quoted(identifier)}\n`).join(''));
        for (const identifier of some) {
          const values = await answer();
          // Gone from the cache since it was listed.
          if (values !== undefined) lists.push({ identifier, values: values.map((value) => value.split('=')[0]!) });
        }
      }
      return lists;
    } finally {
      lines.close();
      socket.destroy();
    }
  },
});
