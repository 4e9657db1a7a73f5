import type OSS from 'ali-oss';
import type { AliyunAnswer, AliyunCall } from '../../core/aliyun.ts';
import { ossClient, type OssPlace } from './oss-client.ts';

/** What procedures ask of OSS, by its own names. Objects' content goes by the object store, not here. */
const ACTIONS: Readonly<Record<string, (client: OSS, params: AliyunCall['params']) => Promise<AliyunAnswer>>> = {
  async GetBucketInfo(client, { Bucket }) {
    const { bucket } = (await client.getBucketInfo(Bucket!)) as { bucket: { Location?: string } };
    return { Location: bucket.Location };
  },
  async PutBucket(client, { Bucket }) {
    await client.putBucket(Bucket!);
    return {};
  },
  async HeadObject(client, { Key }) {
    await client.head(Key!);
    return {};
  },
  async PutObject(client, { Key }) {
    await client.put(Key!, Buffer.alloc(0));
    return {};
  },
  async DeleteObject(client, { Key }) {
    await client.delete(Key!);
    return {};
  },
};

export const sendToOss = async ({ action, params }: AliyunCall, place: OssPlace): Promise<AliyunAnswer> => {
  const run = ACTIONS[action];
  if (run === undefined) throw new Error(`no such call of OSS: ${action}`);
  return run(await ossClient(params['Bucket']!, place), params);
};
