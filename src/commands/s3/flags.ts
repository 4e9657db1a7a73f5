import { arg, flag, toggle, type Options } from '../../lib/core/flags.ts';
import { parseVariable, type Kind } from '../../lib/core/flags/kind.ts';
import { choice, path, secretFile, text } from '../../lib/core/flags/kinds.ts';
import { missingFlag, usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { arn, bucket, region } from '../../lib/domain/kinds.ts';
import { regionProblem } from '../../lib/domain/regions.ts';
import { ENGINES, filesOf, SHAPES, STORAGE_CLASSES, type MountSpec } from '../../lib/domain/s3/spec.ts';
import { refuseWhatItCant } from '../../lib/render/s3/engines.ts';
import { absolute } from '../../lib/site/file.ts';
import { canonical, defaultName, definitions, shapedPath, STATE } from './shared.ts';

const KMS_KEY = arn({
  service: 'kms',
  resource: /^key\/[0-9a-f-]{36}$/,
  what: 'a KMS key',
  like: 'AES256, or arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f',
});

const encryption: Kind<string> = {
  placeholder: 'how',
  words: '`AES256`, or the ARN of a KMS key',
  parse: (given, context) => (given === 'AES256' ? given : KMS_KEY.parse(given, context)),
};

const URL = text({
  placeholder: 'url',
  shape: SHAPES.url,
  what: 'an address without a path',
  like: 'https://s3.example.com:9000',
});

/** Storage that is not AWS's may have regions of its own; those of AWS are checked once --url is known. */
const anyRegion: Kind<string> = {
  ...region(),
  parse: text({ placeholder: 'region', shape: SHAPES.region, what: 'a region', like: 'cn-north-1' }).parse,
};

const id = text({ placeholder: 'number', shape: SHAPES.id, what: 'a number', like: '1000' });

export const MOUNTED = {
  bucket: arg(bucket(), 'name of the bucket', { required: true }),
  directory: arg(path('dir'), 'folder to see it at; empty, or not there yet', { required: true, placeholder: 'dir' }),
} as const;

export const MOUNT = {
  create: toggle('create the bucket where it does not exist, closed to the public'),
  engine: flag(choice(ENGINES), 'what mounts', { default: 's3fs' }),
  role: flag(
    text({ placeholder: 'name', shape: SHAPES.role, what: 'the name of a role', like: 'web' }),
    "the instance's role gets the policy and its credentials are used, in place of a user and a key",
  ),
  keyFile: flag(
    secretFile(),
    "a key of yours in the engine's own form, mode 0600, in place of a user made for this mount",
  ),
  cache: flag(path('dir'), 'folder for copies of files (s3fs, mountpoint-s3)'),
  allowOther: toggle('let other users in'),
  umask: flag(
    text({ placeholder: 'mode', shape: SHAPES.umask, what: 'three octal digits', like: '022' }),
    'permissions that files do not have, like 027',
  ),
  uid: flag(id, 'owner that files show'),
  gid: flag(id, 'group that files show'),
  readOnly: toggle('mount and policy let nothing be written'),
  storageClass: flag(choice(STORAGE_CLASSES), 'of what is written'),
  encryption: flag(encryption, 'of what is written: AES256, or the ARN of a KMS key (default: as the bucket says)'),
  url: flag(URL, "storage that speaks S3's protocol (default: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, else AWS)"),
  boot: flag(choice(['none', 'fstab', 'systemd'], 'how'), 'mount at boot by a line of fstab or a unit of systemd', {
    default: 'none',
  }),
  name: flag(
    text({
      placeholder: 'name',
      shape: SHAPES.name,
      what: 'a name of at most 51 of a-z, 0-9, "." and "-"',
      like: 'office-logs',
    }),
    'of the mount, its user and its files (default: BUCKET-HOST-MACHINE)',
  ),
  replaceKey: toggle("replace the user's key though it may be in use on another machine"),
  state: STATE,
  region: flag(anyRegion, 'region of the bucket (default: AWS_REGION or AWS_DEFAULT_REGION)'),
} as const;

type MountOptions = Options<typeof MOUNTED, typeof MOUNT>;

/** The flags, and what the shell's variables and the machine add: its name, and paths without links. */
export const specOf = async (ports: Ports, options: MountOptions): Promise<MountSpec> => {
  const { bucket: inBucket, role, keyFile, cache } = options;
  const url = options.url ?? parseVariable(URL, ports, ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL']);
  const where =
    options.region ??
    parseVariable(anyRegion, ports, ['AWS_REGION', 'AWS_DEFAULT_REGION']) ??
    (url === undefined ? undefined : 'us-east-1');
  if (where === undefined) throw missingFlag('--region', 'add the region of the bucket, or set AWS_REGION');
  const problem = url === undefined ? regionProblem(where, 'aws', ports.env) : undefined;
  if (problem !== undefined) throw usageError(problem, { field: '--region' });
  const directory = await canonical(ports, options.directory);
  const state = absolute(ports.cwd, options.state);
  const there = async () => (await definitions(ports, state)).find((one) => one.directory === directory);
  const name = options.name ?? (await defaultName(ports, inBucket, await there()));
  const key = keyFile === undefined ? filesOf(state, name).key : shapedPath(absolute(ports.cwd, keyFile), '--key-file');
  const spec: MountSpec = {
    version: 1,
    // In the order of the definitions that are written down: another would look like drift.
    bucket: inBucket,
    region: where,
    engine: options.engine,
    url: url?.replace(/\/$/, '') ?? null,
    allowOther: options.allowOther,
    umask: options.umask ?? null,
    uid: options.uid ?? null,
    gid: options.gid ?? null,
    readOnly: options.readOnly,
    storageClass: options.storageClass ?? null,
    encryption: options.encryption ?? null,
    boot: options.boot,
    name,
    directory,
    credentials: role !== undefined ? { kind: 'role', role } : { kind: 'file', path: key },
    cache: cache === undefined ? null : shapedPath(absolute(ports.cwd, cache), '--cache'),
  };
  refuseWhatItCant(spec);
  return spec;
};
