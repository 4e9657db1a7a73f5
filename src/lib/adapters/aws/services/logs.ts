import {
  CloudWatchLogsClient,
  CreateLogGroupCommand as CreateLogGroup,
  DeleteLogGroupCommand as DeleteLogGroup,
  DeleteRetentionPolicyCommand as DeleteRetentionPolicy,
  DeleteSubscriptionFilterCommand as DeleteSubscriptionFilter,
  DescribeLogGroupsCommand as DescribeLogGroups,
  DescribeSubscriptionFiltersCommand as DescribeSubscriptionFilters,
  ListTagsForResourceCommand as ListTagsForResource,
  PutRetentionPolicyCommand as PutRetentionPolicy,
  PutSubscriptionFilterCommand as PutSubscriptionFilter,
} from '@aws-sdk/client-cloudwatch-logs';
import type { ServiceDescriptor } from './service.ts';

export const logs: ServiceDescriptor = {
  name: 'logs',
  title: 'CloudWatch Logs',
  client: (config) => new CloudWatchLogsClient(config),
  commands: {
    CreateLogGroup,
    DeleteLogGroup,
    DeleteRetentionPolicy,
    DeleteSubscriptionFilter,
    DescribeLogGroups,
    DescribeSubscriptionFilters,
    ListTagsForResource,
    PutRetentionPolicy,
    PutSubscriptionFilter,
  },
  errors: {
    absent: ['ResourceNotFoundException'],
    exists: ['ResourceAlreadyExistsException'],
    // A function that was just made, or just given its permission, is not known everywhere at once.
    notYet: [{ code: 'InvalidParameterException', says: /could not execute the lambda function/i }],
    conflict: ['OperationAbortedException'],
    invalid: ['InvalidParameterException'],
  },
};
