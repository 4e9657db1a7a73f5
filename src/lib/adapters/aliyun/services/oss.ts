import type { ProductDescriptor } from './service.ts';

export const oss: ProductDescriptor = {
  name: 'oss',
  title: 'OSS',
  host: (region) => `oss-${region}.aliyuncs.com`,
  errors: {
    absent: ['NoSuchBucket', 'NoSuchKey', 'NoSuchUpload'],
    exists: ['BucketAlreadyExists'],
    // OSS answers so where the bucket lies elsewhere, and names the right endpoint.
    elsewhere: [{ code: 'AccessDenied', says: /specified endpoint/ }],
  },
};
