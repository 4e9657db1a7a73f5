import type { MountSpec } from '../../src/lib/domain/s3/spec.ts';

/** A bucket mounted by s3fs with a key file, and with nothing else that could be said. */
export const PLAIN_MOUNT: MountSpec = {
  version: 1,
  name: 'web',
  bucket: 'office-logs',
  region: 'cn-north-1',
  directory: '/mnt/office-logs',
  engine: 's3fs',
  url: null,
  credentials: { kind: 'file', path: '/etc/hybridctl/s3/web.key' },
  cache: null,
  allowOther: false,
  umask: null,
  uid: null,
  gid: null,
  readOnly: false,
  storageClass: null,
  encryption: null,
  boot: 'none',
};
