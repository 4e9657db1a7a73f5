import { createHash } from 'node:crypto';
import { XMLBuilder } from 'fast-xml-parser';
import { ApiError } from '../errors.ts';
import type { Context } from '../product.ts';
import { crc64 } from './crc64.ts';
import type { Bucket } from './state.ts';

export interface OssRequest {
  readonly method: string;
  /** Empty where the request names none. */
  readonly bucket: string;
  /** Empty for a request about the bucket itself. */
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface OssAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

const builder = new XMLBuilder();
export const xml = (root: object): OssAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build(root)}`,
});

export const etagOf = (body: Buffer): string => createHash('md5').update(body).digest('hex').toUpperCase();
/** The headers by which a client checks what it has sent or got. */
export const checksums = (body: Buffer): Readonly<Record<string, string>> => ({
  etag: `"${etagOf(body)}"`,
  'x-oss-hash-crc64ecma': crc64(body),
});

export const time = (ms: number): string => new Date(ms).toISOString();

/** @throws ApiError where there is no such bucket. */
export const bucketOf = ({ account }: Context, name: string): Bucket => {
  const bucket = account.oss.buckets.get(name);
  if (bucket === undefined) throw new ApiError(404, 'NoSuchBucket', 'The specified bucket does not exist.');
  return bucket;
};

/** @throws ApiError where the body is not what its Content-MD5 says. */
export const checkBody = ({ headers, body }: OssRequest): void => {
  const md5 = headers['content-md5'];
  if (md5 !== undefined && md5 !== createHash('md5').update(body).digest('base64'))
    throw new ApiError(400, 'InvalidDigest', 'The Content-MD5 you specified is invalid.');
};

/** One page of a list: what comes after the marker, by name. */
export const pageOf = <T>(all: readonly (readonly [string, T])[], marker: string, size: number) => {
  const rest = all.filter(([name]) => name > marker).sort(([a], [b]) => (a < b ? -1 : 1));
  const items = rest.slice(0, size);
  const truncated = rest.length > size;
  return { items, truncated, last: truncated ? items.at(-1) : undefined };
};

export const notAllowed = (): ApiError =>
  new ApiError(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
