import { randomUUID } from 'node:crypto';
import type { Action } from './actions.ts';
import { patternProblem } from './event-pattern.ts';
import { invoke } from './function-state.ts';
import { jsonFields, tagList } from './json-params.ts';
import { counted } from './metric-state.ts';
import type { CloudModel } from './model.ts';
import type { Json, Xml } from './protocol.ts';
import { deliver, ruleArn, type Due, type Event, type Rule } from './rule-state.ts';
import { Ec2Error, type CloudState } from './state.ts';
import { withNamed, withoutNamed } from './watch-state.ts';

const INVALID = 'ValidationException';
/** Entries of one PutEvents, and their bytes together ("Quotas" of EventBridge). */
const [MOST_ENTRIES, MOST_BYTES] = [10, 262_144];
const MOST_TARGETS = 5;
const MOST_LOGS = 200;

const missing = (what: string): Ec2Error => new Ec2Error('ResourceNotFoundException', what, 400);

const find = ({ watch }: CloudState, name: string): Rule => {
  const found = watch.rules.find((rule) => rule.name === name);
  if (found === undefined) throw missing(`Rule ${name} does not exist on EventBus default.`);
  return found;
};
const put = (cloud: CloudModel, step: (state: CloudState) => Rule): void =>
  void cloud.change((state) => ({
    ...state,
    watch: { ...state.watch, rules: withNamed(state.watch.rules, step(state)) },
  }));

const ruleJson = (state: CloudState, { name, pattern, description, enabled }: Rule): Xml => ({
  Name: name,
  Arn: ruleArn(state, name),
  EventPattern: pattern,
  Description: description,
  State: enabled ? 'ENABLED' : 'DISABLED',
  EventBusName: 'default',
  CreatedBy: state.owner,
});

/** What is wrong with an entry, as its own part of the answer says it. */
const problemOf = (entry: Json): { readonly ErrorCode: string; readonly ErrorMessage: string } | undefined => {
  for (const field of ['Source', 'DetailType', 'Detail'])
    if (typeof entry[field] !== 'string' || entry[field] === '')
      return {
        ErrorCode: 'InvalidArgument',
        ErrorMessage: `Parameter ${field} is not valid. Reason: ${field} is a required argument.`,
      };
  if (/^aws\./.test(entry['Source'] as string))
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  try {
    const detail: unknown = JSON.parse(entry['Detail'] as string);
    if (typeof detail === 'object' && detail !== null && !Array.isArray(detail)) return undefined;
  } catch {
    // said below
  }
  return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
};

const eventOf = ({ owner, region }: CloudState, entry: Json, now: number): Event => ({
  version: '0',
  id: randomUUID(),
  'detail-type': entry['DetailType'] as string,
  source: entry['Source'] as string,
  account: owner,
  time: new Date(typeof entry['Time'] === 'number' ? entry['Time'] * 1_000 : now).toISOString().replace(/\.\d+/, ''),
  region,
  resources: (entry['Resources'] ?? []) as readonly string[],
  detail: JSON.parse(entry['Detail'] as string) as unknown,
});

/** Functions run beside the answer, as they do at Lambda; what came of it shows up when it is over. */
const call = (cloud: CloudModel, { target, event }: Due): void =>
  void invoke(target, event).then(({ logs, error }) => {
    cloud.change((state) => {
      const now = state.watch.functions.find(({ name }) => name === target.name);
      if (now === undefined) return state;
      const told = [...now.logs, ...logs, ...(error === undefined ? [] : [`ERROR ${error}`])].slice(-MOST_LOGS);
      const metrics =
        error === undefined
          ? state.watch.metrics
          : counted(state.watch.metrics, 'AWS/Lambda', 'Errors', { FunctionName: target.name }, cloud.now());
      return {
        ...state,
        watch: { ...state.watch, metrics, functions: withNamed(state.watch.functions, { ...now, logs: told }) },
      };
    });
  });

export const EVENTS_ACTIONS: Readonly<Record<string, Action>> = {
  PutRule: ({ cloud, json }) => {
    const fields = jsonFields(json, INVALID);
    const name = fields.word('Name');
    if (!/^[.\-_A-Za-z0-9]{1,64}$/.test(name))
      throw fields.refuse(
        "Value at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+",
      );
    const pattern = fields.word('EventPattern');
    const wrong = patternProblem(pattern);
    if (wrong !== undefined) throw new Ec2Error('InvalidEventPatternException', wrong);
    put(cloud, ({ watch }) => {
      const before = watch.rules.find((rule) => rule.name === name);
      return {
        name,
        pattern,
        description: fields.optional('Description') ?? '',
        enabled: json['State'] !== 'DISABLED',
        tags: before?.tags ?? fields.tags(),
        targets: before?.targets ?? [],
      };
    });
    return { RuleArn: ruleArn(cloud.stateAt(0), name) };
  },
  DescribeRule: ({ state, json }) => ruleJson(state, find(state, jsonFields(json, INVALID).word('Name'))),
  DeleteRule: ({ cloud, json }) => {
    const name = jsonFields(json, INVALID).word('Name');
    cloud.change((state) => {
      if ((state.watch.rules.find((rule) => rule.name === name)?.targets.length ?? 0) > 0)
        throw new Ec2Error(INVALID, "Rule can't be deleted since it has targets.");
      return { ...state, watch: { ...state.watch, rules: withoutNamed(state.watch.rules, name) } };
    });
    return {};
  },
  ListTagsForResource: ({ state, json }) => {
    const wanted = jsonFields(json, INVALID).word('ResourceARN');
    const found = state.watch.rules.find(({ name }) => ruleArn(state, name) === wanted);
    if (found === undefined) throw missing(`Rule ${wanted} does not exist on EventBus default.`);
    return { Tags: tagList(found.tags) };
  },
  PutTargets: ({ cloud, json }) => {
    const fields = jsonFields(json, INVALID);
    const wanted = fields.list<{ Id: string; Arn: string }>('Targets');
    put(cloud, (state) => {
      const rule = find(state, fields.word('Rule'));
      const targets = [
        ...rule.targets.filter(({ id }) => !wanted.some(({ Id }) => Id === id)),
        ...wanted.map(({ Id, Arn }) => ({ id: Id, arn: Arn })),
      ];
      if (targets.length > MOST_TARGETS)
        throw new Ec2Error(
          'LimitExceededException',
          `The requested resource exceeds the maximum number allowed: ${MOST_TARGETS} targets.`,
        );
      return { ...rule, targets };
    });
    return { FailedEntryCount: 0, FailedEntries: [] };
  },
  ListTargetsByRule: ({ state, json }) => ({
    Targets: find(state, jsonFields(json, INVALID).word('Rule')).targets.map(({ id, arn }) => ({ Id: id, Arn: arn })),
  }),
  RemoveTargets: ({ cloud, json }) => {
    const fields = jsonFields(json, INVALID);
    const ids = fields.list<string>('Ids');
    put(cloud, (state) => {
      const rule = find(state, fields.word('Rule'));
      return { ...rule, targets: rule.targets.filter(({ id }) => !ids.includes(id)) };
    });
    return { FailedEntryCount: 0, FailedEntries: [] };
  },
  PutEvents: ({ cloud, json, partly }) => {
    const entries = jsonFields(json, INVALID).list<Json>('Entries');
    if (entries.length === 0 || entries.length > MOST_ENTRIES)
      throw new Ec2Error(
        INVALID,
        `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length less than or equal to ${MOST_ENTRIES}`,
      );
    if (JSON.stringify(entries).length > MOST_BYTES)
      throw new Ec2Error(INVALID, 'Total size of the entries in the request is over the limit.');
    const answers = entries.map((entry, index): Xml => {
      const problem =
        partly && index % 2 === 1
          ? { ErrorCode: 'ThrottlingException', ErrorMessage: 'Rate exceeded' }
          : problemOf(entry);
      if (problem !== undefined) return problem;
      const event = eventOf(cloud.stateAt(0), entry, cloud.now());
      const [, due] = cloud.make((state) => {
        const [watch, calls] = deliver(state, event, cloud.now());
        return [{ ...state, watch }, calls] as const;
      });
      due.forEach((one) => call(cloud, one));
      return { EventId: event.id };
    });
    return { FailedEntryCount: answers.filter((answer) => 'ErrorCode' in answer).length, Entries: answers };
  },
};
