import { basename, dirname } from 'node:path';
import { text, type Flag, type Raw } from '../../lib/core/command.ts';
import { failure, usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { SHAPES, type MountSpec } from '../../lib/domain/s3/spec.ts';
import { parseDefinition } from '../../lib/procedures/s3/mount.ts';
import { absolute } from '../../lib/site/file.ts';

export const STATE: Flag = {
  flags: '--state <dir>',
  summary: 'folder of definitions, keys and logs',
  default: '/etc/hybridctl/s3',
  env: 'HYBRIDCTL_S3_STATE',
};
export const DIRECTORY = { name: '[dir]', summary: 'mount point (default: all that "s3 mount" made)' };

export const stateOf = (raw: Raw): string => text(raw, 'state') ?? String(STATE.default);

export const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
/** A name nobody has. */
export const nonceOf = ({ random }: Pick<Ports, 'random'>): string => hex(random(8));

const WORDS: Readonly<Record<keyof typeof SHAPES, string>> = {
  bucket: 'a bucket name: 3 to 63 of a-z, 0-9, "." and "-"',
  name: 'at most 51 of a-z, 0-9, "." and "-"',
  path: 'a path of letters, digits and "._/@+-", for it goes into fstab and units',
  region: 'a region, like cn-north-1',
  url: 'an address like https://s3.example.com:9000, without a path',
  umask: 'three octal digits, like 022',
  id: 'a number',
  role: 'the name of a role',
  kmsKey: 'AES256, or the ARN of a KMS key',
};

/**
 * @throws a usage error naming the flag, where the value can't stand as it is in an argument, a line of fstab or a
 * unit.
 */
export const shaped = (kind: keyof typeof SHAPES, value: string, field: string): string => {
  if (!SHAPES[kind].test(value))
    throw usageError(`${value.replace(/[^\x20-\x7e]/g, '?').slice(0, 80) || 'it'} is not ${WORDS[kind]}`, { field });
  return value;
};

export const shapedFlag = (raw: Raw, name: string, kind: keyof typeof SHAPES, spelled = `--${name}`): string | null => {
  const value = text(raw, name);
  return value === undefined ? null : shaped(kind, value, spelled);
};

/** The folder as the kernel names it: without links above it. What is mounted there may hang and is not touched. */
export const canonical = async (
  { shell, cwd }: Pick<Ports, 'shell' | 'cwd'>,
  path: string,
  field = 'directory',
): Promise<string> => {
  const wanted = absolute(cwd, path).replace(/\/+$/, '');
  if (wanted === '') throw usageError('/ can be no mount point', { field });
  const { exitCode, stdout } = await shell.run('realpath', ['-m', '--', dirname(wanted)]);
  const above = stdout.replace(/\n$/, '');
  return shaped('path', `${exitCode !== 0 || above === '/' ? '' : above}/${basename(wanted)}`, field);
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
  ports: Pick<Ports, 'shell' | 'files'>,
  state: string,
  directory: string,
): Promise<MountSpec> => {
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

/** The machine's name, for names that must differ between two that mount one bucket. */
export const defaultName = async ({ shell }: Pick<Ports, 'shell'>, bucket: string): Promise<string> => {
  const host = (await shell.run('uname', ['-n'])).stdout
    .trim()
    .toLowerCase()
    .split('.')[0]!
    .replace(/[^a-z0-9-]/g, '-');
  const name = `${bucket}-${host}`;
  if (!SHAPES.name.test(name))
    throw usageError(`${name} is longer than a user's name may be`, { field: '--name', next: 'give a short one' });
  return name;
};
