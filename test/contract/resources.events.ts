import type { Input } from '../../src/lib/core/aws.ts';
import type { PolicyDocument } from '../../src/lib/domain/iam.ts';
import { servicePrincipal } from '../../src/lib/domain/partition.ts';
import { metricAlarm } from '../../src/lib/procedures/aws/alarm.ts';
import { eventRule, ruleTargets } from '../../src/lib/procedures/aws/event-rule.ts';
import { functionPermission, lambdaFunction } from '../../src/lib/procedures/aws/function.ts';
import { account } from '../../src/lib/procedures/aws/lookups.ts';
import { queuePolicy, sqsQueue } from '../../src/lib/procedures/aws/queue.ts';
import { role } from '../../src/lib/procedures/aws/role.ts';
import { mailSubscription, snsTopic, topicPolicy } from '../../src/lib/procedures/aws/topic.ts';
import { debuggerZip, HANDLER } from '../../src/lib/render/events/function.ts';
import type { Row } from '../helpers/resources.ts';

const [SITE, REGION] = ['contract', 'cn-north-1'] as const;

export const allowing = (...Action: string[]): PolicyDocument =>
  ({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action, Resource: '*' }],
  }) as unknown as PolicyDocument;
const ALARM = {
  name: 'cpu',
  description: 'for a contract',
  namespace: 'AWS/EC2',
  metric: 'CPUUtilization',
  dimensions: { InstanceId: 'i-0e1466e8a5dd4892c' },
  statistic: 'Average',
  period: 300,
  periods: 3,
  datapoints: 3,
  threshold: 80,
  comparison: 'gt',
  missing: 'missing',
} as const satisfies Parameters<typeof metricAlarm>[1];
const THEIR_ALARM: Input<'cloudwatch', 'PutMetricAlarm'> = {
  AlarmName: `hybridctl-${SITE}-cpu`,
  Namespace: 'AWS/EC2',
  MetricName: 'CPUUtilization',
  Statistic: 'Average',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 1,
  ComparisonOperator: 'GreaterThanThreshold',
};

const RULE = { name: 'yellow', rule: 'contract-yellow', description: 'for a contract', pattern: '{"source":["a"]}' };
const queue = () => sqsQueue(SITE, { name: 'work', queue: 'contract-work' });
const topic = () => snsTopic(SITE, { name: 'alarms', topic: 'contract-alarms', region: REGION });

const functionRole = () => role(SITE, { name: 'fn', service: 'lambda', region: REGION, description: 'for a contract' });
const fn = () =>
  lambdaFunction(SITE, {
    name: 'fn',
    fn: 'contract-fn',
    region: REGION,
    runtime: 'nodejs22.x',
    handler: HANDLER,
    description: 'for a contract',
    zip: debuggerZip(),
  });

/** Alarms, events and what they go to. */
export const eventRows = (): readonly Row[] => [
  {
    what: 'alarm',
    steps: [metricAlarm(SITE, ALARM, [], REGION)],
    drift: {
      make: ({ aws }) => aws.ask('cloudwatch', 'PutMetricAlarm', { ...THEIR_ALARM, Threshold: 1 }),
      fields: ['period is 60 instead of 300', 'threshold is 1 instead of 80'],
      calls: ['PutMetricAlarm'],
    },
    foreign: async ({ aws }) => {
      await aws.ask('cloudwatch', 'PutMetricAlarm', THEIR_ALARM);
      return THEIR_ALARM.AlarmName!;
    },
    adopted: 'told',
  },
  {
    what: 'topic with its policy',
    setup: [account()],
    steps: [topic(), topicPolicy('alarms', [], () => allowing('sns:Publish'))],
    drift: {
      make: ({ aws }, TopicArn) =>
        aws.ask('sns', 'SetTopicAttributes', {
          TopicArn,
          AttributeName: 'Policy',
          AttributeValue: JSON.stringify(allowing('sns:Subscribe')),
        }),
      fields: ['access policy differs'],
      calls: ['SetTopicAttributes'],
    },
    foreign: async ({ aws }) => {
      await aws.ask('sns', 'CreateTopic', { Name: 'contract-alarms' });
      return 'contract-alarms';
    },
    adopted: 'refused',
  },
  {
    what: 'queue with its policy',
    steps: [queue(), queuePolicy('work', [], () => allowing('sqs:SendMessage'))],
    drift: {
      make: async ({ aws }) => {
        const { QueueUrl } = await aws.ask('sqs', 'GetQueueUrl', { QueueName: 'contract-work' });
        const Policy = JSON.stringify(allowing('sqs:*'));
        await aws.ask('sqs', 'SetQueueAttributes', { QueueUrl: QueueUrl!, Attributes: { Policy } });
      },
      fields: ['access policy differs'],
      calls: ['SetQueueAttributes'],
    },
    foreign: async ({ aws }) => {
      await aws.ask('sqs', 'CreateQueue', { QueueName: 'contract-work' });
      return 'contract-work';
    },
    adopted: 'refused',
  },
  {
    what: 'mail subscription',
    setup: [account(), topic()],
    steps: [mailSubscription('alarms', 'ops@example.com')],
  },
  {
    what: 'permission to call a function',
    setup: [account(), functionRole(), fn(), eventRule(SITE, RULE)],
    steps: [functionPermission('fn', 'yellow', REGION)],
  },
  {
    what: 'function',
    setup: [account(), functionRole()],
    steps: [fn()],
    drift: {
      make: ({ aws }) =>
        aws.ask('lambda', 'UpdateFunctionConfiguration', { FunctionName: 'contract-fn', Handler: 'other.handler' }),
      fields: ['handler is other.handler instead of'],
      calls: ['UpdateFunctionConfiguration'],
    },
    foreign: async ({ aws }) => {
      const { Role } = await aws.ask('iam', 'CreateRole', {
        RoleName: 'theirs',
        AssumeRolePolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: { Service: servicePrincipal('lambda', REGION) }, Action: 'sts:AssumeRole' },
          ],
        }),
      });
      await aws.ask('lambda', 'CreateFunction', {
        FunctionName: 'contract-fn',
        Runtime: 'nodejs22.x',
        Handler: HANDLER,
        Role: Role!.Arn!,
        Code: { ZipFile: debuggerZip() },
      });
      return 'contract-fn';
    },
    adopted: 'told',
  },
  {
    what: 'rule with its targets',
    setup: [queue()],
    steps: [eventRule(SITE, RULE), ruleTargets(RULE, { work: 'queue/work' })],
    drift: {
      make: async ({ aws }) => {
        await aws.ask('events', 'PutRule', { Name: RULE.rule, EventPattern: '{"source":["b"]}', State: 'DISABLED' });
        await aws.ask('events', 'PutTargets', {
          Rule: RULE.rule,
          Targets: [{ Id: 'work', Arn: 'arn:aws-cn:sqs:cn-north-1:123456789012:other' }],
        });
      },
      fields: ['event pattern differs', 'rule is disabled', 'target work is arn'],
      calls: ['PutRule', 'PutTargets'],
    },
    foreign: async ({ aws }) => {
      await aws.ask('events', 'PutRule', { Name: RULE.rule, EventPattern: RULE.pattern, State: 'ENABLED' });
      return RULE.rule;
    },
    adopted: 'refused',
  },
];
