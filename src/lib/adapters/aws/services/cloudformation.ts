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
import type { ServiceDescriptor } from './service.ts';

export const cloudformation: ServiceDescriptor = {
  name: 'cloudformation',
  title: 'CloudFormation',
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
  errors: {
    // A stack that is not there is a plain validation error.
    absent: ['ChangeSetNotFound', { code: 'ValidationError', says: /does not exist/i }],
    exists: ['AlreadyExists'],
  },
};
