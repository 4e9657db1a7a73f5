import { XMLParser } from 'fast-xml-parser';
import { ApiError } from '../errors.ts';
import type { Context } from '../product.ts';
import { crc64 } from './crc64.ts';
import { checkBody, checksums, etagOf, notAllowed, time, xml, type OssAnswer, type OssRequest } from './protocol.ts';
import type { Bucket, Upload } from './state.ts';

/** Every part but the last: OSS says 100 KB. */
const SMALLEST_PART = 100 * 1024;

const parser = new XMLParser({ isArray: (name) => name === 'Part', parseTagValue: false });

const uploadOf = (bucket: Bucket, { key, query }: OssRequest): Upload => {
  const upload = bucket.uploads.get(query.get('uploadId')!);
  if (upload === undefined || upload.key !== key)
    throw new ApiError(404, 'NoSuchUpload', 'The specified upload does not exist.');
  return upload;
};

interface PartList {
  readonly CompleteMultipartUpload?: { readonly Part?: readonly { PartNumber: string; ETag: string }[] };
}

/** The bodies of the parts that the request lists. @throws ApiError as OSS does. */
const partsOf = (upload: Upload, { body }: OssRequest): readonly Buffer[] => {
  const parts = (parser.parse(body.toString('utf8')) as PartList).CompleteMultipartUpload?.Part ?? [];
  if (parts.length === 0) throw new ApiError(400, 'MalformedXML', 'There are no parts.');
  return parts.map(({ PartNumber, ETag }, index) => {
    const part = upload.parts.get(Number(PartNumber));
    if (part === undefined || ETag.replaceAll(/"|&quot;/g, '') !== etagOf(part))
      throw new ApiError(
        400,
        'InvalidPart',
        'One or more of the specified parts could not be found or the specified entity tag might not have matched the parts entity tag.',
      );
    if (index > 0 && Number(PartNumber) <= Number(parts[index - 1]!.PartNumber))
      throw new ApiError(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.');
    if (index < parts.length - 1 && part.length < SMALLEST_PART)
      throw new ApiError(400, 'EntityTooSmall', 'Your proposed upload smaller than the minimum allowed size.');
    return part;
  });
};

const complete = (context: Context, bucket: Bucket, request: OssRequest): OssAnswer => {
  const bodies = partsOf(uploadOf(bucket, request), request);
  const body = Buffer.concat(bodies);
  bucket.objects.set(request.key, { body, at: context.now() });
  bucket.uploads.delete(request.query.get('uploadId')!);
  const ETag = `"${etagOf(body)}-${bodies.length}"`;
  const answer = xml({ CompleteMultipartUploadResult: { Bucket: request.bucket, Key: request.key, ETag } });
  return { ...answer, headers: { ...answer.headers, etag: ETag, 'x-oss-hash-crc64ecma': crc64(body) } };
};

const listParts = (context: Context, bucket: Bucket, request: OssRequest): OssAnswer => {
  const { query } = request;
  const after = Number(query.get('part-number-marker') ?? 0);
  const all = [...uploadOf(bucket, request).parts].sort(([a], [b]) => a - b).filter(([number]) => number > after);
  const page = all.slice(0, Number(query.get('max-parts') ?? 1000));
  return xml({
    ListPartsResult: {
      Bucket: request.bucket,
      Key: request.key,
      UploadId: query.get('uploadId'),
      IsTruncated: page.length < all.length,
      NextPartNumberMarker: page.at(-1)?.[0] ?? 0,
      Part: page.map(([PartNumber, part]) => ({
        PartNumber,
        LastModified: time(context.now()),
        ETag: `"${etagOf(part)}"`,
        HashCrc64ecma: crc64(part),
        Size: part.length,
      })),
    },
  });
};

/** A request with `?uploads`: begins an upload in parts. */
export const beginUpload = ({ newId, now }: Context, bucket: Bucket, request: OssRequest): OssAnswer => {
  if (request.method !== 'POST') throw notAllowed();
  const UploadId = newId();
  bucket.uploads.set(UploadId, { key: request.key, initiated: now(), parts: new Map() });
  return xml({ InitiateMultipartUploadResult: { Bucket: request.bucket, Key: request.key, UploadId } });
};

/** OSS takes parts 1 to 10,000. */
const partNumber = ({ query }: OssRequest): number => {
  const given = query.get('partNumber') ?? '';
  const number = Number(given);
  if (!/^\d{1,5}$/.test(given) || number < 1 || number > 10_000)
    throw new ApiError(400, 'InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive.');
  return number;
};

/** A request with `?uploadId`: a part, the list of parts, the end. */
export const onUpload = (context: Context, bucket: Bucket, request: OssRequest): OssAnswer => {
  switch (request.method) {
    case 'PUT':
      checkBody(request);
      uploadOf(bucket, request).parts.set(partNumber(request), request.body);
      return { status: 200, headers: checksums(request.body) };
    case 'GET':
      return listParts(context, bucket, request);
    case 'POST':
      return complete(context, bucket, request);
    case 'DELETE':
      uploadOf(bucket, request);
      bucket.uploads.delete(request.query.get('uploadId')!);
      return { status: 204 };
    default:
      throw notAllowed();
  }
};
