import * as sdk from '@aws-sdk/client-cloudformation';
import type { Parameter, ResourceStatus, Stack, StackStatus } from '@aws-sdk/client-cloudformation';
import { arn } from '../../../domain/partition.ts';
import { awsQuery } from '../../codec/query.ts';
import { ApiError } from '../../error.ts';
import type { CloudModel } from '../../model.ts';
import { cloudService, op, type Operations } from '../../service.ts';
import { fresh, type CloudState } from '../../state.ts';
import { tagList, tagsFrom } from '../../tags.ts';
import { iam } from '../iam/state.ts';
import {
  cfn,
  historyOf,
  statusOf,
  STEP_MS,
  type CfnState,
  type ChangeSetRecord,
  type Operation,
  type StackEvent,
  type StackRecord,
} from './state.ts';
import { changesOf, invalid, physicalId, planOf, type Plan } from './template.ts';

const change = (cloud: CloudModel, step: (own: CfnState, state: CloudState) => CfnState): void =>
  void cloud.change((state) => cfn.put(state, step(cfn.of(state), state)));
const put = (own: CfnState, stack: StackRecord): CfnState => ({
  ...own,
  stacks: [...own.stacks.filter(({ id }) => id !== stack.id), stack],
});

/** By id also when it is gone; by name only what is there. */
const find = (state: CloudState, which: string, now: number): StackRecord => {
  const { stacks } = cfn.of(state);
  const found =
    stacks.find(({ id }) => id === which) ??
    stacks.find((stack) => stack.name === which && statusOf(stack, now).status !== 'DELETE_COMPLETE');
  if (found === undefined) throw invalid(`Stack with id ${which} does not exist`);
  return found;
};
const changeSet = (state: CloudState, which: string): ChangeSetRecord => {
  const found = cfn.of(state).changeSets.find(({ id, name }) => id === which || name === which);
  if (found === undefined) throw new ApiError('ChangeSetNotFound', `ChangeSet [${which}] does not exist`, 404);
  return found;
};

/** What EC2 would refuse: an instance with a key pair that is not there. */
const failureIn = ({ keyPairs }: CloudState, plan: Plan, names: readonly string[]): Operation['fails'] => {
  const keyOf = (name: string): unknown =>
    (plan.resources.get(name)?.properties as { KeyName?: unknown } | undefined)?.KeyName;
  const name = names.find((one) => keyOf(one) !== undefined && !keyPairs.some((pair) => pair.name === keyOf(one)));
  return name === undefined ? undefined : { name, why: `The key pair '${String(keyOf(name))}' does not exist` };
};

/** What IAM would refuse: a role that somebody gave a policy of their own. */
const keptIn = (state: CloudState, stack: string, plan: Plan | undefined): Operation['fails'] => {
  const name = [...(plan?.resources ?? [])].find(
    ([logical, { type }]) =>
      type === 'AWS::IAM::Role' &&
      iam
        .of(state)
        .roles.some((role) => role.name === physicalId(stack, logical, type) && Object.keys(role.policies).length > 0),
  )?.[0];
  return name === undefined ? undefined : { name, why: 'Cannot delete entity, must delete policies first.' };
};

const stackOf = (stack: StackRecord, now: number): Stack => {
  const { status, why } = statusOf(stack, now);
  const made = status === 'CREATE_COMPLETE' || status === 'UPDATE_COMPLETE';
  return {
    StackId: stack.id,
    StackName: stack.name,
    StackStatus: status as StackStatus,
    StackStatusReason: why,
    CreationTime: new Date(stack.operations[0]?.at ?? now),
    Parameters: Object.entries(stack.plan?.parameters ?? {}).map(([ParameterKey, ParameterValue]) => ({
      ParameterKey,
      ParameterValue,
    })),
    Outputs: made
      ? Object.entries(stack.plan!.outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }))
      : [],
    Tags: tagList(stack.tags),
  };
};

/** One line of a stack's history, as events and resources show it. */
const lineOf = (stack: StackRecord, { at, name, physical, type, status, why }: StackEvent) => ({
  StackId: stack.id,
  StackName: stack.name,
  LogicalResourceId: name,
  PhysicalResourceId: physical,
  ResourceType: type,
  ResourceStatus: status as ResourceStatus,
  ResourceStatusReason: why,
  Timestamp: new Date(at),
});

const parametersIn = (list: readonly Parameter[] | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries((list ?? []).map(({ ParameterKey = '', ParameterValue = '' }) => [ParameterKey, ParameterValue]));

const templateIn = (body: string | undefined): string => {
  if (body === undefined || body === '')
    throw new ApiError('MissingParameter', 'The request must contain the parameter TemplateBody');
  return body;
};

/** Events come in pages, the newest first. */
const PAGE = 20;

const operations = {
  ValidateTemplate: op(sdk.ValidateTemplate$, ({ TemplateBody }, { state }) => {
    planOf(templateIn(TemplateBody), {}, 'validated', state);
    return { Parameters: [] };
  }),
  CreateChangeSet: op(sdk.CreateChangeSet$, (input, cloud) => {
    const { StackName, ChangeSetName, ChangeSetType, Capabilities = [] } = input;
    const template = templateIn(input.TemplateBody);
    const [, result] = cloud.make((state) => {
      const now = cloud.now();
      const creates = ChangeSetType === 'CREATE';
      const { stacks, changeSets } = cfn.of(state);
      const there = stacks.find(
        (stack) => stack.name === StackName && statusOf(stack, now).status !== 'DELETE_COMPLETE',
      );
      if (creates && there !== undefined && there.plan !== undefined)
        throw invalid(
          `Stack [${StackName}] already exists and cannot be created again with the changeSet [${ChangeSetName}].`,
        );
      if (there !== undefined && changeSets.some(({ stack, name }) => stack === there.id && name === ChangeSetName))
        throw new ApiError('AlreadyExistsException', `ChangeSet ${ChangeSetName} already exists`);
      if (/"AWS::IAM::/.test(template) && Capabilities.length === 0)
        throw new ApiError('InsufficientCapabilitiesException', 'Requires capabilities : [CAPABILITY_IAM]');
      const [serial, next] = fresh(state, 'stack');
      const tags = tagsFrom(input.Tags);
      const stack = creates
        ? (there ?? {
            id: arn(state.region, 'cloudformation', state.owner, `stack/${StackName}/${serial}`),
            name: StackName,
            tags,
            template: '',
            plan: undefined,
            operations: [],
          })
        : find(state, StackName, now);
      if (!creates && /IN_PROGRESS$|^ROLLBACK_COMPLETE$|^DELETE_FAILED$/.test(statusOf(stack, now).status))
        throw invalid(`Stack:${stack.id} is in ${statusOf(stack, now).status} state and can not be updated.`);
      const plan = planOf(template, parametersIn(input.Parameters), stack.id, state);
      const made: ChangeSetRecord = {
        at: now,
        id: arn(state.region, 'cloudformation', state.owner, `changeSet/${ChangeSetName}/${serial}`),
        name: ChangeSetName,
        stack: stack.id,
        template,
        plan,
        tags,
        changes: changesOf(stack.plan, plan),
      };
      return [
        cfn.put(next, put({ stacks, changeSets: [...changeSets, made] }, stack)),
        { Id: made.id, StackId: stack.id },
      ];
    });
    return result;
  }),
  DescribeChangeSet: op(sdk.DescribeChangeSet$, ({ ChangeSetName }, { now, state }) => {
    const { at, id, name, stack, changes } = changeSet(state, ChangeSetName);
    const known = { ChangeSetId: id, ChangeSetName: name, StackId: stack };
    if (now() - at < STEP_MS) return { ...known, Status: 'CREATE_IN_PROGRESS', Changes: [] };
    const empty = changes.length === 0;
    return {
      ...known,
      Status: empty ? 'FAILED' : 'CREATE_COMPLETE',
      ...(empty
        ? {
            StatusReason:
              "The submitted information didn't contain changes. Submit different information to create a change set.",
          }
        : {}),
      Changes: changes.map(({ action, name: LogicalResourceId, type }) => ({
        Type: 'Resource' as const,
        ResourceChange: {
          Action: action,
          LogicalResourceId,
          ResourceType: type,
          ...(action === 'Modify' ? { Replacement: 'Conditional' as const } : {}),
        },
      })),
    };
  }),
  ExecuteChangeSet: op(sdk.ExecuteChangeSet$, ({ ChangeSetName, DisableRollback }, cloud) => {
    change(cloud, (own, state) => {
      const { id, stack: of, plan, template, changes } = changeSet(state, ChangeSetName);
      if (changes.length === 0)
        throw new ApiError(
          'InvalidChangeSetStatus',
          `ChangeSet [${id}] cannot be executed in its current status of [FAILED]`,
        );
      const stack = find(state, of, cloud.now());
      const names = changes.map(({ name }) => name);
      const operation: Operation = {
        verb: stack.plan === undefined ? 'CREATE' : 'UPDATE',
        at: cloud.now(),
        resources: names,
        fails: failureIn(state, plan, names),
        rollback: DisableRollback !== true,
      };
      return put(
        { ...own, changeSets: own.changeSets.filter((other) => other.stack !== of) },
        { ...stack, plan, template, operations: [...stack.operations, operation] },
      );
    });
    return {};
  }),
  DeleteChangeSet: op(sdk.DeleteChangeSet$, ({ ChangeSetName }, cloud) => {
    change(cloud, (own, state) => {
      const gone = changeSet(state, ChangeSetName);
      return { ...own, changeSets: own.changeSets.filter((other) => other !== gone) };
    });
    return {};
  }),
  DescribeStacks: op(sdk.DescribeStacks$, ({ StackName: which }, cloud) => {
    const now = cloud.now();
    const found = which === undefined ? cfn.of(cloud.state).stacks : [find(cloud.state, which, now)];
    return { Stacks: found.map((stack) => stackOf(stack, now)) };
  }),
  DescribeStackEvents: op(sdk.DescribeStackEvents$, ({ StackName, NextToken }, { now, state }) => {
    const stack = find(state, StackName, now());
    const events = [...historyOf(stack, now())].reverse();
    const from = Number(NextToken ?? 0);
    return {
      StackEvents: events.slice(from, from + PAGE).map((event) => ({ ...lineOf(stack, event), EventId: event.id })),
      ...(from + PAGE < events.length ? { NextToken: String(from + PAGE) } : {}),
    };
  }),
  DescribeStackResources: op(sdk.DescribeStackResources$, ({ StackName = '' }, { now, state }) => {
    const stack = find(state, StackName, now());
    const last = new Map(
      historyOf(stack, now())
        .filter(({ name }) => name !== stack.name)
        .map((event) => [event.name, event]),
    );
    return { StackResources: [...last.values()].map((event) => lineOf(stack, event)) };
  }),
  GetTemplate: op(sdk.GetTemplate$, ({ StackName = '' }, { now, state }) => ({
    TemplateBody: find(state, StackName, now()).template,
  })),
  DeleteStack: op(sdk.DeleteStack$, ({ StackName: which }, cloud) => {
    change(cloud, (own, state) => {
      const now = cloud.now();
      const stack = own.stacks.find(({ id, name }) => id === which || name === which);
      if (stack === undefined || /^DELETE_(IN_PROGRESS|COMPLETE)$/.test(statusOf(stack, now).status)) return own;
      const resources = [...(stack.plan?.resources.keys() ?? [])].reverse();
      return put(
        { ...own, changeSets: own.changeSets.filter((other) => other.stack !== stack.id) },
        {
          ...stack,
          operations: [
            ...stack.operations,
            { verb: 'DELETE', at: now, resources, fails: keptIn(state, stack.id, stack.plan), rollback: false },
          ],
        },
      );
    });
    return {};
  }),
} satisfies Operations<'cloudformation'>;

export const service = cloudService('cloudformation', {
  protocol: awsQuery('http://cloudformation.amazonaws.com/doc/2010-05-15/'),
  operations,
});
