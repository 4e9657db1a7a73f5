import { createHash } from 'node:crypto';
import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import { crc64 } from './crc64.ts';
import { ApiError, type Account, type Bucket, type Upload } from './state.ts';

/** OSS's REST calls that uploads need: objects, lists, parts. Sizes, MD5 and CRC-64 are checked as OSS does. */

export interface OssRequest {
  readonly method: string;
  readonly bucket: string;
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

export interface Oss {
  readonly account: Account;
  now(): number;
  id(): string;
}

/** Parts but the last; OSS says 100 KB. */
const SMALLEST_PART = 100 * 1024;

const builder = new XMLBuilder();
const parser = new XMLParser({ isArray: (name) => name === 'Part', parseTagValue: false });
const xml = (root: object): OssAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build(root)}`,
});

const etagOf = (body: Buffer): string => createHash('md5').update(body).digest('hex').toUpperCase();
const iso = (at: number): string => new Date(at).toISOString();

const bucketOf = ({ account }: Oss, name: string): Bucket => {
  const bucket = account.buckets.get(name);
  if (bucket === undefined) throw new ApiError(404, 'NoSuchBucket', 'The specified bucket does not exist.');
  return bucket;
};

const objectOf = (bucket: Bucket, key: string) => {
  const object = bucket.objects.get(key);
  if (object === undefined) throw new ApiError(404, 'NoSuchKey', 'The specified key does not exist.');
  return object;
};

const uploadOf = (bucket: Bucket, { key, query }: OssRequest): Upload => {
  const upload = bucket.uploads.get(query.get('uploadId')!);
  if (upload === undefined || upload.key !== key)
    throw new ApiError(404, 'NoSuchUpload', 'The specified upload does not exist.');
  return upload;
};

const checkBody = ({ headers, body }: OssRequest): void => {
  const md5 = headers['content-md5'];
  if (md5 !== undefined && md5 !== createHash('md5').update(body).digest('base64'))
    throw new ApiError(400, 'InvalidDigest', 'The Content-MD5 you specified is invalid.');
};

/** A page of what comes after the marker, by name. */
const pageOf = <T>(all: readonly (readonly [string, T])[], marker: string, size: number) => {
  const rest = all.filter(([name]) => name > marker).sort(([a], [b]) => (a < b ? -1 : 1));
  return { items: rest.slice(0, size), truncated: rest.length > size };
};

const list = (bucket: Bucket, { query }: OssRequest): OssAnswer => {
  const prefix = query.get('prefix') ?? '';
  const token = query.get('continuation-token') ?? query.get('marker') ?? '';
  const { items, truncated } = pageOf(
    [...bucket.objects].filter(([key]) => key.startsWith(prefix)),
    token,
    Number(query.get('max-keys') ?? 100),
  );
  const last = items.at(-1)?.[0];
  return xml({
    ListBucketResult: {
      Prefix: prefix,
      IsTruncated: truncated,
      ...(truncated && last !== undefined ? { NextContinuationToken: last, NextMarker: last } : {}),
      Contents: items.map(([Key, { body, at }]) => ({
        Key,
        Size: body.length,
        ETag: `"${etagOf(body)}"`,
        LastModified: iso(at),
        StorageClass: 'Standard',
        Type: 'Normal',
      })),
    },
  });
};

const onBucket = (oss: Oss, request: OssRequest): OssAnswer => {
  const { method, query } = request;
  if (method === 'PUT') {
    if (oss.account.buckets.has(request.bucket)) return { status: 200 };
    oss.account.buckets.set(request.bucket, { region: oss.account.region, objects: new Map(), uploads: new Map() });
    return { status: 200 };
  }
  const bucket = bucketOf(oss, request.bucket);
  if (method !== 'GET') throw new ApiError(405, 'MethodNotAllowed', 'The specified method is not allowed.');
  if (query.has('bucketInfo'))
    return xml({
      BucketInfo: { Bucket: { Name: request.bucket, Location: `oss-${bucket.region}`, CreationDate: iso(0) } },
    });
  if (query.has('location')) return xml({ LocationConstraint: `oss-${bucket.region}` });
  if (!query.has('uploads')) return list(bucket, request);
  const prefix = query.get('prefix') ?? '';
  const { items, truncated } = pageOf(
    [...bucket.uploads]
      .filter(([, { key }]) => key.startsWith(prefix))
      .map(([id, upload]) => [`${upload.key}\0${id}`, { id, ...upload }] as const),
    query.has('key-marker') ? `${query.get('key-marker')}\0${query.get('upload-id-marker') ?? '\uffff'}` : '',
    Number(query.get('max-uploads') ?? 1000),
  );
  const last = items.at(-1)?.[1];
  return xml({
    ListMultipartUploadsResult: {
      Bucket: request.bucket,
      IsTruncated: truncated,
      ...(truncated && last !== undefined ? { NextKeyMarker: last.key, NextUploadIdMarker: last.id } : {}),
      Upload: items.map(([, { id, key, initiated }]) => ({ Key: key, UploadId: id, Initiated: iso(initiated) })),
    },
  });
};

const complete = (oss: Oss, bucket: Bucket, request: OssRequest): OssAnswer => {
  const upload = uploadOf(bucket, request);
  const { CompleteMultipartUpload } = parser.parse(request.body.toString('utf8')) as {
    CompleteMultipartUpload: { Part?: { PartNumber: string; ETag: string }[] };
  };
  const parts = CompleteMultipartUpload.Part ?? [];
  const bodies = parts.map(({ PartNumber, ETag }, index) => {
    const body = upload.parts.get(Number(PartNumber));
    if (body === undefined || ETag.replaceAll(/"|&quot;/g, '') !== etagOf(body))
      throw new ApiError(
        400,
        'InvalidPart',
        'One or more of the specified parts could not be found or the specified entity tag might not have matched the parts entity tag.',
      );
    if (index > 0 && Number(PartNumber) <= Number(parts[index - 1]!.PartNumber))
      throw new ApiError(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.');
    if (index < parts.length - 1 && body.length < SMALLEST_PART)
      throw new ApiError(400, 'EntityTooSmall', 'Your proposed upload smaller than the minimum allowed size.');
    return body;
  });
  if (bodies.length === 0) throw new ApiError(400, 'MalformedXML', 'There are no parts.');
  const body = Buffer.concat(bodies);
  bucket.objects.set(request.key, { body, at: oss.now() });
  bucket.uploads.delete(request.query.get('uploadId')!);
  const answer = xml({
    CompleteMultipartUploadResult: {
      Bucket: request.bucket,
      Key: request.key,
      ETag: `"${etagOf(body)}-${parts.length}"`,
    },
  });
  return {
    ...answer,
    headers: { ...answer.headers, etag: `"${etagOf(body)}-${parts.length}"`, 'x-oss-hash-crc64ecma': crc64(body) },
  };
};

const onObject = (oss: Oss, request: OssRequest): OssAnswer => {
  const { method, key, query, body } = request;
  const bucket = bucketOf(oss, request.bucket);
  const uploads = query.has('uploadId');
  const call = `${method}${uploads ? ' part' : query.has('uploads') ? ' uploads' : ''}`;
  switch (call) {
    case 'POST uploads': {
      const id = oss.id();
      bucket.uploads.set(id, { key, initiated: oss.now(), parts: new Map() });
      return xml({ InitiateMultipartUploadResult: { Bucket: request.bucket, Key: key, UploadId: id } });
    }
    case 'PUT part': {
      checkBody(request);
      uploadOf(bucket, request).parts.set(Number(query.get('partNumber')), body);
      return { status: 200, headers: { etag: `"${etagOf(body)}"`, 'x-oss-hash-crc64ecma': crc64(body) } };
    }
    case 'GET part': {
      const after = Number(query.get('part-number-marker') ?? 0);
      const all = [...uploadOf(bucket, request).parts].sort(([a], [b]) => a - b).filter(([number]) => number > after);
      const page = all.slice(0, Number(query.get('max-parts') ?? 1000));
      return xml({
        ListPartsResult: {
          Bucket: request.bucket,
          Key: key,
          UploadId: query.get('uploadId'),
          IsTruncated: page.length < all.length,
          NextPartNumberMarker: page.at(-1)?.[0] ?? 0,
          Part: page.map(([PartNumber, part]) => ({
            PartNumber,
            LastModified: iso(oss.now()),
            ETag: `"${etagOf(part)}"`,
            HashCrc64ecma: crc64(part),
            Size: part.length,
          })),
        },
      });
    }
    case 'POST part':
      return complete(oss, bucket, request);
    case 'DELETE part':
      uploadOf(bucket, request);
      bucket.uploads.delete(query.get('uploadId')!);
      return { status: 204 };
    case 'PUT':
      checkBody(request);
      bucket.objects.set(key, { body, at: oss.now() });
      return { status: 200, headers: { etag: `"${etagOf(body)}"`, 'x-oss-hash-crc64ecma': crc64(body) } };
    case 'GET':
    case 'HEAD': {
      const object = objectOf(bucket, key);
      return {
        status: 200,
        headers: {
          etag: `"${etagOf(object.body)}"`,
          'last-modified': new Date(object.at).toUTCString(),
          'x-oss-hash-crc64ecma': crc64(object.body),
          'content-length': String(object.body.length),
        },
        body: method === 'GET' ? object.body : '',
      };
    }
    case 'DELETE':
      bucket.objects.delete(key);
      return { status: 204 };
    default:
      throw new ApiError(405, 'MethodNotAllowed', 'The specified method is not allowed.');
  }
};

/** Which RAM action a call needs. */
export const ossAction = ({ method, key, query }: OssRequest): string => {
  if (key === '')
    return method === 'PUT'
      ? 'oss:PutBucket'
      : query.has('uploads')
        ? 'oss:ListMultipartUploads'
        : query.has('bucketInfo')
          ? 'oss:GetBucketInfo'
          : query.has('location')
            ? 'oss:GetBucketLocation'
            : 'oss:ListObjects';
  if (query.has('uploadId') && method === 'GET') return 'oss:ListParts';
  if (query.has('uploadId') && method === 'DELETE') return 'oss:AbortMultipartUpload';
  return method === 'GET' || method === 'HEAD'
    ? 'oss:GetObject'
    : method === 'DELETE'
      ? 'oss:DeleteObject'
      : 'oss:PutObject';
};

export const callOss = (oss: Oss, request: OssRequest): OssAnswer =>
  request.key === '' ? onBucket(oss, request) : onObject(oss, request);
