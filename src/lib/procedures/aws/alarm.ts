import { api, type Input, type Output } from '../../core/aws.ts';
import { unlessAbsent } from '../../core/errors.ts';
import type { Difference, ReadContext, Step, Values } from '../../core/procedure.ts';
import { COMPARISONS, conditionOf, ec2ActionArn, type Alarm } from '../../domain/alarms.ts';
import { tagsOf } from '../../domain/tags.ts';
import { resource } from '../kit/resource.ts';
import { nameOf } from './names.ts';

export type MetricAlarm = NonNullable<Output<'cloudwatch', 'DescribeAlarms'>['MetricAlarms']>[number];
type Put = Input<'cloudwatch', 'PutMetricAlarm'>;

/** @param topics slots or ARNs of topics that are told of the alarm, and of its end. */
const inputOf = (site: string, alarm: Alarm, topics: readonly string[], region: string, values: Values): Put => {
  const told = topics.map((topic) => (topic.startsWith('arn:') ? topic : values(topic)));
  return {
    AlarmName: nameOf(site, alarm.name),
    AlarmDescription: alarm.description,
    Namespace: alarm.namespace,
    MetricName: alarm.metric,
    Dimensions: Object.entries(alarm.dimensions).map(([Name, value]) => ({
      Name,
      Value: typeof value === 'string' ? value : values(value.slot),
    })),
    Statistic: alarm.statistic,
    Period: alarm.period,
    EvaluationPeriods: alarm.periods,
    DatapointsToAlarm: alarm.datapoints,
    Threshold: alarm.threshold,
    ComparisonOperator: COMPARISONS[alarm.comparison].operator,
    TreatMissingData: alarm.missing,
    ActionsEnabled: true,
    AlarmActions: [
      ...(alarm.ec2 === undefined ? [] : [ec2ActionArn(region, alarm.ec2)]),
      ...(alarm.scaling ?? []),
      ...told,
    ],
    OKActions: told,
  };
};

/** What each field is called where it differs. Short values are shown; lists and ARNs are not. */
const FIELDS: Readonly<Partial<Record<keyof Put, string>>> = {
  Namespace: 'metric namespace',
  MetricName: 'metric',
  Dimensions: 'dimensions',
  Statistic: 'statistic',
  Period: 'period',
  EvaluationPeriods: 'periods',
  DatapointsToAlarm: 'datapoints',
  Threshold: 'threshold',
  ComparisonOperator: 'comparison',
  TreatMissingData: 'missing data',
  ActionsEnabled: 'actions enabled',
  AlarmActions: 'actions',
  OKActions: 'actions at its end',
};

/** Order is nothing in lists of dimensions and actions. Where nobody says how many datapoints, it is all periods. */
const normal = (value: unknown): string =>
  Array.isArray(value) ? JSON.stringify(value.map((one) => JSON.stringify(one)).sort()) : JSON.stringify(value);

const differencesOf = (is: MetricAlarm, wanted: Put): readonly Difference[] => {
  const shown: Readonly<Record<string, unknown>> = {
    ...is,
    DatapointsToAlarm: is.DatapointsToAlarm ?? is.EvaluationPeriods,
    TreatMissingData: is.TreatMissingData ?? 'missing',
    AlarmActions: is.AlarmActions ?? [],
    OKActions: is.OKActions ?? [],
  };
  return Object.entries(FIELDS).flatMap(([name, field]) => {
    const [has, should] = [shown[name], wanted[name as keyof Put]];
    if (normal(has) === normal(should)) return [];
    return typeof should === 'object' ? [{ field }] : [{ field, is: String(has ?? 'nothing'), wanted: String(should) }];
  });
};

type Found = MetricAlarm & { readonly tags: Output<'cloudwatch', 'ListTagsForResource'>['Tags'] };

const alarmNamed = async ({ aws }: ReadContext, AlarmName: string): Promise<Found | undefined> => {
  const asked = { AlarmNames: [AlarmName], AlarmTypes: ['MetricAlarm' as const] };
  const [found] = (await aws.ask('cloudwatch', 'DescribeAlarms', asked)).MetricAlarms ?? [];
  if (found === undefined) return undefined;
  const answer = await unlessAbsent(aws.ask('cloudwatch', 'ListTagsForResource', { ResourceARN: found.AlarmArn! }));
  return { ...found, tags: answer?.Tags };
};

/** An alarm, named `hybridctl-SITE-NAME`. */
export const metricAlarm = (site: string, alarm: Alarm, topics: readonly string[], region: string): Step => {
  const key = `alarm/${alarm.name}`;
  const AlarmName = nameOf(site, alarm.name);
  const slots = [
    ...Object.values(alarm.dimensions).flatMap((value) => (typeof value === 'string' ? [] : [value.slot])),
    ...topics.filter((topic) => !topic.startsWith('arn:')),
  ];
  return resource<Found>(site, {
    key,
    title: `alarm ${alarm.name}: ${conditionOf(alarm)}`,
    cost: 'an alarm, and its metric where it is a custom one',
    kind: 'alarm',
    byId: alarmNamed,
    byName: (context) => alarmNamed(context, AlarmName),
    id: (is) => is.AlarmName!,
    tags: ({ tags }) => tags,
    diff: (is, values) =>
      slots.every((slot) => values.has(slot)) ? differencesOf(is, inputOf(site, alarm, topics, region, values)) : [],
    create: (values) => [
      api('cloudwatch', 'PutMetricAlarm', { ...inputOf(site, alarm, topics, region, values), Tags: tagsOf(site, key) }),
    ],
    // Tags go only with a creation.
    update: (values) => [api('cloudwatch', 'PutMetricAlarm', inputOf(site, alarm, topics, region, values))],
    delete: (_values, id) => [api('cloudwatch', 'DeleteAlarms', { AlarmNames: [id] })],
  });
};

/** The removal of an alarm needs no more than its name. */
export const alarmRemoval = (site: string, name: string): Step =>
  metricAlarm(
    site,
    {
      name,
      description: '',
      namespace: '',
      metric: '',
      dimensions: { gone: { slot: 'nothing' } },
      statistic: 'Sum',
      period: 60,
      periods: 1,
      datapoints: 1,
      threshold: 0,
      comparison: 'gt',
      missing: 'missing',
    },
    [],
    '',
  );
