import { GetCallerIdentityCommand as GetCallerIdentity, STSClient } from '@aws-sdk/client-sts';
import type { Operations } from './types.ts';

export const sts: Operations = {
  client: (config) => new STSClient(config),
  commands: {
    GetCallerIdentity,
  },
};
