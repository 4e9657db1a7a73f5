import { ApiError } from '../errors.ts';
import type { Context } from '../product.ts';
import { onBucket } from './buckets.ts';
import { bucketOf, checkBody, checksums, notAllowed, type OssAnswer, type OssRequest } from './protocol.ts';
import type { Bucket } from './state.ts';
import { beginUpload, onUpload } from './uploads.ts';

const onObject = (context: Context, bucket: Bucket, request: OssRequest): OssAnswer => {
  const { method, key, body } = request;
  switch (method) {
    case 'PUT':
      checkBody(request);
      bucket.objects.set(key, { body, at: context.now() });
      return { status: 200, headers: checksums(body) };
    case 'GET':
    case 'HEAD': {
      const object = bucket.objects.get(key);
      if (object === undefined) throw new ApiError(404, 'NoSuchKey', 'The specified key does not exist.');
      return {
        status: 200,
        headers: {
          ...checksums(object.body),
          'last-modified': new Date(object.at).toUTCString(),
          'content-length': String(object.body.length),
        },
        body: method === 'GET' ? object.body : '',
      };
    }
    case 'DELETE':
      bucket.objects.delete(key);
      return { status: 204 };
    default:
      throw notAllowed();
  }
};

/**
 * The calls of OSS that uploads need: buckets, objects, parts. Sizes, MD5 and CRC-64 are checked as OSS checks them.
 * @throws ApiError where it refuses.
 */
export const callOss = (context: Context, request: OssRequest): OssAnswer => {
  if (request.key === '') return onBucket(context, request);
  const bucket = bucketOf(context, request.bucket);
  if (request.query.has('uploadId')) return onUpload(context, bucket, request);
  return request.query.has('uploads') ? beginUpload(context, bucket, request) : onObject(context, bucket, request);
};

/** The RAM action that a request needs. */
export const ossAction = ({ method, key, query }: OssRequest): string => {
  if (key === '') {
    if (method === 'PUT') return 'oss:PutBucket';
    if (query.has('uploads')) return 'oss:ListMultipartUploads';
    if (query.has('bucketInfo')) return 'oss:GetBucketInfo';
    return query.has('location') ? 'oss:GetBucketLocation' : 'oss:ListObjects';
  }
  if (query.has('uploadId') && method === 'GET') return 'oss:ListParts';
  if (query.has('uploadId') && method === 'DELETE') return 'oss:AbortMultipartUpload';
  if (method === 'GET' || method === 'HEAD') return 'oss:GetObject';
  return method === 'DELETE' ? 'oss:DeleteObject' : 'oss:PutObject';
};
