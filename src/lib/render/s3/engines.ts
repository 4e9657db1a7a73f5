import { usageError } from '../../core/errors.ts';
import { octal } from '../../domain/file-mode.ts';
import { partitionOf } from '../../domain/partition.ts';
import type { Engine, MountSpec } from '../../domain/s3/spec.ts';

/**
 * One option of ours in each engine's words. No decision is made anywhere else: a runbook, a unit and heal read these
 * tables too.
 */

export interface Refusal {
  readonly field: string;
  readonly why: string;
  readonly next: string;
}

export interface EngineTable {
  /** The program that mounts. */
  readonly program: string;
  /** What brings it, by package manager. */
  readonly packages: Readonly<Record<'apt-get' | 'dnf' | 'yum', string>>;
  /** What `--version` prints holds it. */
  readonly version: RegExp;
  /** What the engine can't do. @param version as installed; undefined: not known yet. */
  refuses(spec: MountSpec, version: string | undefined): readonly Refusal[];
  /**
   * The program's arguments. @param version as installed; undefined: not known yet. @param log where it tells its
   * troubles.
   */
  args(spec: MountSpec, version: string | undefined, log: string): readonly string[];
  /** Variables that it must not have, beside those of our credentials. */
  readonly unset?: readonly string[];
  /** Environment that it needs beside; no secrets. */
  env(spec: MountSpec): Readonly<Record<string, string>>;
}

/** @returns whether `version` is `least` or later; 1.9 is before 1.10. */
export const atLeast = (version: string | undefined, least: string): boolean => {
  if (version === undefined) return false;
  const [one, other] = [version, least].map((text) => text.split('.').map(Number)) as [number[], number[]];
  for (let index = 0; index < other.length; index += 1) {
    const difference = (one[index] ?? 0) - other[index]!;
    if (difference !== 0) return difference > 0;
  }
  return true;
};

const isKms = (encryption: MountSpec['encryption']): encryption is string =>
  encryption !== null && encryption !== 'AES256';

/** Of s3fs, as `-o` and fstab take them. Sources: s3fs(1), and s3fs.cpp at each version's tag. */
export const s3fsOptions = (spec: MountSpec, version: string | undefined): readonly string[] => [
  // "region" since 1.96 (#2669); "endpoint" is understood by all.
  `${atLeast(version, '1.96') ? 'region' : 'endpoint'}=${spec.region}`,
  `url=${spec.url ?? `https://s3.${spec.region}.${partitionOf(spec.region).suffix}`}`,
  // A dot in the bucket's name fits no wildcard certificate: s3fs refuses such a bucket by host name.
  ...(spec.url !== null || spec.bucket.includes('.') ? ['use_path_request_style'] : []),
  // By name: with "auto" s3fs before 1.91 asks for the role's name without a token, which IMDSv2 refuses (#1760).
  spec.credentials.kind === 'file' ? `passwd_file=${spec.credentials.path}` : `iam_role=${spec.credentials.role}`,
  // The default waits five minutes for a connection; every access would hang as long.
  'connect_timeout=10',
  'retries=3',
  ...(spec.cache === null ? [] : [`use_cache=${spec.cache}`]),
  ...(spec.allowOther ? ['allow_other'] : []),
  // mp_umask is the mount point's own, which allow_other would else open to all.
  ...(spec.umask === null ? [] : [`umask=${spec.umask}`, ...(spec.allowOther ? [`mp_umask=${spec.umask}`] : [])]),
  ...(spec.uid === null ? [] : [`uid=${spec.uid}`]),
  ...(spec.gid === null ? [] : [`gid=${spec.gid}`]),
  ...(spec.readOnly ? ['ro'] : []),
  ...(spec.storageClass === null ? [] : [`storage_class=${spec.storageClass.toLowerCase()}`]),
  ...(spec.encryption === null ? [] : [isKms(spec.encryption) ? `use_sse=kmsid:${spec.encryption}` : 'use_sse']),
];

const s3fs: EngineTable = {
  program: 's3fs',
  packages: { 'apt-get': 's3fs', dnf: 's3fs-fuse', yum: 's3fs-fuse' },
  version: /\bV(\d+\.\d+)/,
  refuses: ({ encryption, url, storageClass }, version) => [
    ...(isKms(encryption) && url?.startsWith('http:') === true
      ? [{ field: '--encryption', why: 's3fs sends KMS keys over TLS alone', next: 'pass an https:// --url' }]
      : []),
    ...(storageClass === 'GLACIER_IR' && version !== undefined && !atLeast(version, '1.92')
      ? [
          {
            field: '--storage-class',
            why: `s3fs ${version} does not know GLACIER_IR: it came with 1.92`,
            next: 'use --engine mountpoint-s3 or rclone, or a lifecycle rule of the bucket',
          },
        ]
      : []),
  ],
  args: (spec, version, log) => [
    spec.bucket,
    spec.directory,
    '-o',
    [...s3fsOptions(spec, version), `logfile=${log}`].join(','),
  ],
  env: () => ({}),
};

/** Source: "Mountpoint for Amazon S3 configuration" (awslabs/mountpoint-s3, doc/CONFIGURATION.md). */
const mountpoint: EngineTable = {
  program: 'mount-s3',
  packages: { 'apt-get': 'mount-s3', dnf: 'mount-s3', yum: 'mount-s3' },
  version: /\b(\d+\.\d+\.\d+)/,
  refuses: ({ storageClass, boot, umask }) => [
    ...(boot === 'fstab' ? [NO_FSTAB] : []),
    ...(storageClass === 'REDUCED_REDUNDANCY'
      ? [
          {
            field: '--storage-class',
            why: 'mountpoint-s3 has no REDUCED_REDUNDANCY',
            next: 'choose STANDARD, or --engine s3fs',
          },
        ]
      : []),
    ...(umask !== null && (Number.parseInt(umask, 8) & 0o400) !== 0
      ? [
          {
            field: '--umask',
            why: 'mountpoint-s3 needs files that their owner can read',
            next: 'leave the first digit below 4',
          },
        ]
      : []),
  ],
  args: ({
    bucket,
    directory,
    region,
    url,
    cache,
    allowOther,
    umask,
    uid,
    gid,
    readOnly,
    storageClass,
    encryption,
  }) => [
    bucket,
    directory,
    '--region',
    region,
    ...(url === null ? [] : ['--endpoint-url', url, '--force-path-style']),
    // Without them files can be made and never replaced or removed.
    ...(readOnly ? ['--read-only'] : ['--allow-delete', '--allow-overwrite']),
    ...(cache === null ? [] : ['--cache', cache]),
    ...(allowOther ? ['--allow-other'] : []),
    ...(umask === null
      ? []
      : [
          '--dir-mode',
          octal(0o777 & ~Number.parseInt(umask, 8)),
          '--file-mode',
          octal(0o666 & ~Number.parseInt(umask, 8)),
        ]),
    ...(uid === null ? [] : ['--uid', uid]),
    ...(gid === null ? [] : ['--gid', gid]),
    ...(storageClass === null ? [] : ['--storage-class', storageClass]),
    ...(encryption === null
      ? []
      : isKms(encryption)
        ? ['--sse', 'aws:kms', '--sse-kms-key-id', encryption]
        : ['--sse', 'AES256']),
  ],
  env: ({ credentials }) =>
    credentials.kind === 'file'
      ? { AWS_SHARED_CREDENTIALS_FILE: credentials.path, AWS_CONFIG_FILE: '/dev/null' }
      : { AWS_CONFIG_FILE: '/dev/null' },
};

/** Sources: "rclone mount" and "Amazon S3" (rclone.org). */
const rclone: EngineTable = {
  program: 'rclone',
  // Its AWS SDK would put the bundle on a transport that is rclone's own, and refuses ("unsupported transport").
  unset: ['AWS_CA_BUNDLE'],
  packages: { 'apt-get': 'rclone', dnf: 'rclone', yum: 'rclone' },
  version: /\bv(\d+\.\d+\.\d+)/,
  refuses: ({ boot, cache }) => [
    ...(boot === 'fstab' ? [NO_FSTAB] : []),
    // Its write cache answers before S3 does: what was acknowledged could be lost with the machine.
    ...(cache === null
      ? []
      : [
          {
            field: '--cache',
            why: 'with a cache rclone acknowledges what S3 does not have yet',
            next: 'leave it out, or use --engine s3fs',
          },
        ]),
  ],
  args: (
    { bucket, directory, region, url, allowOther, umask, uid, gid, readOnly, storageClass, encryption },
    _version,
    log,
  ) => [
    'mount',
    `:s3:${bucket}`,
    directory,
    '--config=/dev/null',
    '--daemon',
    `--log-file=${log}`,
    '--vfs-cache-mode=off',
    // Five minutes by default: what another machine wrote would be seen as late as that.
    '--dir-cache-time=1s',
    `--s3-provider=${url === null ? 'AWS' : 'Other'}`,
    '--s3-env-auth',
    '--s3-no-check-bucket',
    `--s3-region=${region}`,
    ...(url === null ? [] : [`--s3-endpoint=${url}`, '--s3-force-path-style']),
    ...(allowOther ? ['--allow-other'] : []),
    ...(umask === null ? [] : [`--umask=0${umask.replace(/^0/, '')}`]),
    ...(uid === null ? [] : [`--uid=${uid}`]),
    ...(gid === null ? [] : [`--gid=${gid}`]),
    ...(readOnly ? ['--read-only'] : []),
    ...(storageClass === null ? [] : [`--s3-storage-class=${storageClass}`]),
    ...(encryption === null
      ? []
      : isKms(encryption)
        ? ['--s3-server-side-encryption=aws:kms', `--s3-sse-kms-key-id=${encryption}`]
        : ['--s3-server-side-encryption=AES256']),
  ],
  env: mountpoint.env,
};

const NO_FSTAB: Refusal = {
  field: '--boot',
  why: 'only s3fs is mounted by a line of fstab alone',
  next: 'use --boot systemd',
};

export const ENGINE: Readonly<Record<Engine, EngineTable>> = { s3fs, 'mountpoint-s3': mountpoint, rclone };

/** How the key lies in its file, as printf(1) takes it: id, then secret. */
export const keyFormat = (engine: Engine): string =>
  engine === 's3fs' ? '%s:%s\\n' : '[default]\\naws_access_key_id = %s\\naws_secret_access_key = %s\\n';

/** The key's id in such a file; undefined: the file is not of that form. */
export const keyIdIn = (engine: Engine, text: string): string | undefined =>
  (engine === 's3fs'
    ? /^(?:[a-z0-9.-]+:)?([A-Za-z0-9_-]{3,128}):[^\s:]+\s*$/
    : /^\s*aws_access_key_id\s*=\s*(\S+)/m
  ).exec(text)?.[1];

/** @throws a usage error that names the first thing the engine can't do. */
export const refuseWhatItCant = (spec: MountSpec, version?: string): void => {
  const [refusal, ...more] = ENGINE[spec.engine].refuses(spec, version);
  if (refusal !== undefined)
    throw usageError(refusal.why, {
      field: refusal.field,
      next: refusal.next,
      more: more.map(({ field, why }) => `${field}: ${why}`),
    });
};

/** Whoever mounts for us has keys of ours in its environment; the daemon, which lives on, must not. */
const NOT_INHERITED = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'AWSACCESSKEYID',
  'AWSSECRETACCESSKEY',
  'AWSSESSIONTOKEN',
  'AWS_CREDENTIAL_FILE',
];

/** The whole command line: env(1) first, which is gone once it has started the program. */
export const mountCommand = (spec: MountSpec, version: string | undefined, log: string): readonly string[] => {
  const { program, args, env, unset = [] } = ENGINE[spec.engine];
  return [
    'env',
    ...[...NOT_INHERITED, ...unset].flatMap((name) => ['-u', name]),
    ...Object.entries(env(spec)).map(([name, value]) => `${name}=${value}`),
    program,
    ...args(spec, version, log),
  ];
};
