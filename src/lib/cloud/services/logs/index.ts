import * as sdk from '@aws-sdk/client-cloudwatch-logs';
import { partitionOf, servicePrincipal } from '../../../domain/partition.ts';
import { AWS_JSON_11 } from '../../codec/json.ts';
import { ApiError } from '../../error.ts';
import type { CloudModel } from '../../model.ts';
import { cloudService, op, type Operations } from '../../service.ts';
import { withNamed, withoutNamed } from '../../slice.ts';
import type { CloudState } from '../../state.ts';
import { allowsService } from '../events/resource-policy.ts';
import { functionArn, functions } from '../lambda/state.ts';
import { logGroupArn, logGroups, withGroup, type LogGroup } from './state.ts';

/** Days that PutRetentionPolicy takes, as its reference lists them. */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
/** "CloudWatch Logs quotas": subscription filters of a log group, and log groups in one answer. */
const MOST_FILTERS = 2;
const PAGE = 50;

const invalid = (message: string): ApiError => new ApiError('InvalidParameterException', message);
const absent = (what: string): ApiError =>
  new ApiError('ResourceNotFoundException', `The specified ${what} does not exist.`);

const find = (state: CloudState, name: string | undefined): LogGroup => {
  const found = logGroups.of(state).find((group) => group.name === name);
  if (found === undefined) throw absent('log group');
  return found;
};

const change = (
  cloud: CloudModel,
  name: string | undefined,
  step: (group: LogGroup) => LogGroup,
): Record<string, never> => {
  cloud.change((state) => withGroup(state, step(find(state, name))));
  return {};
};

/** CloudWatch Logs sends a test message first, and refuses a destination that does not take it. */
const checkDestination = (state: CloudState, group: string, destination: string, role: string | undefined): void => {
  const [head, partition, service] = destination.split(':');
  if (head !== 'arn' || partition !== partitionOf(state.region).id)
    throw invalid('PutSubscriptionFilter operation cannot work with destinationArn for vendor');
  if (service !== 'lambda') {
    if (role === undefined) throw invalid('destinationArn for vendor kinesis or firehose needs a roleArn');
    return;
  }
  const target = functions.of(state).find(({ name }) => functionArn(state, name) === destination);
  const allowed = allowsService(target === undefined ? undefined : JSON.stringify({ Statement: target.permissions }), {
    service: servicePrincipal('logs', state.region),
    action: 'lambda:InvokeFunction',
    resource: destination,
    source: `${logGroupArn(state, group)}:*`,
  });
  if (!allowed)
    throw invalid(
      'Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function.',
    );
};

const operations = {
  CreateLogGroup: op(sdk.CreateLogGroup$, ({ logGroupName: name, tags = {} }, cloud) => {
    if (!/^[\w./#-]{1,512}$/.test(name)) throw invalid('Value at logGroupName failed to satisfy constraint');
    if (logGroups.of(cloud.state).some((group) => group.name === name))
      throw new ApiError('ResourceAlreadyExistsException', 'The specified log group already exists');
    cloud.change((state) =>
      withGroup(state, { name, tags, createdAt: cloud.now(), retentionDays: undefined, filters: [] }),
    );
    return {};
  }),
  DescribeLogGroups: op(
    sdk.DescribeLogGroups$,
    ({ logGroupNamePrefix: prefix = '', limit = PAGE, nextToken }, { state }) => {
      const all = logGroups
        .of(state)
        .filter(({ name }) => name.startsWith(prefix))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const from = nextToken === undefined ? 0 : all.findIndex(({ name }) => name > nextToken);
      const page = from === -1 ? [] : all.slice(from, from + limit);
      const last = page.at(-1);
      return {
        logGroups: page.map(({ name, createdAt, retentionDays, filters: _filters }) => ({
          logGroupName: name,
          creationTime: createdAt,
          arn: `${logGroupArn(state, name)}:*`,
          logGroupArn: logGroupArn(state, name),
          storedBytes: 0,
          metricFilterCount: 0,
          ...(retentionDays === undefined ? {} : { retentionInDays: retentionDays }),
        })),
        ...(last === undefined || last === all.at(-1) ? {} : { nextToken: last.name }),
      };
    },
  ),
  DeleteLogGroup: op(sdk.DeleteLogGroup$, ({ logGroupName: name }, cloud) => {
    find(cloud.state, name);
    cloud.change((state) => logGroups.put(state, withoutNamed(logGroups.of(state), name)));
    return {};
  }),
  ListTagsForResource: op(sdk.ListTagsForResource$, ({ resourceArn }, { state }) => {
    const found = logGroups.of(state).find(({ name }) => logGroupArn(state, name) === resourceArn);
    if (found === undefined) throw absent('resource');
    return { tags: found.tags };
  }),
  PutRetentionPolicy: op(sdk.PutRetentionPolicy$, ({ logGroupName, retentionInDays: retentionDays }, cloud) => {
    if (!RETENTION_DAYS.includes(retentionDays))
      throw invalid(`Value ${retentionDays} at retentionInDays failed to satisfy constraint`);
    return change(cloud, logGroupName, (group) => ({ ...group, retentionDays }));
  }),
  DeleteRetentionPolicy: op(sdk.DeleteRetentionPolicy$, ({ logGroupName }, cloud) => {
    return change(cloud, logGroupName, (group) => ({ ...group, retentionDays: undefined }));
  }),
  PutSubscriptionFilter: op(
    sdk.PutSubscriptionFilter$,
    (
      {
        logGroupName,
        filterName: name,
        filterPattern: pattern,
        destinationArn: destination,
        roleArn: role,
        distribution,
      },
      cloud,
    ) => {
      const { filters } = find(cloud.state, logGroupName);
      if (filters.length >= MOST_FILTERS && !filters.some((filter) => filter.name === name))
        throw new ApiError('LimitExceededException', 'Resource limit exceeded.');
      checkDestination(cloud.state, logGroupName, destination, role);
      const filter = {
        name,
        pattern,
        destination,
        role,
        distribution: distribution ?? 'ByLogStream',
        createdAt: cloud.now(),
      };
      return change(cloud, logGroupName, (group) => ({ ...group, filters: withNamed(group.filters, filter) }));
    },
  ),
  DescribeSubscriptionFilters: op(
    sdk.DescribeSubscriptionFilters$,
    ({ logGroupName, filterNamePrefix: prefix = '' }, { state }) => {
      return {
        subscriptionFilters: find(state, logGroupName)
          .filters.filter(({ name }) => name.startsWith(prefix))
          .map(({ name, pattern, destination, role, distribution, createdAt }) => ({
            filterName: name,
            logGroupName,
            filterPattern: pattern,
            destinationArn: destination,
            distribution,
            creationTime: createdAt,
            ...(role === undefined ? {} : { roleArn: role }),
          })),
      };
    },
  ),
  DeleteSubscriptionFilter: op(sdk.DeleteSubscriptionFilter$, ({ logGroupName, filterName }, cloud) => {
    if (!find(cloud.state, logGroupName).filters.some(({ name }) => name === filterName))
      throw absent('subscription filter');
    return change(cloud, logGroupName, (group) => ({ ...group, filters: withoutNamed(group.filters, filterName) }));
  }),
} satisfies Operations<'logs'>;

export const service = cloudService('logs', {
  protocol: AWS_JSON_11,
  missing: 'InvalidParameterException',
  // Every event.
  mayBeEmpty: ['filterPattern'],
  operations,
});
