import {
  CreateBucketCommand as CreateBucket,
  DeleteBucketCommand as DeleteBucket,
  DeleteObjectCommand as DeleteObject,
  GetBucketLocationCommand as GetBucketLocation,
  GetObjectCommand as GetObject,
  HeadBucketCommand as HeadBucket,
  HeadObjectCommand as HeadObject,
  ListObjectsV2Command as ListObjectsV2,
  PutBucketTaggingCommand as PutBucketTagging,
  PutObjectCommand as PutObject,
  PutPublicAccessBlockCommand as PutPublicAccessBlock,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Operations } from './types.ts';

export const s3: Operations = {
  client: (config) => new S3Client(config),
  unnumbered: true,
  commands: {
    CreateBucket,
    DeleteBucket,
    DeleteObject,
    GetBucketLocation,
    GetObject,
    HeadBucket,
    HeadObject,
    ListObjectsV2,
    PutBucketTagging,
    PutObject,
    PutPublicAccessBlock,
  },
};
