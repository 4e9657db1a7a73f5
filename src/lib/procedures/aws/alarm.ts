import { api, type Input, type Output } from '../../core/aws.ts';
import type { Step, Values } from '../../core/procedure.ts';
import { COMPARISONS, conditionOf, ec2ActionArn, type Alarm } from '../../domain/alarms.ts';
import { isOurs, tagsOf } from '../../domain/tags.ts';
import { nameOf, refuseForeign, unlessNone } from './names.ts';

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

const LABEL: Readonly<Partial<Record<keyof Put, string>>> = {
  Namespace: 'metric',
  MetricName: 'metric',
  Dimensions: 'dimensions',
  Statistic: 'statistic',
  Period: 'period',
  EvaluationPeriods: 'periods',
  DatapointsToAlarm: 'datapoints',
  Threshold: 'threshold',
  ComparisonOperator: 'comparison',
  TreatMissingData: 'missing data',
  ActionsEnabled: 'actions are switched off',
  AlarmActions: 'actions',
  OKActions: 'actions of its end',
};

/** Order is nothing in lists of dimensions and actions. Where nobody says how many datapoints, it is all periods. */
const normal = (value: unknown): string =>
  Array.isArray(value) ? JSON.stringify(value.map((one) => JSON.stringify(one)).sort()) : JSON.stringify(value);

const differencesOf = (there: MetricAlarm, wanted: Put): readonly string[] => {
  const shown = {
    ...there,
    DatapointsToAlarm: there.DatapointsToAlarm ?? there.EvaluationPeriods,
    TreatMissingData: there.TreatMissingData ?? 'missing',
  };
  return (Object.keys(LABEL) as (keyof Put)[]).flatMap((field) =>
    normal((shown as Readonly<Record<string, unknown>>)[field] ?? (field.endsWith('Actions') ? [] : undefined)) ===
    normal(wanted[field])
      ? []
      : [`${LABEL[field]!}`],
  );
};

/** An alarm, named `hybridctl-SITE-NAME`. */
export const metricAlarm = (site: string, alarm: Alarm, topics: readonly string[], region: string): Step => {
  const key = `alarm/${alarm.name}`;
  const AlarmName = nameOf(site, alarm.name);
  const slots = [
    ...Object.values(alarm.dimensions).flatMap((value) => (typeof value === 'string' ? [] : [value.slot])),
    ...topics.filter((topic) => !topic.startsWith('arn:')),
  ];
  return {
    key,
    title: `alarm ${alarm.name}: ${conditionOf(alarm)}`,
    cost: 'an alarm, and its metric where it is a custom one',
    async read({ aws, values }) {
      const [there] =
        (await aws.ask('cloudwatch', 'DescribeAlarms', { AlarmNames: [AlarmName], AlarmTypes: ['MetricAlarm'] }))
          .MetricAlarms ?? [];
      if (there === undefined) return { state: 'absent' };
      const tags = (
        await unlessNone(
          aws.ask('cloudwatch', 'ListTagsForResource', { ResourceARN: there.AlarmArn! }),
          /^ResourceNotFound/,
        )
      )?.Tags;
      refuseForeign('an alarm', AlarmName, tags, site, key);
      const found = { id: AlarmName, owned: isOurs(tags, site, key) };
      const differences = slots.every((slot) => values.has(slot))
        ? differencesOf(there, inputOf(site, alarm, topics, region, values))
        : [];
      return differences.length === 0
        ? { state: 'ready', found }
        : {
            state: 'differs',
            found,
            differences: [...new Set(differences)].map((what) => (what.includes(' are ') ? what : `its ${what}`)),
          };
    },
    create: (values) => [
      api('cloudwatch', 'PutMetricAlarm', { ...inputOf(site, alarm, topics, region, values), Tags: tagsOf(site, key) }),
    ],
    // Tags go only with a creation.
    update: (values) => [api('cloudwatch', 'PutMetricAlarm', inputOf(site, alarm, topics, region, values))],
    delete: (_values, id) => [api('cloudwatch', 'DeleteAlarms', { AlarmNames: [id] })],
  };
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
