import {
  DeleteAlarmsCommand as DeleteAlarms,
  DescribeAlarmsCommand as DescribeAlarms,
  GetMetricDataCommand as GetMetricData,
  ListTagsForResourceCommand as ListTagsForResource,
  PutMetricAlarmCommand as PutMetricAlarm,
  CloudWatchClient,
} from '@aws-sdk/client-cloudwatch';
import type { Operations } from './types.ts';

export const cloudwatch: Operations = {
  client: (config) => new CloudWatchClient(config),
  commands: {
    DeleteAlarms,
    DescribeAlarms,
    GetMetricData,
    ListTagsForResource,
    PutMetricAlarm,
  },
};
