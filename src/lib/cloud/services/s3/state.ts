import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ApiError } from '../../error.ts';

/**
 * Buckets and objects, in memory. Not part of the cloud's immutable state: it is bytes, and S3 has been strongly
 * consistent since 2020, so there is no past to read from.
 */
export interface Stored {
  readonly body: Buffer;
  readonly etag: string;
  /** Of the whole content, where the client asked for one. */
  readonly crc32: number | undefined;
  /** ms; what lies ahead is not there yet: a log that a build will write. */
  readonly modifiedAt: number;
}

export interface MultipartUpload {
  readonly id: string;
  readonly key: string;
  readonly startedAt: number;
  readonly checksums: boolean;
  readonly parts: Map<number, Stored>;
}

export interface Bucket {
  readonly name: string;
  readonly region: string;
  readonly objects: Map<string, Stored>;
  readonly uploads: Map<string, MultipartUpload>;
  /** The document of its tags, as it was put. */
  tagging?: string;
}

export interface ObjectState {
  readonly buckets: Map<string, Bucket>;
  /** @throws ApiError NoSuchBucket */
  bucket(name: string): Bucket;
  /** undefined: not there, or not yet. */
  object(bucket: string, key: string): Stored | undefined;
  put(bucket: string, key: string, body: Buffer, at?: number): Stored;
  now(): number;
}

export const s3Error = (code: string, message: string, status = 400): ApiError => new ApiError(code, message, status);

export const stored = (body: Buffer, modifiedAt: number, withChecksum = false): Stored => ({
  body,
  etag: createHash('md5').update(body).digest('hex'),
  crc32: withChecksum ? crc32(body) : undefined,
  modifiedAt,
});

export const createObjects = (now: () => number): ObjectState => {
  const buckets = new Map<string, Bucket>();
  const bucket = (name: string): Bucket => {
    const found = buckets.get(name);
    if (found === undefined) throw s3Error('NoSuchBucket', 'The specified bucket does not exist', 404);
    return found;
  };
  return {
    buckets,
    bucket,
    now,
    object(name, key) {
      const found = buckets.get(name)?.objects.get(key);
      return found === undefined || found.modifiedAt > now() ? undefined : found;
    },
    put(name, key, body, at = now()) {
      const made = stored(body, at);
      bucket(name).objects.set(key, made);
      return made;
    },
  };
};

/** The smallest part but the last ("Amazon S3 multipart upload limits"). */
const LEAST_PART = 5 * 2 ** 20;

export interface Claimed {
  readonly number: number;
  readonly etag: string;
}

/** Joins the parts that the client names. @throws ApiError as S3 does. */
export const completed = (
  { parts }: MultipartUpload,
  claimed: readonly Claimed[],
  at: number,
  checksums: boolean,
): Stored => {
  if (claimed.length === 0) throw s3Error('MalformedXML', 'The XML you provided was not well-formed');
  const bodies = claimed.map(({ number, etag }, index) => {
    if (index > 0 && number <= claimed[index - 1]!.number)
      throw s3Error('InvalidPartOrder', 'The list of parts was not in ascending order.');
    const part = parts.get(number);
    if (part === undefined || part.etag !== etag)
      throw s3Error('InvalidPart', 'One or more of the specified parts could not be found.');
    if (index < claimed.length - 1 && part.body.length < LEAST_PART)
      throw s3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
    return part;
  });
  const body = Buffer.concat(bodies.map((part) => part.body));
  const joined = createHash('md5')
    .update(Buffer.concat(bodies.map(({ etag }) => Buffer.from(etag, 'hex'))))
    .digest('hex');
  return { body, etag: `${joined}-${bodies.length}`, crc32: checksums ? crc32(body) : undefined, modifiedAt: at };
};
