import type { Aliyun } from '../../core/aliyun.ts';
import type { Aws } from '../../core/aws.ts';

/** Built by the first call: who only works on hosts needs no credentials. */
export const lazily = (region: string, open: () => Promise<Aws>): Aws => {
  let opened: Promise<Aws> | undefined;
  const aws = () => (opened ??= open());
  return {
    region,
    ask: async (...call) => (await aws()).ask(...call),
    send: async (call) => (await aws()).send(call),
    all: async (...call) => (await aws()).all(...call),
  };
};

/** The same for Alibaba Cloud. */
export const aliyunLazily = (region: string, open: () => Promise<Aliyun>): Aliyun => {
  let opened: Promise<Aliyun> | undefined;
  return { region, send: async (call) => (await (opened ??= open())).send(call) };
};
