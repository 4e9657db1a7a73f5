import type { Context } from '../product.ts';
import { bucketOf, etagOf, notAllowed, pageOf, time, xml, type OssAnswer, type OssRequest } from './protocol.ts';
import { newBucket, type Bucket } from './state.ts';

const listObjects = (bucket: Bucket, { query }: OssRequest): OssAnswer => {
  const prefix = query.get('prefix') ?? '';
  const { items, truncated, last } = pageOf(
    [...bucket.objects].filter(([key]) => key.startsWith(prefix)),
    query.get('continuation-token') ?? query.get('marker') ?? '',
    Number(query.get('max-keys') ?? 100),
  );
  return xml({
    ListBucketResult: {
      Prefix: prefix,
      IsTruncated: truncated,
      ...(last === undefined ? {} : { NextContinuationToken: last[0], NextMarker: last[0] }),
      Contents: items.map(([Key, { body, at }]) => ({
        Key,
        Size: body.length,
        ETag: `"${etagOf(body)}"`,
        LastModified: time(at),
        StorageClass: 'Standard',
        Type: 'Normal',
      })),
    },
  });
};

const listUploads = (bucket: Bucket, { bucket: Bucket, query }: OssRequest): OssAnswer => {
  const prefix = query.get('prefix') ?? '';
  const { items, truncated, last } = pageOf(
    [...bucket.uploads]
      .filter(([, { key }]) => key.startsWith(prefix))
      .map(([id, upload]) => [`${upload.key}\0${id}`, { id, ...upload }] as const),
    query.has('key-marker') ? `${query.get('key-marker')}\0${query.get('upload-id-marker') ?? '\uffff'}` : '',
    Number(query.get('max-uploads') ?? 1000),
  );
  return xml({
    ListMultipartUploadsResult: {
      Bucket,
      IsTruncated: truncated,
      ...(last === undefined ? {} : { NextKeyMarker: last[1].key, NextUploadIdMarker: last[1].id }),
      Upload: items.map(([, { id, key, initiated }]) => ({ Key: key, UploadId: id, Initiated: time(initiated) })),
    },
  });
};

/** A request about a bucket: make it, ask about it, list what is in it. */
export const onBucket = (context: Context, request: OssRequest): OssAnswer => {
  const { buckets } = context.account.oss;
  const { method, query, bucket: name } = request;
  if (method === 'PUT') {
    if (!buckets.has(name)) buckets.set(name, newBucket(context.account.region));
    return { status: 200 };
  }
  const bucket = bucketOf(context, name);
  if (method !== 'GET') throw notAllowed();
  const Location = `oss-${bucket.region}`;
  if (query.has('bucketInfo')) return xml({ BucketInfo: { Bucket: { Name: name, Location, CreationDate: time(0) } } });
  if (query.has('location')) return xml({ LocationConstraint: Location });
  return query.has('uploads') ? listUploads(bucket, request) : listObjects(bucket, request);
};
