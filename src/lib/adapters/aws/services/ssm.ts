import {
  AddTagsToResourceCommand as AddTagsToResource,
  DeleteParameterCommand as DeleteParameter,
  DescribeParametersCommand as DescribeParameters,
  GetParameterCommand as GetParameter,
  GetParametersCommand as GetParameters,
  ListTagsForResourceCommand as ListTagsForResource,
  PutParameterCommand as PutParameter,
  SSMClient,
} from '@aws-sdk/client-ssm';
import type { ServiceDescriptor } from './service.ts';

export const ssm: ServiceDescriptor = {
  name: 'ssm',
  title: 'Systems Manager',
  client: (config) => new SSMClient(config),
  commands: {
    AddTagsToResource,
    DeleteParameter,
    DescribeParameters,
    GetParameter,
    GetParameters,
    ListTagsForResource,
    PutParameter,
  },
  errors: {
    // ListTagsForResource says InvalidResourceId of a parameter that is not there.
    absent: ['ParameterNotFound', 'InvalidResourceId'],
    exists: ['ParameterAlreadyExists'],
    conflict: ['TooManyUpdates'],
  },
};
