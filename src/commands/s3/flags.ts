import { flag, FLAG, text, type Flag, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { ENGINES, filesOf, STORAGE_CLASSES, type MountSpec } from '../../lib/domain/s3/spec.ts';
import { refuseWhatItCant } from '../../lib/render/s3/engines.ts';
import { absolute } from '../../lib/site/file.ts';
import { canonical, defaultName, shaped, shapedFlag, STATE, stateOf } from './shared.ts';

const BOOT = ['none', 'fstab', 'systemd'] as const;

export const MOUNT_FLAGS: readonly Flag[] = [
  { flags: '--create', summary: 'make the bucket where it is not there, closed to the public' },
  { flags: '--engine <name>', summary: 'what mounts', choices: ENGINES, default: 's3fs' },
  {
    flags: '--role <name>',
    summary: "the instance's role gets the policy and its credentials are used, in place of a user and a key",
  },
  {
    flags: '--key-file <file>',
    summary: "a key of yours in the engine's own form, mode 0600, in place of a user made for this mount",
  },
  { flags: '--cache <dir>', summary: 'folder for copies of files (s3fs, mountpoint-s3)' },
  { flags: '--allow-other', summary: 'let other users in' },
  { flags: '--umask <mode>', summary: 'permissions that files do not have, like 027' },
  { flags: '--uid <number>', summary: 'owner that files show' },
  { flags: '--gid <number>', summary: 'group that files show' },
  { flags: '--read-only', summary: 'mount and policy let nothing be written' },
  { flags: '--storage-class <name>', summary: 'of what is written', choices: STORAGE_CLASSES },
  {
    flags: '--encryption <how>',
    summary: 'of what is written: AES256, or the ARN of a KMS key (default: as the bucket says)',
  },
  {
    flags: '--url <url>',
    summary: "storage that speaks S3's protocol (default: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, else AWS)",
  },
  {
    flags: '--boot <how>',
    summary: 'mount at boot by a line of fstab or a unit of systemd',
    choices: BOOT,
    default: 'none',
  },
  { flags: '--name <name>', summary: 'of the mount, its user and its files (default: BUCKET-HOST)' },
  STATE,
];

/** Everything that the words alone tell; the rest is the machine's. */
export interface MountWords extends Omit<MountSpec, 'name' | 'directory' | 'credentials' | 'region' | 'cache'> {
  readonly directory: string;
  readonly name: string | null;
  readonly cache: string | null;
  readonly role: string | null;
  readonly keyFile: string | null;
  readonly region: string;
  readonly create: boolean;
  readonly state: string;
}

export const mountWords = (raw: Raw, { env }: Pick<Ports, 'env'>): MountWords => {
  const url = shapedFlag(raw, 'url', 'url') ?? (env['AWS_ENDPOINT_URL_S3'] || env['AWS_ENDPOINT_URL'] || null);
  const region =
    text(raw, 'region') ?? (env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || (url === null ? undefined : 'us-east-1'));
  if (region === undefined)
    throw usageError('in which region is the bucket?', {
      field: FLAG.region.flags.split(' ')[0]!,
      next: 'give --region, or set AWS_REGION',
    });
  const encryption = text(raw, 'encryption') ?? null;
  const [role, keyFile] = [shapedFlag(raw, 'role', 'role'), text(raw, 'keyFile') ?? null];
  if (role !== null && keyFile !== null)
    throw usageError('a key and a role are two answers to one question', {
      field: '--role',
      next: 'give --role or --key-file',
    });
  return {
    version: 1,
    bucket: shaped('bucket', String(raw.args[0]), 'bucket'),
    directory: String(raw.args[1]),
    region: shaped('region', region, '--region'),
    name: shapedFlag(raw, 'name', 'name'),
    engine: ENGINES.find((one) => one === text(raw, 'engine')) ?? 's3fs',
    url: url === null ? null : shaped('url', url, '--url').replace(/\/$/, ''),
    role,
    keyFile,
    cache: text(raw, 'cache') ?? null,
    allowOther: flag(raw, 'allowOther'),
    umask: shapedFlag(raw, 'umask', 'umask'),
    uid: shapedFlag(raw, 'uid', 'id'),
    gid: shapedFlag(raw, 'gid', 'id'),
    readOnly: flag(raw, 'readOnly'),
    storageClass: STORAGE_CLASSES.find((one) => one === text(raw, 'storageClass')) ?? null,
    encryption:
      encryption === null || encryption === 'AES256' ? encryption : shaped('kmsKey', encryption, '--encryption'),
    boot: BOOT.find((one) => one === text(raw, 'boot')) ?? 'none',
    create: flag(raw, 'create'),
    state: stateOf(raw),
  };
};

/** The words, and what the machine adds: its name, and paths without links. */
export const specOf = async (
  ports: Pick<Ports, 'shell' | 'cwd'>,
  { name, cache, role, keyFile, create: _create, state, directory, ...rest }: MountWords,
): Promise<MountSpec> => {
  const called = name ?? (await defaultName(ports, rest.bucket));
  const path =
    keyFile === null
      ? filesOf(absolute(ports.cwd, state), called).key
      : shaped('path', absolute(ports.cwd, keyFile), '--key-file');
  const spec: MountSpec = {
    ...rest,
    name: called,
    directory: await canonical(ports, directory),
    credentials: role === null ? { kind: 'file', path } : { kind: 'role', role },
    cache: cache === null ? null : shaped('path', absolute(ports.cwd, cache), '--cache'),
  };
  refuseWhatItCant(spec);
  return spec;
};
