import { api } from '../../core/aws.ts';
import type { ReadContext, Step } from '../../core/procedure.ts';
import { listedTags, mappedTags, tagsOf } from '../../domain/tags.ts';
import { part, resource } from '../kit/resource.ts';

export interface LogGroupOptions {
  /** `flows`: the step is `log-group/flows`; the group's name is in that slot. */
  readonly name: string;
  /** Its name at CloudWatch Logs. */
  readonly group: string;
  /** How long events are kept, in days that the service knows; undefined: for ever. */
  readonly retentionDays?: number;
}

interface Found {
  readonly name: string;
  readonly tags: ReturnType<typeof listedTags>;
}

const described = async ({ aws }: ReadContext, name: string) =>
  (await aws.all('logs', 'DescribeLogGroups', { logGroupNamePrefix: name }, 'logGroups')).find(
    ({ logGroupName }) => logGroupName === name,
  );

const groupNamed = async (context: ReadContext, name: string): Promise<Found | undefined> => {
  const found = await described(context, name);
  if (found === undefined) return undefined;
  const { tags } = await context.aws.ask('logs', 'ListTagsForResource', {
    resourceArn: found.arn!.replace(/:\*$/, ''),
  });
  return { name, tags: listedTags(tags) };
};

/** A log group of CloudWatch Logs and how long it keeps events. It can be adopted by its name. */
export const logGroup = (site: string, { name, group, retentionDays }: LogGroupOptions): readonly Step[] => {
  const key = `log-group/${name}`;
  const whole = resource<Found>(site, {
    key,
    title: `log group ${group}`,
    kind: 'log group',
    name: group,
    cost: 'per GB taken in and stored',
    byId: groupNamed,
    byName: (context) => groupNamed(context, group),
    id: (is) => is.name,
    tags: ({ tags }) => tags,
    create: () => [api('logs', 'CreateLogGroup', { logGroupName: group, tags: mappedTags(tagsOf(site, key)) })],
    delete: (_values, logGroupName) => [api('logs', 'DeleteLogGroup', { logGroupName })],
  });
  if (retentionDays === undefined) return [whole];
  const keep = (logGroupName: string) => [
    api('logs', 'PutRetentionPolicy', { logGroupName, retentionInDays: retentionDays }),
  ];
  const retention = part<{ readonly days: number }>({
    key: `${key}/retention`,
    title: `${group} keeps events for ${retentionDays} days`,
    parent: key,
    lacking: 'tell',
    async read(context) {
      const days = (await described(context, context.values(key)))?.retentionInDays;
      return days === undefined ? undefined : { days };
    },
    id: (_is, values) => values(key),
    diff: ({ days }) =>
      days === retentionDays ? [] : [{ field: 'retention', is: `${days} days`, wanted: `${retentionDays} days` }],
    create: (values) => keep(values(key)),
    update: (values) => keep(values(key)),
  });
  return [whole, retention];
};

export interface SubscriptionOptions {
  /** Of the log group in the slot `log-group/NAME`. */
  readonly group: string;
  /** Name of the filter in its group. */
  readonly filter: string;
  /** As CloudWatch Logs writes patterns; empty: every event. */
  readonly pattern: string;
  /** Slot with the ARN that events are sent to: `function/etl`. */
  readonly destination: string;
  /** What must be there first: the permission of a function. */
  readonly needs?: readonly string[];
}

/** Events of a log group sent on as they come. It goes with the group. */
export const subscriptionFilter = ({ group, filter, pattern, destination, needs = [] }: SubscriptionOptions): Step => {
  const parent = `log-group/${group}`;
  const set = (values: (slot: string) => string) => [
    api('logs', 'PutSubscriptionFilter', {
      logGroupName: values(parent),
      filterName: filter,
      filterPattern: pattern,
      destinationArn: values(destination),
    }),
  ];
  return part<{ readonly destination: string; readonly pattern: string | undefined }>({
    key: `subscription/${group}/${filter}`,
    title: `${filter}: events of ${group} sent on`,
    parent,
    needs: [destination, ...needs],
    async read({ aws, values }) {
      const asked = { logGroupName: values(parent), filterNamePrefix: filter };
      const all = await aws.all('logs', 'DescribeSubscriptionFilters', asked, 'subscriptionFilters');
      const one = all.find(({ filterName }) => filterName === filter);
      return one === undefined ? undefined : { destination: one.destinationArn!, pattern: one.filterPattern };
    },
    id: () => filter,
    diff: (is, values) => [
      ...(is.destination === values(destination)
        ? []
        : [{ field: 'destination', is: is.destination, wanted: values(destination) }]),
      ...(is.pattern === pattern ? [] : [{ field: 'filter pattern' }]),
    ],
    create: set,
    update: set,
    delete: (values) => [api('logs', 'DeleteSubscriptionFilter', { logGroupName: values(parent), filterName: filter })],
  });
};
