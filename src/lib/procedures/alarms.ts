import type { Aws } from '../core/aws.ts';
import { failure, unlessAbsent } from '../core/errors.ts';
import type { Step } from '../core/procedure.ts';
import { COMPARISONS, conditionOf, type Alarm } from '../domain/alarms.ts';
import type { Site } from '../domain/site.ts';
import { filtersOf, isOurs } from '../domain/tags.ts';
import { alarmRemoval, metricAlarm, type MetricAlarm } from './aws/alarm.ts';
import { account } from './aws/lookups.ts';
import { nameOf } from './aws/names.ts';
import { mailSubscription, snsTopic } from './aws/topic.ts';

/** The topic that is made where none is given. */
const TOPIC = 'alarms';

/** The instance of a gateway, in the slot `instance/NAME`: the site file names it, or "vpn init --apply" made it. */
const gatewayInstance = (site: string, { name, instance }: Site['gateways'][number]): Step => ({
  key: `instance/${name}`,
  title: `instance of ${name}`,
  async read({ aws }) {
    if (instance !== undefined) return { state: 'ready', found: { id: instance, owned: false } };
    const reservations = await aws.all(
      'ec2',
      'DescribeInstances',
      { Filters: filtersOf(site, `instance/${name}`) },
      'Reservations',
    );
    const alive = reservations
      .flatMap(({ Instances = [] }) => Instances)
      .find(({ State }) => State?.Name !== 'terminated' && State?.Name !== 'shutting-down');
    if (alive === undefined)
      throw failure(`${name} has no instance`, {
        field: `gateways.${name}.instance`,
        next: 'give its id in the site file, or make it: hybridctl vpn init --apply',
      });
    return { state: 'ready', found: { id: alive.InstanceId!, owned: false } };
  },
  create: () => [],
});

export interface AlarmWishes {
  /** Of the tags. */
  readonly site: string;
  readonly region: string;
  readonly alarms: readonly Alarm[];
  /** ARNs of topics that are there. */
  readonly topics: readonly string[];
  /** Given, or `ownTopic`: a topic of the site's own is made, and told. */
  readonly mails: readonly string[];
  readonly ownTopic: boolean;
  /** Of the site file; alarms of a set ask for their instances. */
  readonly gateways: Site['gateways'];
}

/** Topic and mailboxes, the instances that alarms are about, then the alarms. */
export const alarmSteps = ({
  site,
  region,
  alarms,
  topics,
  mails,
  ownTopic,
  gateways,
}: AlarmWishes): readonly Step[] => {
  const own = ownTopic || mails.length > 0;
  const slots = new Set(
    alarms
      .flatMap(({ dimensions }) => Object.values(dimensions))
      .flatMap((value) => (typeof value === 'string' ? [] : [value.slot])),
  );
  return [
    ...(own
      ? [
          account(),
          snsTopic(site, { name: TOPIC, topic: nameOf(site, TOPIC), region }),
          ...mails.map((mail) => mailSubscription(TOPIC, mail)),
        ]
      : []),
    ...gateways.filter(({ name }) => slots.has(`instance/${name}`)).map((gateway) => gatewayInstance(site, gateway)),
    ...alarms.map((alarm) => metricAlarm(site, alarm, [...topics, ...(own ? [`topic/${TOPIC}`] : [])], region)),
  ];
};

export interface ListedAlarm {
  readonly name: string;
  readonly state: string;
  /** ISO 8601; null: never judged. */
  readonly since: string | null;
  readonly reason: string;
  readonly namespace: string;
  readonly condition: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly actions: readonly string[];
  readonly enabled: boolean;
}

const listed = (site: string, one: MetricAlarm): ListedAlarm => ({
  name: one.AlarmName!.slice(nameOf(site, '').length),
  state: one.StateValue ?? 'INSUFFICIENT_DATA',
  since: one.StateUpdatedTimestamp?.toISOString() ?? null,
  reason: one.StateReason ?? '',
  namespace: one.Namespace ?? '',
  condition: conditionOf({
    statistic: (one.Statistic ?? 'Average') as Alarm['statistic'],
    metric: one.MetricName ?? '',
    comparison:
      (Object.keys(COMPARISONS) as Alarm['comparison'][]).find(
        (key) => COMPARISONS[key].operator === one.ComparisonOperator,
      ) ?? 'gt',
    threshold: one.Threshold ?? Number.NaN,
    datapoints: one.DatapointsToAlarm ?? one.EvaluationPeriods ?? 1,
    periods: one.EvaluationPeriods ?? 1,
    period: one.Period ?? 60,
  }),
  dimensions: Object.fromEntries((one.Dimensions ?? []).map(({ Name, Value }) => [Name!, Value!])),
  actions: one.AlarmActions ?? [],
  enabled: one.ActionsEnabled ?? true,
});

/** The site's alarms by its tags: the name alone would find those of a site whose name goes on. */
export const listAlarms = async (aws: Aws, site: string): Promise<readonly ListedAlarm[]> => {
  const all = await aws.all(
    'cloudwatch',
    'DescribeAlarms',
    { AlarmNamePrefix: nameOf(site, ''), AlarmTypes: ['MetricAlarm'] },
    'MetricAlarms',
  );
  const ours: ListedAlarm[] = [];
  for (const one of all) {
    const tags = (await unlessAbsent(aws.ask('cloudwatch', 'ListTagsForResource', { ResourceARN: one.AlarmArn! })))
      ?.Tags;
    if (isOurs(tags, site)) ours.push(listed(site, one));
  }
  return ours;
};

/** @param withTopic the site's own topic goes too. */
export const alarmRemovals = (
  site: string,
  region: string,
  names: readonly string[],
  withTopic: boolean,
): readonly Step[] => [
  ...(withTopic ? [account(), snsTopic(site, { name: TOPIC, topic: nameOf(site, TOPIC), region })] : []),
  ...names.map((name) => alarmRemoval(site, name)),
];
