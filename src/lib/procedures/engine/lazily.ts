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
