import {
  CreateBucketCommand as CreateBucket,
  DeleteBucketCommand as DeleteBucket,
  DeleteObjectCommand as DeleteObject,
  GetBucketLocationCommand as GetBucketLocation,
  GetBucketTaggingCommand as GetBucketTagging,
  GetObjectCommand as GetObject,
  HeadBucketCommand as HeadBucket,
  HeadObjectCommand as HeadObject,
  ListObjectsV2Command as ListObjectsV2,
  PutBucketTaggingCommand as PutBucketTagging,
  PutObjectCommand as PutObject,
  PutPublicAccessBlockCommand as PutPublicAccessBlock,
  S3Client,
} from '@aws-sdk/client-s3';
import { ownAnswersOnly } from '../s3-proof.ts';
import { storageConfig } from '../config.ts';
import type { ServiceDescriptor } from './service.ts';

/** The region of a bucket that is elsewhere: in the answer's headers, its document or its words. */
export const regionIn = (thrown: unknown): string | undefined => {
  const { $response, Region, message } = thrown as {
    readonly $response?: { readonly headers?: Readonly<Record<string, string | undefined>> };
    readonly Region?: string;
    readonly message?: string;
  };
  const region =
    $response?.headers?.['x-amz-bucket-region'] ?? Region ?? /expecting '([^']+)'/.exec(message ?? '')?.[1];
  return region !== undefined && /^[a-z0-9-]+$/.test(region) ? region : undefined;
};

export const s3: ServiceDescriptor = {
  name: 's3',
  title: 'S3',
  client(config, options) {
    const client = new S3Client({ ...config, ...storageConfig(options) });
    ownAnswersOnly(client, s3);
    return client;
  },
  unnumbered: true,
  commands: {
    CreateBucket,
    DeleteBucket,
    DeleteObject,
    GetBucketLocation,
    GetBucketTagging,
    GetObject,
    HeadBucket,
    HeadObject,
    ListObjectsV2,
    PutBucketTagging,
    PutObject,
    PutPublicAccessBlock,
  },
  // Source of the codes without a model: "Error responses" in the S3 API reference.
  errors: {
    absent: ['NoSuchBucket', 'NoSuchKey', 'NoSuchTagSet', 'NoSuchUpload', 'NotFound'],
    exists: ['BucketAlreadyOwnedByYou', 'BucketAlreadyExists'],
    conflict: ['OperationAborted'],
    elsewhere: ['PermanentRedirect', 'TemporaryRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraint'],
    denied: ['AllAccessDisabled'],
  },
  regionIn,
};
