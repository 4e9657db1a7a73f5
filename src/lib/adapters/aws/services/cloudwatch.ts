import {
  DeleteAlarmsCommand as DeleteAlarms,
  DescribeAlarmsCommand as DescribeAlarms,
  GetMetricDataCommand as GetMetricData,
  ListTagsForResourceCommand as ListTagsForResource,
  PutMetricAlarmCommand as PutMetricAlarm,
  CloudWatchClient,
} from '@aws-sdk/client-cloudwatch';
import type { ServiceDescriptor } from './service.ts';

export const cloudwatch: ServiceDescriptor = {
  name: 'cloudwatch',
  title: 'CloudWatch',
  client: (config) => new CloudWatchClient(config),
  commands: {
    DeleteAlarms,
    DescribeAlarms,
    GetMetricData,
    ListTagsForResource,
    PutMetricAlarm,
  },
  errors: {
    absent: ['ResourceNotFound'],
    conflict: ['ConcurrentModification'],
    invalid: [
      'InvalidParameterValue',
      'InvalidParameterCombination',
      'InvalidFormat',
      'MissingParameter',
      'MissingRequiredParameter',
    ],
  },
};
