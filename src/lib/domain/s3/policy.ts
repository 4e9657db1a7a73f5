import { policyDocument, type PolicyDocument } from '../iam.ts';
import { arn } from '../partition.ts';
import type { MountSpec } from './spec.ts';

const READ = ['s3:GetObject'];
const WRITE = ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:ListMultipartUploadParts', 's3:PutObject'];

/**
 * What a mount needs of exactly its bucket, and of the KMS key that its objects are sealed with.
 * Source: "Actions, resources, and condition keys for Amazon S3" (service authorization reference). No ACL actions:
 * s3fs sends x-amz-acl only where another ACL than private is asked for (curl.cpp, PutRequest).
 */
export const bucketPolicy = ({
  bucket,
  region,
  readOnly,
  encryption,
}: Pick<MountSpec, 'bucket' | 'region' | 'readOnly' | 'encryption'>): PolicyDocument => {
  const s3 = (resource: string): string => arn(region, 's3', '', resource, '');
  return policyDocument(
    {
      Sid: 'Bucket',
      Effect: 'Allow',
      Action: ['s3:GetBucketLocation', 's3:ListBucket', ...(readOnly ? [] : ['s3:ListBucketMultipartUploads'])],
      Resource: [s3(bucket)],
    },
    {
      Sid: 'Objects',
      Effect: 'Allow',
      Action: [...READ, ...(readOnly ? [] : WRITE)].sort(),
      Resource: [s3(`${bucket}/*`)],
    },
    ...(encryption === null || encryption === 'AES256'
      ? []
      : [
          {
            Sid: 'Key',
            Effect: 'Allow' as const,
            Action: ['kms:Decrypt', ...(readOnly ? [] : ['kms:GenerateDataKey'])],
            Resource: [encryption],
          },
        ]),
  );
};
