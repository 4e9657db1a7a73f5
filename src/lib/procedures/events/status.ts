import type { Aws, Input } from '../../core/aws.ts';
import { healthNames, LEVELS, type Level, type NAMES } from '../../domain/health-events.ts';
import { arn } from '../../domain/partition.ts';
import { unlessAbsent } from '../../core/errors.ts';
import { queueUrl } from '../aws/queue.ts';

export interface RuleStatus {
  readonly level: Level;
  readonly rule: string;
  /** null: there is none. */
  readonly state: string | null;
  readonly targets: readonly string[];
  readonly matched: number;
  readonly invocations: number;
  readonly failed: number;
}

export interface HealthStatus {
  /** ISO 8601: counts of metrics begin there. */
  readonly since: string;
  readonly rules: readonly RuleStatus[];
  /** null: there is none. `messages` is what lies in it now, approximately. */
  readonly queue: { readonly name: string; readonly messages: number; readonly sent: number } | null;
  readonly topic: {
    readonly name: string;
    readonly published: number;
    readonly confirmed: number;
    readonly pending: number;
  } | null;
  readonly function: {
    readonly name: string;
    readonly state: string;
    readonly invocations: number;
    readonly errors: number;
  } | null;
}

type Query = NonNullable<Input<'cloudwatch', 'GetMetricData'>['MetricDataQueries']>[number];
interface Counter {
  readonly namespace: string;
  readonly metric: string;
  readonly dimension: string;
  readonly of: string;
}

/** s. CloudWatch keeps minutes for 15 days and five minutes for 63; an answer with fewer points comes in one page. */
const periodOf = (ms: number): number => (ms <= 86_400_000 ? 60 : ms <= 14 * 86_400_000 ? 3_600 : 86_400);

/** Sums by counter, each over the whole time. */
const countsOf = async (
  aws: Aws,
  counters: readonly Counter[],
  from: number,
  to: number,
): Promise<readonly number[]> => {
  const Period = periodOf(to - from);
  const MetricDataQueries = counters.map(
    ({ namespace, metric, dimension, of }, at): Query => ({
      Id: `q${at}`,
      MetricStat: {
        Metric: { Namespace: namespace, MetricName: metric, Dimensions: [{ Name: dimension, Value: of }] },
        Period,
        Stat: 'Sum',
      },
      ReturnData: true,
    }),
  );
  const results = await aws.all(
    'cloudwatch',
    'GetMetricData',
    { MetricDataQueries, StartTime: new Date(from), EndTime: new Date(to) },
    'MetricDataResults',
  );
  return counters.map((_, at) =>
    results
      .filter(({ Id }) => Id === `q${at}`)
      .flatMap(({ Values = [] }) => Values)
      .reduce((sum, value) => sum + value, 0),
  );
};

/** How everything stands and what came through since then, read only. */
export const healthStatus = async (
  aws: Aws,
  {
    name,
    names: style,
    since,
    now,
  }: { readonly name: string; readonly names: (typeof NAMES)[number]; readonly since: number; readonly now: number },
): Promise<HealthStatus> => {
  const names = healthNames(name, style);
  const { Account } = await aws.ask('sts', 'GetCallerIdentity', {});
  const ruleCounter = (level: Level, metric: string): Counter => ({
    namespace: 'AWS/Events',
    metric,
    dimension: 'RuleName',
    of: names.rules[level],
  });
  const counters: readonly Counter[] = [
    ...LEVELS.flatMap((level) =>
      ['TriggeredRules', 'Invocations', 'FailedInvocations'].map((metric) => ruleCounter(level, metric)),
    ),
    { namespace: 'AWS/SQS', metric: 'NumberOfMessagesSent', dimension: 'QueueName', of: names.queue },
    { namespace: 'AWS/SNS', metric: 'NumberOfMessagesPublished', dimension: 'TopicName', of: names.topic },
    { namespace: 'AWS/Lambda', metric: 'Invocations', dimension: 'FunctionName', of: names.function },
    { namespace: 'AWS/Lambda', metric: 'Errors', dimension: 'FunctionName', of: names.function },
  ];
  // The minute that runs counts too.
  const counts = await countsOf(aws, counters, since, now + 60_000);
  const [sent, published, invocations, errors] = counts.slice(-4) as [number, number, number, number];
  const rules: RuleStatus[] = [];
  for (const [at, level] of LEVELS.entries()) {
    const rule = names.rules[level];
    const found = await unlessAbsent(aws.ask('events', 'DescribeRule', { Name: rule }));
    const targets =
      found === undefined
        ? []
        : ((await unlessAbsent(aws.all('events', 'ListTargetsByRule', { Rule: rule }, 'Targets'))) ?? []);
    rules.push({
      level,
      rule,
      state: found?.State ?? null,
      targets: targets.map(({ Id }) => Id!),
      matched: counts[3 * at]!,
      invocations: counts[3 * at + 1]!,
      failed: counts[3 * at + 2]!,
    });
  }
  const url = await queueUrl(aws, names.queue);
  const queue =
    url === undefined
      ? undefined
      : (
          await unlessAbsent(
            aws.ask('sqs', 'GetQueueAttributes', { QueueUrl: url, AttributeNames: ['ApproximateNumberOfMessages'] }),
          )
        )?.Attributes;
  const topic = (
    await unlessAbsent(
      aws.ask('sns', 'GetTopicAttributes', { TopicArn: arn(aws.region, 'sns', Account!, names.topic) }),
    )
  )?.Attributes;
  const fn = (await unlessAbsent(aws.ask('lambda', 'GetFunction', { FunctionName: names.function })))?.Configuration;
  return {
    since: new Date(since).toISOString(),
    rules,
    queue:
      queue === undefined
        ? null
        : { name: names.queue, messages: Number(queue.ApproximateNumberOfMessages ?? 0), sent },
    topic:
      topic === undefined
        ? null
        : {
            name: names.topic,
            published,
            confirmed: Number(topic['SubscriptionsConfirmed'] ?? 0),
            pending: Number(topic['SubscriptionsPending'] ?? 0),
          },
    function: fn === undefined ? null : { name: names.function, state: fn.State ?? 'unknown', invocations, errors },
  };
};
