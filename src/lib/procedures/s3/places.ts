import { failure, missing, usageError } from '../../core/errors.ts';
import type { Step, ReadContext } from '../../core/procedure.ts';
import { refuseOpenFile } from '../../domain/file-mode.ts';
import { engineOf, mountAt } from '../../domain/s3/mounts.ts';
import type { MountSpec } from '../../domain/s3/spec.ts';
import { mountsOf } from './look.ts';

const entries = async ({ shell }: Pick<ReadContext, 'shell'>, directory: string): Promise<number> => {
  const { exitCode, stdout, stderr } = await shell.run('find', [
    directory,
    '-maxdepth',
    '1',
    '-mindepth',
    '1',
    '-printf',
    '.',
    '-quit',
  ]);
  if (exitCode !== 0)
    throw failure(`can't look into ${directory}: ${stderr.trim().split(': ').at(-1) ?? ''}`, { field: 'directory' });
  return stdout.length;
};

/** The folder that the bucket shall appear at: empty, or not there yet. */
export const directoryStep = ({ directory }: Pick<MountSpec, 'directory'>): Step => ({
  key: 'directory',
  title: `mount point ${directory}`,
  async read(context) {
    const ready = { state: 'ready' as const, found: { id: directory, owned: true } };
    // First of all: what is mounted there may be dead, and stat would not come back.
    const mounted = mountAt(await mountsOf(context), directory);
    if (mounted !== undefined) {
      if (engineOf(mounted) === undefined)
        throw usageError(`${directory} is a mount point already: ${mounted.source} of type ${mounted.type}`, {
          field: 'directory',
          next: 'name another folder, or unmount it first',
        });
      return ready;
    }
    const { exitCode, stdout } = await context.shell.run('stat', ['-c', '%F', directory]);
    if (exitCode !== 0) return { state: 'absent' };
    const kind = stdout.trim();
    if (kind !== 'directory')
      throw usageError(`${directory} is a ${kind}, not a directory`, {
        field: 'directory',
        next: kind === 'symbolic link' ? 'name the directory that it points to' : 'name another one',
      });
    if ((await entries(context, directory)) > 0)
      throw usageError(`${directory} is not empty: what lies there would be hidden by the mount`, {
        field: 'directory',
        next: 'name an empty folder, or one that is not there yet',
      });
    return ready;
  },
  create: () => [{ kind: 'run', file: 'mkdir', args: ['-p', directory], what: `making ${directory}` }],
  delete: () => [{ kind: 'run', file: 'rmdir', args: [directory], what: `removing ${directory}` }],
});

/**
 * s3fs keeps twice the part size (10 MB) of each file being written, and with a cache whole files: below this nothing
 * useful fits.
 */
const LEAST_FREE = 256 * 2 ** 20;

/** The folder for copies of open files. It can be removed at any time, so it stays when a mount goes. */
export const cacheStep = (cache: string): Step => ({
  key: 'cache',
  title: `cache ${cache}`,
  async read({ shell }) {
    // Of the nearest folder that is there.
    const { stdout } = await shell.run('sh', [
      '-c',
      'd=$1; while [ ! -e "$d" ]; do d=$(dirname "$d"); done; df -P -B1 "$d" | tail -n 1; [ -d "$d" ] || echo file',
      'df',
      cache,
    ]);
    const [line = '', file] = stdout.trim().split('\n');
    if (file !== undefined) throw usageError(`${cache} is not a folder`, { field: '--cache' });
    const free = Number(line.trim().split(/\s+/)[3]);
    if (!(free >= LEAST_FREE))
      throw missing(
        `no space for the cache: ${Math.floor(free / 2 ** 20)} MiB are free at ${cache}, and ${LEAST_FREE / 2 ** 20} MiB are the least`,
        { field: '--cache', next: 'make room, or name a folder on another file system' },
      );
    return (await shell.run('test', ['-d', cache])).exitCode === 0
      ? { state: 'ready', found: { id: cache, owned: true } }
      : { state: 'absent' };
  },
  // It holds what the bucket holds.
  create: () => [{ kind: 'run', file: 'mkdir', args: ['-p', '-m', '0700', cache], what: `making ${cache}` }],
  delete: () => [{ kind: 'run', file: 'rmdir', args: [cache], what: `removing ${cache}` }],
});

/** A key that the user brought. */
export const keyFileStep = (path: string, idIn: (text: string) => string | undefined, form: string): Step => ({
  key: 'key-file',
  title: `key in ${path}`,
  async read({ files }) {
    const [text, stat] = [await files.read(path), await files.stat(path)];
    if (text === undefined || stat === undefined) throw usageError(`there is no file ${path}`, { field: '--key-file' });
    refuseOpenFile({ path, mode: stat.mode, field: '--key-file' });
    const id = idIn(text);
    if (id === undefined) throw usageError(`${path} is not of the form ${form}`, { field: '--key-file' });
    return { state: 'ready', found: { id, owned: false } };
  },
  create: () => [],
});
