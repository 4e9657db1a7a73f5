import * as sdk from '@aws-sdk/client-eventbridge';
import { randomUUID } from 'node:crypto';
import type { PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { AWS_JSON_11 } from '../../codec/json.ts';
import { ApiError } from '../../error.ts';
import type { CloudModel } from '../../model.ts';
import { cloudService, op, type Operations } from '../../service.ts';
import { withoutNamed } from '../../slice.ts';
import type { CloudState } from '../../state.ts';
import { tagList, tagsFrom } from '../../tags.ts';
import { counted } from '../cloudwatch/state.ts';
import { functions, invoke, withFunction } from '../lambda/state.ts';
import { patternProblem } from './event-pattern.ts';
import { deliver, ruleArn, rules, withRule, type Due, type Event, type Rule } from './state.ts';

const INVALID = 'ValidationException';
/** Entries of one PutEvents, and their bytes together ("Quotas" of EventBridge). */
const [MOST_ENTRIES, MOST_BYTES] = [10, 262_144];
const MOST_TARGETS = 5;
const MOST_LOGS = 200;

const missing = (what: string): ApiError => new ApiError('ResourceNotFoundException', what, 400);

const find = (state: CloudState, name: string): Rule => {
  const found = rules.of(state).find((rule) => rule.name === name);
  if (found === undefined) throw missing(`Rule ${name} does not exist on EventBus default.`);
  return found;
};
const put = (cloud: CloudModel, step: (state: CloudState) => Rule): void =>
  void cloud.change((state) => withRule(state, step(state)));

/** What is wrong with an entry, as its own part of the answer says it. */
const problemOf = (
  entry: PutEventsRequestEntry,
): { readonly ErrorCode: string; readonly ErrorMessage: string } | undefined => {
  for (const field of ['Source', 'DetailType', 'Detail'] as const)
    if (entry[field] === undefined || entry[field] === '')
      return {
        ErrorCode: 'InvalidArgument',
        ErrorMessage: `Parameter ${field} is not valid. Reason: ${field} is a required argument.`,
      };
  if (entry.Source!.startsWith('aws.'))
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  try {
    const detail: unknown = JSON.parse(entry.Detail!);
    if (typeof detail === 'object' && detail !== null && !Array.isArray(detail)) return undefined;
  } catch {
    // said below
  }
  return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
};

const eventOf = ({ owner, region }: CloudState, entry: PutEventsRequestEntry, now: number): Event => ({
  version: '0',
  id: randomUUID(),
  'detail-type': entry.DetailType!,
  source: entry.Source!,
  account: owner,
  time: (entry.Time ?? new Date(now)).toISOString().replace(/\.\d+/, ''),
  region,
  resources: entry.Resources ?? [],
  detail: JSON.parse(entry.Detail!) as unknown,
});

/** Functions run beside the answer, as they do at Lambda; what came of it shows up when it is over. */
const call = (cloud: CloudModel, { target, event }: Due): void =>
  void invoke(target, event).then(({ logs, error }) => {
    cloud.change((state) => {
      const now = functions.of(state).find(({ name }) => name === target.name);
      if (now === undefined) return state;
      const written = [...now.logs, ...logs, ...(error === undefined ? [] : [`ERROR ${error}`])].slice(-MOST_LOGS);
      const after = withFunction(state, { ...now, logs: written });
      return error === undefined
        ? after
        : counted(after, 'AWS/Lambda', 'Errors', { FunctionName: target.name }, cloud.now());
    });
  });

const operations = {
  PutRule: op(sdk.PutRule$, ({ Name: name, EventPattern: pattern = '', Description, State, Tags }, cloud) => {
    if (!/^[.\-_A-Za-z0-9]{1,64}$/.test(name))
      throw new ApiError(
        INVALID,
        "Value at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+",
      );
    // Rules by a schedule are not carried out.
    if (pattern === '') throw new ApiError(INVALID, AWS_JSON_11.missing('eventPattern'));
    const wrong = patternProblem(pattern);
    if (wrong !== undefined) throw new ApiError('InvalidEventPatternException', wrong);
    put(cloud, (state) => {
      const before = rules.of(state).find((rule) => rule.name === name);
      return {
        name,
        pattern,
        description: Description ?? '',
        enabled: State !== 'DISABLED',
        tags: before?.tags ?? tagsFrom(Tags),
        targets: before?.targets ?? [],
      };
    });
    return { RuleArn: ruleArn(cloud.state, name) };
  }),
  DescribeRule: op(sdk.DescribeRule$, ({ Name }, { state }) => {
    const { name, pattern, description, enabled } = find(state, Name);
    return {
      Name: name,
      Arn: ruleArn(state, name),
      EventPattern: pattern,
      Description: description,
      State: enabled ? 'ENABLED' : 'DISABLED',
      EventBusName: 'default',
      CreatedBy: state.owner,
    };
  }),
  DeleteRule: op(sdk.DeleteRule$, ({ Name: name }, cloud) => {
    cloud.change((state) => {
      if ((rules.of(state).find((rule) => rule.name === name)?.targets.length ?? 0) > 0)
        throw new ApiError(INVALID, "Rule can't be deleted since it has targets.");
      return rules.put(state, withoutNamed(rules.of(state), name));
    });
    return {};
  }),
  ListTagsForResource: op(sdk.ListTagsForResource$, ({ ResourceARN: wanted }, { state }) => {
    const found = rules.of(state).find(({ name }) => ruleArn(state, name) === wanted);
    if (found === undefined) throw missing(`Rule ${wanted} does not exist on EventBus default.`);
    return { Tags: tagList(found.tags) };
  }),
  PutTargets: op(sdk.PutTargets$, ({ Rule: name, Targets: wanted }, cloud) => {
    put(cloud, (state) => {
      const rule = find(state, name);
      const targets = [
        ...rule.targets.filter(({ id }) => !wanted.some(({ Id }) => Id === id)),
        ...wanted.map(({ Id, Arn }) => ({ id: Id!, arn: Arn! })),
      ];
      if (targets.length > MOST_TARGETS)
        throw new ApiError(
          'LimitExceededException',
          `The requested resource exceeds the maximum number allowed: ${MOST_TARGETS} targets.`,
        );
      return { ...rule, targets };
    });
    return { FailedEntryCount: 0, FailedEntries: [] };
  }),
  ListTargetsByRule: op(sdk.ListTargetsByRule$, ({ Rule: name }, { state }) => ({
    Targets: find(state, name).targets.map(({ id, arn }) => ({ Id: id, Arn: arn })),
  })),
  RemoveTargets: op(sdk.RemoveTargets$, ({ Rule: name, Ids }, cloud) => {
    put(cloud, (state) => {
      const rule = find(state, name);
      return { ...rule, targets: rule.targets.filter(({ id }) => !Ids.includes(id)) };
    });
    return { FailedEntryCount: 0, FailedEntries: [] };
  }),
  PutEvents: op(sdk.PutEvents$, ({ Entries: entries }, cloud) => {
    if (entries.length === 0 || entries.length > MOST_ENTRIES)
      throw new ApiError(
        INVALID,
        `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length less than or equal to ${MOST_ENTRIES}`,
      );
    if (JSON.stringify(entries).length > MOST_BYTES)
      throw new ApiError(INVALID, 'Total size of the entries in the request is over the limit.');
    const answers = entries.map((entry, index) => {
      const problem =
        cloud.partly && index % 2 === 1
          ? { ErrorCode: 'ThrottlingException', ErrorMessage: 'Rate exceeded' }
          : problemOf(entry);
      if (problem !== undefined) return problem;
      const event = eventOf(cloud.state, entry, cloud.now());
      const [, due] = cloud.make((state) => deliver(state, event, cloud.now()));
      due.forEach((one) => call(cloud, one));
      return { EventId: event.id };
    });
    return { FailedEntryCount: answers.filter((answer) => 'ErrorCode' in answer).length, Entries: answers };
  }),
} satisfies Operations<'events'>;

export const service = cloudService('events', {
  protocol: AWS_JSON_11,
  missing: INVALID,
  // EventBridge takes hundreds of batches a second ("Quotas" of EventBridge).
  bucketOf: (operation) => (operation === 'PutEvents' ? { size: 500, perSecond: 150 } : undefined),
  operations,
});
