import { basename, dirname } from 'node:path';
import { failure, usageError } from '../../lib/core/errors.ts';
import { arg, flag } from '../../lib/core/flags.ts';
import { path } from '../../lib/core/flags/kinds.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { show } from '../../lib/core/words.ts';
import { MACHINE_ID, machineOf } from '../../lib/domain/fingerprint.ts';
import { SHAPES, type MountSpec } from '../../lib/domain/s3/spec.ts';
import { parseDefinition } from '../../lib/procedures/s3/mount.ts';
import { absolute } from '../../lib/site/file.ts';

export const STATE = flag(path('dir'), 'folder of definitions, keys and logs', {
  default: '/etc/hybridctl/s3',
  env: 'HYBRIDCTL_S3_STATE',
});
export const DIRECTORY = {
  directory: arg(path('dir'), 'mount point (default: all that "s3 mount" made)', { placeholder: 'dir' }),
};
export const MOUNT_POINT = {
  directory: arg(path('dir'), 'mount point', { required: true, placeholder: 'dir' }),
};

export const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
/** A name nobody has. */
export const nonceOf = ({ random }: Pick<Ports, 'random'>): string => hex(random(8));

/** @throws a usage error where a path can't stand as it is in an argument, a line of fstab or a unit. */
export const shapedPath = (given: string, field: string): string => {
  if (!SHAPES.path.test(given))
    throw usageError(
      `${show(given)} is not a path of letters, digits and "._/@+-": others can't stand in fstab and units`,
      { field },
    );
  return given;
};

/** Where the files of the mounts are, and a name nobody has. */
export const mounting = async (ports: Pick<Ports, 'cwd' | 'random' | 'files'>, state: string) => ({
  folder: absolute(ports.cwd, state),
  nonce: nonceOf(ports),
  machine: machineOf(await ports.files.read(MACHINE_ID).catch(() => undefined)),
});

/** What a procedure is called that works on one mount, and where its bucket is. */
export const ofMount = (spec: MountSpec) => ({
  title: `${spec.bucket} at ${spec.directory}`,
  site: spec.name,
  region: spec.region,
  s3Url: spec.url ?? undefined,
});

/** The folder as the kernel names it: without links above it. What is mounted there may hang and is not touched. */
export const canonical = async (
  { shell, cwd }: Pick<Ports, 'shell' | 'cwd'>,
  given: string,
  field = 'directory',
): Promise<string> => {
  const wanted = absolute(cwd, given).replace(/\/+$/, '');
  if (wanted === '') throw usageError('/ can be no mount point', { field });
  const { exitCode, stdout } = await shell.run('realpath', ['-m', '--', dirname(wanted)]);
  const above = stdout.replace(/\n$/, '');
  return shapedPath(`${exitCode !== 0 || above === '/' ? '' : above}/${basename(wanted)}`, field);
};

/** Every mount that was written down. @throws failure for a definition that is damaged. */
export const definitions = async (
  { shell, files }: Pick<Ports, 'shell' | 'files'>,
  state: string,
): Promise<readonly MountSpec[]> => {
  const { stdout } = await shell.run('find', [state, '-maxdepth', '1', '-name', '*.json', '-type', 'f']);
  const paths = stdout
    .split('\n')
    .filter((line) => line !== '')
    .sort();
  return Promise.all(paths.map(async (path) => parseDefinition(path, (await files.read(path)) ?? '')));
};

export const definitionAt = async (
  ports: Pick<Ports, 'shell' | 'files' | 'cwd'>,
  state: string,
  given: string,
): Promise<MountSpec> => {
  const directory = await canonical(ports, given);
  const all = await definitions(ports, state);
  const found = all.find((spec) => spec.directory === directory);
  if (found === undefined)
    throw failure(`"s3 mount" has made no mount at ${directory}`, {
      field: 'directory',
      next:
        all.length === 0
          ? `none is written down in ${state}`
          : `it knows ${all.map((one) => one.directory).join(', ')}`,
    });
  return found;
};

/**
 * That of the mount which is there already; else of the bucket and the machine, for names must differ between two that
 * mount one bucket, also where both have the same host name.
 */
export const defaultName = async (
  { shell, files }: Pick<Ports, 'shell' | 'files'>,
  bucket: string,
  there: MountSpec | undefined,
): Promise<string> => {
  if (there?.bucket === bucket) return there.name;
  const host = (await shell.run('uname', ['-n'])).stdout
    .trim()
    .toLowerCase()
    .split('.')[0]!
    .replace(/[^a-z0-9-]/g, '-');
  const machine = machineOf(await files.read(MACHINE_ID).catch(() => undefined));
  const name = [bucket, host, ...(machine === undefined ? [] : [machine])].join('-');
  if (!SHAPES.name.test(name))
    throw usageError(`${name} is longer than a user's name may be`, {
      field: '--name',
      next: 'add --name with a shorter one',
    });
  return name;
};
