import { GetCallerIdentityCommand as GetCallerIdentity, STSClient } from '@aws-sdk/client-sts';
import type { ServiceDescriptor } from './service.ts';

export const sts: ServiceDescriptor = {
  name: 'sts',
  title: 'STS',
  client: (config) => new STSClient(config),
  commands: {
    GetCallerIdentity,
  },
  errors: {},
};
