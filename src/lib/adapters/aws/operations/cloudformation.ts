import {
  CreateChangeSetCommand as CreateChangeSet,
  DeleteChangeSetCommand as DeleteChangeSet,
  DeleteStackCommand as DeleteStack,
  DescribeChangeSetCommand as DescribeChangeSet,
  DescribeStackEventsCommand as DescribeStackEvents,
  DescribeStackResourcesCommand as DescribeStackResources,
  DescribeStacksCommand as DescribeStacks,
  ExecuteChangeSetCommand as ExecuteChangeSet,
  GetTemplateCommand as GetTemplate,
  ValidateTemplateCommand as ValidateTemplate,
  CloudFormationClient,
} from '@aws-sdk/client-cloudformation';
import type { Operations } from './types.ts';

export const cloudformation: Operations = {
  client: (config) => new CloudFormationClient(config),
  commands: {
    CreateChangeSet,
    DeleteChangeSet,
    DeleteStack,
    DescribeChangeSet,
    DescribeStackEvents,
    DescribeStackResources,
    DescribeStacks,
    ExecuteChangeSet,
    GetTemplate,
    ValidateTemplate,
  },
};
