import type OSS from 'ali-oss';
import type { AliyunAnswer, AliyunCall } from '../../core/aliyun.ts';
import { ossClient, ownAnswer, type OssPlace } from './oss-client.ts';

/** What procedures ask of OSS, by its own names. Objects' content goes by the object store, not here. */
const ACTIONS: Readonly<Record<string, (client: OSS, params: AliyunCall['params']) => Promise<AliyunAnswer>>> = {
  async GetBucketInfo(client, { Bucket }) {
    const { bucket } = ownAnswer(await client.getBucketInfo(Bucket!), 'GetBucketInfo') as {
      bucket: { Location?: string };
    };
    return { Location: bucket.Location };
  },
  async PutBucket(client, { Bucket }) {
    ownAnswer(await client.putBucket(Bucket!), 'PutBucket');
    return {};
  },
  async HeadObject(client, { Key }) {
    ownAnswer(await client.head(Key!), 'HeadObject');
    return {};
  },
  async PutObject(client, { Key }) {
    ownAnswer(await client.put(Key!, Buffer.alloc(0)), 'PutObject');
    return {};
  },
  async DeleteObject(client, { Key }) {
    ownAnswer(await client.delete(Key!), 'DeleteObject');
    return {};
  },
};

export const sendToOss = async ({ action, params }: AliyunCall, place: OssPlace): Promise<AliyunAnswer> => {
  const run = ACTIONS[action];
  if (run === undefined) throw new Error(`no such call of OSS: ${action}`);
  return run(await ossClient(params['Bucket']!, place), params);
};
