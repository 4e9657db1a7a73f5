import { arn } from '../domain/partition.ts';
import type { Action } from './actions.ts';
import { jsonFields, tagList } from './json-params.ts';
import {
  COMPARE,
  isStatistic,
  judge,
  valuesOf,
  withPoint,
  type Alarm,
  type Metric,
  type MetricState,
  type Point,
} from './metric-state.ts';
import type { CloudModel } from './model.ts';
import type { Json, Xml } from './protocol.ts';
import { Ec2Error, type CloudState } from './state.ts';

const INVALID = 'InvalidParameterValueException';
const DAY_MS = 86_400_000;
/** Most figures of one call, and dimensions of a metric ("PutMetricData" in the CloudWatch API reference). */
const [MOST_DATA, MOST_DIMENSIONS] = [1_000, 30];

const change = (cloud: CloudModel, step: (metrics: MetricState) => MetricState): void =>
  void cloud.change((state) => ({ ...state, watch: { ...state.watch, metrics: step(state.watch.metrics) } }));

type Pairs = readonly { readonly Name: string; readonly Value: string }[];
const dimensionsIn = (json: Json): Readonly<Record<string, string>> => {
  const pairs = (json['Dimensions'] ?? []) as Pairs;
  if (pairs.length > MOST_DIMENSIONS || pairs.some(({ Name, Value }) => !Name || !Value))
    throw new Ec2Error(INVALID, 'The parameter Dimensions is invalid.');
  return Object.fromEntries(pairs.map(({ Name, Value }) => [Name, Value]));
};

const pointIn = (json: Json, now: number): Point => {
  const fields = jsonFields(json, INVALID);
  const at = json['Timestamp'] === undefined ? now : fields.number('Timestamp') * 1_000;
  if (at < now - 14 * DAY_MS || at > now + DAY_MS / 12)
    throw fields.refuse('The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks.');
  const values = fields.list<number>('Values');
  if (values.length === 0) {
    const value = fields.number('Value');
    return { at, count: 1, sum: value, min: value, max: value };
  }
  const counts = values.map((_, index) => fields.list<number>('Counts')[index] ?? 1);
  return {
    at,
    count: counts.reduce((sum, count) => sum + count, 0),
    sum: values.reduce((sum, value, index) => sum + value * counts[index]!, 0),
    min: Math.min(...values),
    max: Math.max(...values),
  };
};

const metricIn = (json: Json): Metric => {
  const { word } = jsonFields(json, INVALID);
  return { namespace: word('Namespace'), name: word('MetricName'), dimensions: dimensionsIn(json) };
};

const alarmIn = (json: Json, now: number): Alarm => {
  const fields = jsonFields(json, 'ValidationError');
  const comparison = fields.word('ComparisonOperator') as Alarm['comparison'];
  const statistic = fields.word('Statistic');
  const missing = (fields.optional('TreatMissingData') ?? 'missing') as Alarm['missing'];
  if (
    !Object.hasOwn(COMPARE, comparison) ||
    !isStatistic(statistic) ||
    !['breaching', 'notBreaching', 'ignore', 'missing'].includes(missing)
  )
    throw fields.refuse('1 validation error detected: a value is none of its enum.');
  const [period, periods] = [fields.number('Period'), fields.number('EvaluationPeriods')];
  if (![10, 20, 30].includes(period) && (period < 60 || period % 60 !== 0))
    throw fields.refuse('Period must be 10, 20, 30 or a multiple of 60');
  if (period * periods > 7 * 86_400) throw fields.refuse('Metrics cannot be checked across more than 604800 seconds.');
  const breaching = fields.number('DatapointsToAlarm', periods);
  if (breaching > periods) throw fields.refuse('DatapointsToAlarm must be less than or equal to EvaluationPeriods');
  return {
    ...metricIn(json),
    alarm: fields.word('AlarmName'),
    description: fields.optional('AlarmDescription'),
    statistic,
    period,
    periods,
    breaching,
    threshold: fields.number('Threshold'),
    comparison,
    missing,
    unit: fields.optional('Unit'),
    enabled: json['ActionsEnabled'] !== false,
    actions: {
      alarm: fields.list('AlarmActions'),
      ok: fields.list('OKActions'),
      insufficient: fields.list('InsufficientDataActions'),
    },
    tags: fields.tags(),
    changedAt: now,
  };
};

const alarmArn = ({ region, owner }: CloudState, name: string): string =>
  arn(region, 'cloudwatch', owner, `alarm:${name}`);

const alarmJson = (state: CloudState, alarm: Alarm, now: number): Xml => {
  const { value, reason } = judge(state.watch.metrics, alarm, now);
  return {
    AlarmName: alarm.alarm,
    AlarmArn: alarmArn(state, alarm.alarm),
    AlarmDescription: alarm.description,
    ActionsEnabled: alarm.enabled,
    AlarmActions: alarm.actions.alarm,
    OKActions: alarm.actions.ok,
    InsufficientDataActions: alarm.actions.insufficient,
    AlarmConfigurationUpdatedTimestamp: alarm.changedAt / 1_000,
    StateValue: value,
    StateReason: reason,
    StateUpdatedTimestamp: now / 1_000,
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
    Unit: alarm.unit,
  };
};

/** Alarms in one answer, as few as a test needs to meet a second page. */
const PAGE = 10;

interface Query {
  readonly Id: string;
  readonly MetricStat?: { readonly Metric: Json; readonly Period: number; readonly Stat: string };
}

export const METRIC_ACTIONS: Readonly<Record<string, Action>> = {
  PutMetricData: ({ cloud, json }) => {
    const fields = jsonFields(json, INVALID);
    const namespace = fields.word('Namespace');
    const data = fields.list<Json>('MetricData');
    if (/^AWS\//.test(namespace)) throw fields.refuse('The value AWS/ for parameter Namespace is invalid.');
    if (data.length > MOST_DATA)
      throw fields.refuse(`The collection MetricData must not have a size greater than ${MOST_DATA}.`);
    const now = cloud.now();
    const points = data.map((one) => ({
      metric: metricIn({ ...one, Namespace: namespace }),
      point: pointIn(one, now),
    }));
    change(cloud, (metrics) => points.reduce((state, { metric, point }) => withPoint(state, metric, point), metrics));
    return {};
  },
  GetMetricData: ({ cloud, state, json }) => {
    const fields = jsonFields(json, 'ValidationError');
    const [from, to] = [fields.number('StartTime') * 1_000, fields.number('EndTime') * 1_000];
    if (from >= to) throw fields.refuse('The parameter StartTime must be less than the parameter EndTime.');
    return {
      MetricDataResults: fields.list<Query>('MetricDataQueries').map(({ Id, MetricStat }) => {
        if (MetricStat === undefined || !isStatistic(MetricStat.Stat))
          throw fields.refuse('The parameter MetricStat is required.');
        const values = [
          ...valuesOf(
            state.watch.metrics,
            metricIn(MetricStat.Metric),
            MetricStat.Stat,
            MetricStat.Period * 1_000,
            from,
            Math.min(to, cloud.now() + 1),
          ),
        ];
        return {
          Id,
          Label: String(MetricStat.Metric['MetricName']),
          Timestamps: values.map(([at]) => at / 1_000),
          Values: values.map(([, value]) => value),
          StatusCode: 'Complete',
        } as unknown as Xml;
      }),
    };
  },
  PutMetricAlarm: ({ cloud, json }) => {
    const alarm = alarmIn(json, cloud.now());
    change(cloud, (metrics) => {
      const before = metrics.alarms.find((one) => one.alarm === alarm.alarm);
      // Tags are of the creation: of an alarm that is there they are left as they are.
      return {
        ...metrics,
        alarms: [
          ...metrics.alarms.filter((one) => one !== before),
          before === undefined ? alarm : { ...alarm, tags: before.tags },
        ],
      };
    });
    return {};
  },
  DescribeAlarms: ({ cloud, state, json }) => {
    const fields = jsonFields(json, 'ValidationError');
    const names = fields.list<string>('AlarmNames');
    const prefix = fields.optional('AlarmNamePrefix') ?? '';
    const from = Number(fields.optional('NextToken') ?? 0);
    const found = state.watch.metrics.alarms
      .filter(({ alarm }) => (names.length === 0 || names.includes(alarm)) && alarm.startsWith(prefix))
      .sort((a, b) => (a.alarm < b.alarm ? -1 : 1));
    const next = from + PAGE;
    return {
      MetricAlarms: found.slice(from, next).map((alarm) => alarmJson(state, alarm, cloud.now())),
      CompositeAlarms: [],
      ...(next < found.length ? { NextToken: String(next) } : {}),
    };
  },
  DeleteAlarms: ({ cloud, json }) => {
    const names = jsonFields(json, 'ValidationError').list<string>('AlarmNames');
    const missing = names.find((name) => !cloud.stateAt(0).watch.metrics.alarms.some(({ alarm }) => alarm === name));
    if (missing !== undefined) throw new Ec2Error('ResourceNotFound', `Alarm ${missing} does not exist.`, 404);
    change(cloud, (metrics) => ({ ...metrics, alarms: metrics.alarms.filter(({ alarm }) => !names.includes(alarm)) }));
    return {};
  },
  ListTagsForResource: ({ state, json }) => {
    const wanted = jsonFields(json, INVALID).word('ResourceARN');
    const found = state.watch.metrics.alarms.find(({ alarm }) => alarmArn(state, alarm) === wanted);
    if (found === undefined) throw new Ec2Error('ResourceNotFoundException', `${wanted} does not exist.`, 404);
    return { Tags: tagList(found.tags) };
  },
};
