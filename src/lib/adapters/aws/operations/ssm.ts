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
import type { Operations } from './types.ts';

export const ssm: Operations = {
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
};
