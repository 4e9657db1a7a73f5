import type { AliyunCall, AliyunProduct } from '../../../core/aliyun.ts';
import { shellWord } from '../../../domain/shell.ts';

const objectOf = ({ params }: AliyunCall): string =>
  shellWord(`oss://${params['Bucket'] ?? ''}/${params['Key'] ?? ''}`);

/**
 * Products for which the Alibaba Cloud CLI has words of its own, by the action; the others take RPC calls by their own
 * names. Of OSS it has ossutil's words.
 */
export const ALIYUN_WORDS: Partial<
  Readonly<Record<AliyunProduct, Readonly<Record<string, (call: AliyunCall) => string>>>>
> = {
  oss: {
    PutBucket: ({ params }) => `mb oss://${params['Bucket'] ?? ''}`,
    PutObject: (call) => `mkdir ${objectOf(call)}`,
    DeleteObject: (call) => `rm ${objectOf(call)}`,
  },
};
