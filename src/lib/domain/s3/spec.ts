import { z } from 'zod';
import { REGION } from '../partition.ts';

/** One mount of one bucket, as `s3 mount` writes it down and `s3 heal` reads it. It holds no secret. */

export const ENGINES = ['s3fs', 'mountpoint-s3', 'rclone'] as const;
export type Engine = (typeof ENGINES)[number];

/** As the S3 API spells them. Source: "Amazon S3 storage classes". */
export const STORAGE_CLASSES = [
  'STANDARD',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'REDUCED_REDUNDANCY',
] as const;

/**
 * What each value may be. All of them end up in an argument, an fstab line or a unit file, where a blank, a comma or a
 * `%` would mean something.
 */
export const SHAPES = {
  /** "Bucket naming rules": 3 to 63 of a-z, 0-9, dot and hyphen. */
  bucket: /^(?!xn--|sthree-|amzn-s3-demo-)(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  /** IAM's names take 64 characters, of which `hybridctl-` and `-s3` are ours. */
  name: /^[a-z0-9][a-z0-9.-]{0,50}$/,
  path: /^\/[A-Za-z0-9._/@+-]{1,200}$/,
  region: REGION,
  url: /^https?:\/\/[A-Za-z0-9.-]{1,253}(:\d{1,5})?\/?$/,
  umask: /^0?[0-7]{3}$/,
  id: /^\d{1,9}$/,
  role: /^[\w+=.@-]{1,64}$/,
  kmsKey: /^arn:aws(-cn|-us-gov)?:kms:[a-z0-9-]+:\d{12}:key\/[0-9a-f-]{36}$/,
} as const;

export const mountSchema = z.strictObject({
  version: z.literal(1),
  name: z.string().regex(SHAPES.name),
  bucket: z.string().regex(SHAPES.bucket),
  region: z.string().regex(SHAPES.region),
  /** Absolute, without links. */
  directory: z.string().regex(SHAPES.path),
  engine: z.enum(ENGINES),
  /** Storage that is not AWS's; null: the region's own endpoint. */
  url: z.string().regex(SHAPES.url).nullable(),
  /** Whose key: of a file of mode 0600, or of the instance's role, by its name. */
  credentials: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('file'), path: z.string().regex(SHAPES.path) }),
    z.strictObject({ kind: z.literal('role'), role: z.string().regex(SHAPES.role) }),
  ]),
  cache: z.string().regex(SHAPES.path).nullable(),
  allowOther: z.boolean(),
  umask: z.string().regex(SHAPES.umask).nullable(),
  uid: z.string().regex(SHAPES.id).nullable(),
  gid: z.string().regex(SHAPES.id).nullable(),
  readOnly: z.boolean(),
  storageClass: z.enum(STORAGE_CLASSES).nullable(),
  /** `AES256` (keys of S3), or the ARN of a KMS key; null: as the bucket says. */
  encryption: z.union([z.literal('AES256'), z.string().regex(SHAPES.kmsKey)]).nullable(),
  boot: z.enum(['none', 'fstab', 'systemd']),
});

export type MountSpec = Readonly<z.infer<typeof mountSchema>>;

/** Where the files of a mount are. */
export const filesOf = (folder: string, name: string) => ({
  definition: `${folder}/${name}.json`,
  key: `${folder}/${name}.key`,
  log: `${folder}/${name}.log`,
  /** Touched when the mount answered. */
  mounted: `${folder}/${name}.mounted`,
  /** Says which mount was proven, by its line in mountinfo. */
  proven: `${folder}/${name}.proven`,
});
