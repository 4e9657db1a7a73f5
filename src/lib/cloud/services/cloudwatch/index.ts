import * as sdk from '@aws-sdk/client-cloudwatch';
import type { MetricAlarm, MetricDatum } from '@aws-sdk/client-cloudwatch';
import type { Input } from '../../../core/aws.ts';
import { arn } from '../../../domain/partition.ts';
import { AWS_JSON_10 } from '../../codec/json.ts';
import { ApiError } from '../../error.ts';
import type { CloudModel } from '../../model.ts';
import { op, cloudService, type Asked, type Operations } from '../../service.ts';
import type { CloudState } from '../../state.ts';
import { tagList, tagsFrom } from '../../tags.ts';
import {
  COMPARE,
  isStatistic,
  judge,
  metrics,
  valuesOf,
  withPoint,
  type Alarm,
  type Metric,
  type MetricState,
  type Point,
} from './state.ts';

const INVALID = 'InvalidParameterValueException';
const DAY_MS = 86_400_000;
/** Most figures of one call, and dimensions of a metric ("PutMetricData" in the CloudWatch API reference). */
const [MOST_DATA, MOST_DIMENSIONS] = [1_000, 30];

const invalid = (message: string): ApiError => new ApiError(INVALID, message);
const refuse = (message: string): ApiError => new ApiError('ValidationError', message);
const needed = <T>(value: T | undefined, name: string, error: (message: string) => ApiError): T => {
  if (value === undefined || value === '') throw error(AWS_JSON_10.missing(name));
  return value;
};

const change = (cloud: CloudModel, step: (own: MetricState) => MetricState): void =>
  void cloud.change((state) => metrics.put(state, step(metrics.of(state))));

const metricIn = ({
  Namespace,
  MetricName,
  Dimensions = [],
}: {
  readonly Namespace?: string | undefined;
  readonly MetricName?: string | undefined;
  readonly Dimensions?: MetricDatum['Dimensions'];
}): Metric => {
  if (Dimensions.length > MOST_DIMENSIONS || Dimensions.some(({ Name, Value }) => !Name || !Value))
    throw invalid('The parameter Dimensions is invalid.');
  return {
    namespace: needed(Namespace, 'Namespace', invalid),
    name: needed(MetricName, 'MetricName', invalid),
    dimensions: Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name!, Value!])),
  };
};

const pointIn = ({ Timestamp, Values: values = [], Value, Counts = [] }: MetricDatum, now: number): Point => {
  const at = Timestamp?.getTime() ?? now;
  if (at < now - 14 * DAY_MS || at > now + DAY_MS / 12)
    throw invalid('The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks.');
  if (values.length === 0) {
    if (Value === undefined) throw invalid('The parameter Value must be a number.');
    return { at, count: 1, sum: Value, min: Value, max: Value };
  }
  const counts = values.map((_, index) => Counts[index] ?? 1);
  return {
    at,
    count: counts.reduce((sum, count) => sum + count, 0),
    sum: values.reduce((sum, value, index) => sum + value * counts[index]!, 0),
    min: Math.min(...values),
    max: Math.max(...values),
  };
};

const alarmIn = (input: Asked<Input<'cloudwatch', 'PutMetricAlarm'>>, now: number): Alarm => {
  const comparison = needed(input.ComparisonOperator, 'ComparisonOperator', refuse) as Alarm['comparison'];
  const statistic = needed(input.Statistic, 'Statistic', refuse);
  const missing = (input.TreatMissingData ?? 'missing') as Alarm['missing'];
  if (
    !Object.hasOwn(COMPARE, comparison) ||
    !isStatistic(statistic) ||
    !['breaching', 'notBreaching', 'ignore', 'missing'].includes(missing)
  )
    throw refuse('1 validation error detected: a value is none of its enum.');
  const [period, periods] = [
    needed(input.Period, 'Period', refuse),
    needed(input.EvaluationPeriods, 'EvaluationPeriods', refuse),
  ];
  if (![10, 20, 30].includes(period) && (period < 60 || period % 60 !== 0))
    throw refuse('Period must be 10, 20, 30 or a multiple of 60');
  if (period * periods > 7 * 86_400) throw refuse('Metrics cannot be checked across more than 604800 seconds.');
  const breaching = input.DatapointsToAlarm ?? periods;
  if (breaching > periods) throw refuse('DatapointsToAlarm must be less than or equal to EvaluationPeriods');
  return {
    ...metricIn(input),
    alarm: input.AlarmName,
    description: input.AlarmDescription,
    statistic,
    period,
    periods,
    breaching,
    threshold: needed(input.Threshold, 'Threshold', refuse),
    comparison,
    missing,
    unit: input.Unit,
    enabled: input.ActionsEnabled !== false,
    actions: {
      alarm: input.AlarmActions ?? [],
      ok: input.OKActions ?? [],
      insufficient: input.InsufficientDataActions ?? [],
    },
    tags: tagsFrom(input.Tags),
    changedAt: now,
  };
};

const alarmArn = ({ region, owner }: CloudState, name: string): string =>
  arn(region, 'cloudwatch', owner, `alarm:${name}`);

const alarmOf = (state: CloudState, alarm: Alarm, now: number): MetricAlarm => {
  const { value, reason } = judge(metrics.of(state), alarm, now);
  return {
    AlarmName: alarm.alarm,
    AlarmArn: alarmArn(state, alarm.alarm),
    AlarmDescription: alarm.description,
    ActionsEnabled: alarm.enabled,
    AlarmActions: [...alarm.actions.alarm],
    OKActions: [...alarm.actions.ok],
    InsufficientDataActions: [...alarm.actions.insufficient],
    AlarmConfigurationUpdatedTimestamp: new Date(alarm.changedAt),
    StateValue: value,
    StateReason: reason,
    StateUpdatedTimestamp: new Date(now),
    Namespace: alarm.namespace,
    MetricName: alarm.name,
    Dimensions: Object.entries(alarm.dimensions).map(([Name, Value]) => ({ Name, Value })),
    Statistic: alarm.statistic,
    Period: alarm.period,
    EvaluationPeriods: alarm.periods,
    DatapointsToAlarm: alarm.breaching,
    Threshold: alarm.threshold,
    ComparisonOperator: alarm.comparison,
    TreatMissingData: alarm.missing,
    Unit: alarm.unit as MetricAlarm['Unit'],
  };
};

/** Alarms in one answer, as few as a test needs to meet a second page. */
const PAGE = 10;

const operations = {
  PutMetricData: op(sdk.PutMetricData$, ({ Namespace: namespace, MetricData: data = [] }, cloud) => {
    if (namespace.startsWith('AWS/')) throw invalid('The value AWS/ for parameter Namespace is invalid.');
    if (data.length > MOST_DATA)
      throw invalid(`The collection MetricData must not have a size greater than ${MOST_DATA}.`);
    const now = cloud.now();
    const points = data.map((one) => ({
      metric: metricIn({ ...one, Namespace: namespace }),
      point: pointIn(one, now),
    }));
    change(cloud, (own) => points.reduce((state, { metric, point }) => withPoint(state, metric, point), own));
    return {};
  }),
  GetMetricData: op(sdk.GetMetricData$, ({ StartTime, EndTime, MetricDataQueries }, cloud) => {
    const [from, to] = [StartTime.getTime(), EndTime.getTime()];
    if (from >= to) throw refuse('The parameter StartTime must be less than the parameter EndTime.');
    return {
      MetricDataResults: MetricDataQueries.map(({ Id, MetricStat: { Metric: metric, Period, Stat } = {} as never }) => {
        if (metric === undefined || Period === undefined || !isStatistic(Stat))
          throw refuse('The parameter MetricStat is required.');
        const values = [
          ...valuesOf(
            metrics.of(cloud.state),
            metricIn(metric),
            Stat,
            Period * 1_000,
            from,
            Math.min(to, cloud.now() + 1),
          ),
        ];
        return {
          Id,
          Label: metric.MetricName,
          Timestamps: values.map(([at]) => new Date(at)),
          Values: values.map(([, value]) => value),
          StatusCode: 'Complete' as const,
        };
      }),
    };
  }),
  PutMetricAlarm: op(sdk.PutMetricAlarm$, (input, cloud) => {
    const alarm = alarmIn(input, cloud.now());
    change(cloud, (own) => {
      const before = own.alarms.find((one) => one.alarm === alarm.alarm);
      // Tags are of the creation: of an alarm that is there they are left as they are.
      return {
        ...own,
        alarms: [
          ...own.alarms.filter((one) => one !== before),
          before === undefined ? alarm : { ...alarm, tags: before.tags },
        ],
      };
    });
    return {};
  }),
  DescribeAlarms: op(
    sdk.DescribeAlarms$,
    ({ AlarmNames: names = [], AlarmNamePrefix: prefix = '', NextToken }, cloud) => {
      const from = Number(NextToken ?? 0);
      const found = metrics
        .of(cloud.state)
        .alarms.filter(({ alarm }) => (names.length === 0 || names.includes(alarm)) && alarm.startsWith(prefix))
        .sort((a, b) => (a.alarm < b.alarm ? -1 : 1));
      const next = from + PAGE;
      return {
        MetricAlarms: found.slice(from, next).map((alarm) => alarmOf(cloud.state, alarm, cloud.now())),
        CompositeAlarms: [],
        ...(next < found.length ? { NextToken: String(next) } : {}),
      };
    },
  ),
  DeleteAlarms: op(sdk.DeleteAlarms$, ({ AlarmNames: names }, cloud) => {
    const missing = names.find((name) => !metrics.of(cloud.state).alarms.some(({ alarm }) => alarm === name));
    if (missing !== undefined) throw new ApiError('ResourceNotFound', `Alarm ${missing} does not exist.`, 404);
    change(cloud, (own) => ({ ...own, alarms: own.alarms.filter(({ alarm }) => !names.includes(alarm)) }));
    return {};
  }),
  ListTagsForResource: op(sdk.ListTagsForResource$, ({ ResourceARN: wanted }, { state }) => {
    const found = metrics.of(state).alarms.find(({ alarm }) => alarmArn(state, alarm) === wanted);
    if (found === undefined) throw new ApiError('ResourceNotFoundException', `${wanted} does not exist.`, 404);
    return { Tags: tagList(found.tags) };
  }),
} satisfies Operations<'cloudwatch'>;

export const service = cloudService('cloudwatch', {
  protocol: AWS_JSON_10,
  missing: INVALID,
  // CloudWatch takes hundreds of batches a second ("Quotas" of CloudWatch).
  bucketOf: (operation) => (operation === 'PutMetricData' ? { size: 500, perSecond: 150 } : undefined),
  operations,
});
