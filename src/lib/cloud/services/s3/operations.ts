import { createHash, randomUUID } from 'node:crypto';
import { XMLParser } from 'fast-xml-parser';
import { document, type Xml } from '../../codec/document.ts';
import {
  completed,
  s3Error,
  stored,
  type Bucket,
  type MultipartUpload,
  type ObjectState,
  type Stored,
} from './state.ts';

/** One S3 request (REST, path style), read whole. */
export interface S3Request {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** That the request is signed for. */
  readonly region: string;
}

export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
const xml = (root: string, body: Xml): S3Answer => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: document({ [root]: { '@xmlns': NAMESPACE, ...body } }),
});
const header = ({ headers }: S3Request, name: string): string | undefined =>
  typeof headers[name] === 'string' ? headers[name] : undefined;
const iso = (ms: number): string => new Date(ms).toISOString();
const base64 = (crc: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
};

/** The operation by its IAM-like name: faults are set on it. */
export const operationOf = ({ method, path, query }: Pick<S3Request, 'method' | 'path' | 'query'>): string => {
  const inObject = /^\/[^/]+\/./.test(path);
  if (!inObject) {
    if (path === '/') return 'ListBuckets';
    if (query.has('tagging')) return method === 'PUT' ? 'PutBucketTagging' : 'GetBucketTagging';
    if (query.has('publicAccessBlock')) return 'PutPublicAccessBlock';
    if (method === 'GET')
      return query.has('uploads')
        ? 'ListMultipartUploads'
        : query.has('location')
          ? 'GetBucketLocation'
          : 'ListObjectsV2';
    return { HEAD: 'HeadBucket', PUT: 'CreateBucket', DELETE: 'DeleteBucket' }[method] ?? method;
  }
  if (query.has('uploadId'))
    return (
      { PUT: 'UploadPart', GET: 'ListParts', POST: 'CompleteMultipartUpload', DELETE: 'AbortMultipartUpload' }[
        method
      ] ?? method
    );
  if (method === 'POST') return query.has('uploads') ? 'CreateMultipartUpload' : method;
  return { HEAD: 'HeadObject', GET: 'GetObject', PUT: 'PutObject', DELETE: 'DeleteObject' }[method] ?? method;
};

/** What arrives is what was sent, by every sum that came with it. @returns its CRC-32 was given. */
const verify = (request: S3Request, made: Stored): boolean => {
  const { body } = request;
  if (header(request, 'content-encoding')?.includes('aws-chunked') === true)
    throw s3Error('NotImplemented', 'A header you provided implies functionality that is not implemented', 501);
  const sha = header(request, 'x-amz-content-sha256');
  if (sha !== undefined && /^[0-9a-f]{64}$/.test(sha) && createHash('sha256').update(body).digest('hex') !== sha)
    throw s3Error(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  const md5 = header(request, 'content-md5');
  if (md5 !== undefined && Buffer.from(md5, 'base64').toString('hex') !== made.etag)
    throw s3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  const crc = header(request, 'x-amz-checksum-crc32');
  if (crc !== undefined && crc !== base64(made.crc32!))
    throw s3Error('BadDigest', 'The CRC32 you specified did not match the calculated checksum.');
  return crc !== undefined;
};

const uploadIn = ({ uploads }: Bucket, query: URLSearchParams): MultipartUpload => {
  const found = uploads.get(query.get('uploadId') ?? '');
  if (found === undefined)
    throw s3Error(
      'NoSuchUpload',
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
      404,
    );
  return found;
};

const objectHeaders = (one: Stored): Record<string, string> => ({
  etag: `"${one.etag}"`,
  'last-modified': new Date(one.modifiedAt).toUTCString(),
  ...(one.crc32 === undefined
    ? {}
    : { 'x-amz-checksum-crc32': base64(one.crc32), 'x-amz-checksum-type': 'FULL_OBJECT' }),
});

interface Call {
  readonly request: S3Request;
  readonly objects: ObjectState;
  readonly bucket: Bucket;
  readonly key: string;
}

/** A page of at most `max` items behind a marker. */
const pageOf = <T>(items: readonly T[], max: number): { readonly page: readonly T[]; readonly more: boolean } => ({
  page: items.slice(0, max),
  more: items.length > max,
});
const size = (query: URLSearchParams, name: string): number => Math.min(1_000, Number(query.get(name) ?? 1_000));

const OPERATIONS: Readonly<Record<string, (call: Call) => S3Answer>> = {
  HeadBucket: ({ bucket }) => ({ status: 200, headers: { 'x-amz-bucket-region': bucket.region } }),
  GetBucketLocation: ({ bucket }) =>
    xml('LocationConstraint', { '#text': bucket.region === 'us-east-1' ? '' : bucket.region }),
  GetBucketTagging({ bucket: { tagging } }) {
    if (tagging === undefined) throw s3Error('NoSuchTagSet', 'The TagSet does not exist', 404);
    return { status: 200, headers: { 'content-type': 'application/xml' }, body: tagging };
  },
  PutBucketTagging({ bucket, request: { body } }) {
    bucket.tagging = body.toString('utf8');
    return { status: 204 };
  },
  PutPublicAccessBlock: () => ({ status: 200 }),
  DeleteBucket({ bucket, objects }) {
    if (bucket.objects.size > 0) throw s3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty', 409);
    objects.buckets.delete(bucket.name);
    return { status: 204 };
  },
  ListObjectsV2({ bucket, objects, request: { query } }) {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? '';
    const found = [...bucket.objects]
      .filter(([key, { modifiedAt }]) => key.startsWith(prefix) && key > after && modifiedAt <= objects.now())
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const { page, more } = pageOf(found, size(query, 'max-keys'));
    return xml('ListBucketResult', {
      Name: bucket.name,
      Prefix: prefix,
      KeyCount: page.length,
      IsTruncated: more,
      ...(more ? { NextContinuationToken: page.at(-1)![0] } : {}),
      Contents: page.map(([key, one]) => ({
        Key: key,
        LastModified: iso(one.modifiedAt),
        ETag: `"${one.etag}"`,
        Size: one.body.length,
        StorageClass: 'STANDARD',
      })),
    });
  },
  ListMultipartUploads({ bucket, request: { query } }) {
    const prefix = query.get('prefix') ?? '';
    const marker = [query.get('key-marker') ?? '', query.get('upload-id-marker') ?? ''] as const;
    const found = [...bucket.uploads.values()]
      .filter(
        ({ key, id }) =>
          key.startsWith(prefix) && (key > marker[0] || (key === marker[0] && marker[1] !== '' && id > marker[1])),
      )
      .sort((a, b) => (a.key === b.key ? (a.id < b.id ? -1 : 1) : a.key < b.key ? -1 : 1));
    const { page, more } = pageOf(found, size(query, 'max-uploads'));
    return xml('ListMultipartUploadsResult', {
      Bucket: bucket.name,
      IsTruncated: more,
      ...(more ? { NextKeyMarker: page.at(-1)!.key, NextUploadIdMarker: page.at(-1)!.id } : {}),
      Upload: page.map(({ key, id, startedAt }) => ({
        Key: key,
        UploadId: id,
        Initiated: iso(startedAt),
        StorageClass: 'STANDARD',
      })),
    });
  },

  PutObject({ bucket, key, request, objects }) {
    const made = stored(request.body, objects.now(), true);
    bucket.objects.set(key, verify(request, made) ? made : { ...made, crc32: undefined });
    return { status: 200, headers: { etag: `"${made.etag}"` } };
  },
  GetObject({ bucket, key, objects }) {
    const found = objects.object(bucket.name, key);
    if (found === undefined) throw s3Error('NoSuchKey', 'The specified key does not exist.', 404);
    return { status: 200, headers: objectHeaders(found), body: found.body };
  },
  HeadObject({ bucket, key, objects, request }) {
    const found = objects.object(bucket.name, key);
    if (found === undefined) throw s3Error('NoSuchKey', 'The specified key does not exist.', 404);
    const { 'x-amz-checksum-crc32': crc, 'x-amz-checksum-type': type, ...plain } = objectHeaders(found);
    const sums =
      header(request, 'x-amz-checksum-mode') === 'ENABLED' && crc !== undefined
        ? { 'x-amz-checksum-crc32': crc, 'x-amz-checksum-type': type! }
        : {};
    return { status: 200, headers: { ...plain, ...sums, 'content-length': String(found.body.length) } };
  },
  DeleteObject({ bucket, key }) {
    bucket.objects.delete(key);
    return { status: 204 };
  },

  CreateMultipartUpload({ bucket, key, request, objects }) {
    const id = randomUUID();
    bucket.uploads.set(id, {
      id,
      key,
      startedAt: objects.now(),
      checksums: header(request, 'x-amz-checksum-algorithm') === 'CRC32',
      parts: new Map(),
    });
    return xml('InitiateMultipartUploadResult', { Bucket: bucket.name, Key: key, UploadId: id });
  },
  UploadPart({ bucket, request, objects }) {
    const { parts, checksums } = uploadIn(bucket, request.query);
    const number = Number(request.query.get('partNumber'));
    if (!Number.isInteger(number) || number < 1 || number > 10_000)
      throw s3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
    const made = stored(request.body, objects.now(), true);
    const given = verify(request, made);
    if (checksums && !given)
      throw s3Error(
        'InvalidRequest',
        'Checksum Type mismatch occurred, expected checksum Type: crc32, actual checksum Type: null',
      );
    parts.set(number, checksums ? made : { ...made, crc32: undefined });
    return { status: 200, headers: { etag: `"${made.etag}"` } };
  },
  ListParts({ bucket, key, request: { query } }) {
    const { parts, id } = uploadIn(bucket, query);
    const found = [...parts]
      .filter(([number]) => number > Number(query.get('part-number-marker') ?? 0))
      .sort(([a], [b]) => a - b);
    const { page, more } = pageOf(found, size(query, 'max-parts'));
    return xml('ListPartsResult', {
      Bucket: bucket.name,
      Key: key,
      UploadId: id,
      IsTruncated: more,
      ...(more ? { NextPartNumberMarker: page.at(-1)![0] } : {}),
      Part: page.map(([number, one]) => ({
        PartNumber: number,
        Size: one.body.length,
        ETag: `"${one.etag}"`,
        LastModified: iso(one.modifiedAt),
        ...(one.crc32 === undefined ? {} : { ChecksumCRC32: base64(one.crc32) }),
      })),
    });
  },
  CompleteMultipartUpload({ bucket, key, request, objects }) {
    const upload = uploadIn(bucket, request.query);
    const parsed = new XMLParser({ parseTagValue: false, isArray: (name) => name === 'Part' }).parse(
      request.body.toString('utf8'),
    ) as { CompleteMultipartUpload?: { Part?: { PartNumber: string; ETag: string }[] } };
    const claimed = (parsed.CompleteMultipartUpload?.Part ?? []).map(({ PartNumber, ETag }) => ({
      number: Number(PartNumber),
      etag: ETag.replace(/"|&quot;/g, ''),
    }));
    const made = completed(upload, claimed, objects.now(), upload.checksums);
    const crc = header(request, 'x-amz-checksum-crc32');
    if (crc !== undefined && made.crc32 !== undefined && crc !== base64(made.crc32))
      throw s3Error('BadDigest', 'The CRC32 you specified did not match the calculated checksum.');
    const total = header(request, 'x-amz-mp-object-size');
    if (total !== undefined && Number(total) !== made.body.length)
      throw s3Error('InvalidRequest', 'The provided x-amz-mp-object-size does not match what was computed.');
    bucket.objects.set(key, made);
    bucket.uploads.delete(upload.id);
    return xml('CompleteMultipartUploadResult', { Bucket: bucket.name, Key: key, ETag: `"${made.etag}"` });
  },
  AbortMultipartUpload({ bucket, request }) {
    bucket.uploads.delete(uploadIn(bucket, request.query).id);
    return { status: 204 };
  },
};

const decoded = (path: string): string => decodeURIComponent(path.replaceAll('+', '%2B'));

/** Carries out one request. @throws ApiError as S3 does; a bucket of another region redirects. */
export const answerS3 = (objects: ObjectState, request: S3Request): S3Answer => {
  const operation = operationOf(request);
  const [, name = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(decoded(request.path)) ?? [];
  if (operation === 'ListBuckets')
    return xml('ListAllMyBucketsResult', {
      Buckets: { Bucket: [...objects.buckets.values()].map((one) => ({ Name: one.name, CreationDate: iso(0) })) },
    });
  if (operation === 'CreateBucket') {
    if (objects.buckets.has(name))
      throw s3Error(
        'BucketAlreadyOwnedByYou',
        'Your previous request to create the named bucket succeeded and you already own it.',
        409,
      );
    objects.buckets.set(name, { name, region: request.region, objects: new Map(), uploads: new Map() });
    return { status: 200, headers: { location: `/${name}` } };
  }
  const run = Object.hasOwn(OPERATIONS, operation) ? OPERATIONS[operation] : undefined;
  if (run === undefined)
    throw s3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405);
  const bucket = objects.bucket(name);
  if (bucket.region !== request.region) {
    return {
      status: 301,
      headers: { 'x-amz-bucket-region': bucket.region, 'content-type': 'application/xml' },
      body: document({
        Error: {
          Code: 'PermanentRedirect',
          Message: 'The bucket you are attempting to access must be addressed using the specified endpoint.',
          Bucket: name,
        },
      }),
    };
  }
  return run({ request, objects, bucket, key });
};
