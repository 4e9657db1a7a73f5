import { isAbsolute, join } from 'node:path';
import { failure, usageError } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import { LOCAL_CHARON } from '../domain/sa.ts';

/** The end of a charon log says what failed last; 8 MiB are some 60,000 lines. */
const LOG_BYTES = 8 * 1024 * 1024;
const JOURNAL = ['-u', 'strongswan', '-u', 'strongswan-starter', '-o', 'short-iso', '-n', '20000', '--no-pager', '-q'];

/** What charon said of late: the file given, or the journal of the system's own; undefined: there is neither. */
export const readLog = async (
  ports: Pick<Ports, 'shell' | 'files' | 'cwd' | 'signal'>,
  uri: string,
  path: string | undefined,
): Promise<{ name: string; text: string } | undefined> => {
  if (path !== undefined) {
    const file = isAbsolute(path) ? path : join(ports.cwd, path);
    if ((await ports.files.stat(file)) === undefined)
      throw usageError('no such file', { field: path, next: 'name the file of a filelog section in strongswan.conf' });
    const tail = await ports.shell.run('tail', ['-c', String(LOG_BYTES), '--', file], { signal: ports.signal });
    if (tail.exitCode !== 0) throw failure("can't read the log", { field: path, next: 'run as its owner or as root' });
    return { name: path, text: tail.stdout };
  }
  // The journal is the system daemon's; another socket is another daemon, whose tunnels may bear the same names.
  if (uri !== LOCAL_CHARON || (await ports.shell.which('journalctl')) === undefined) return undefined;
  const journal = await ports.shell.run('journalctl', JOURNAL, { signal: ports.signal });
  return journal.exitCode === 0 ? { name: 'journal', text: journal.stdout } : undefined;
};
