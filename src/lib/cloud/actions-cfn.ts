import { arn } from '../domain/partition.ts';
import type { Action } from './actions.ts';
import {
  historyOf,
  statusOf,
  STEP_MS,
  type CfnState,
  type ChangeSetRecord,
  type Operation,
  type StackRecord,
} from './cfn-state.ts';
import { invalid, physicalId, planOf, type Plan } from './cfn-template.ts';
import type { CloudModel } from './model.ts';
import { members, optional, required, yes, type Params, type Xml } from './protocol.ts';
import { structures } from './params.ts';
import { Ec2Error, fresh, type CloudState } from './state.ts';

const iso = (ms: number): string => new Date(ms).toISOString();
const pairs = (params: Params, list: string, key: string, value: string): Readonly<Record<string, string>> =>
  Object.fromEntries(structures(params, `${list}.member`).map((item) => [required(item, key), item.get(value) ?? '']));
const change = (cloud: CloudModel, step: (cfn: CfnState, state: CloudState) => CfnState): void =>
  void cloud.change((state) => ({ ...state, cfn: step(state.cfn, state) }));
const put = (cfn: CfnState, stack: StackRecord): CfnState => ({
  ...cfn,
  stacks: [...cfn.stacks.filter(({ id }) => id !== stack.id), stack],
});

/** By id also when it is gone; by name only what is there. */
const find = ({ cfn }: CloudState, which: string, now: number): StackRecord => {
  const found =
    cfn.stacks.find(({ id }) => id === which) ??
    cfn.stacks.find((stack) => stack.name === which && statusOf(stack, now).status !== 'DELETE_COMPLETE');
  if (found === undefined) throw invalid(`Stack with id ${which} does not exist`);
  return found;
};
const changeSet = ({ cfn }: CloudState, which: string): ChangeSetRecord => {
  const found = cfn.changeSets.find(({ id, name }) => id === which || name === which);
  if (found === undefined) throw new Ec2Error('ChangeSetNotFound', `ChangeSet [${which}] does not exist`, 404);
  return found;
};

const changesOf = (before: Plan | undefined, after: Plan): ChangeSetRecord['changes'] => [
  ...[...after.resources].flatMap(([name, { type, properties }]): ChangeSetRecord['changes'] => {
    const old = before?.resources.get(name);
    if (old === undefined) return [{ action: 'Add', name, type }];
    return JSON.stringify(old.properties) === JSON.stringify(properties) ? [] : [{ action: 'Modify', name, type }];
  }),
  ...[...(before?.resources ?? [])].flatMap(([name, { type }]) =>
    after.resources.has(name) ? [] : [{ action: 'Remove' as const, name, type }],
  ),
];

/** What EC2 would refuse: an instance with a key pair that is not there. */
const failureIn = ({ keyPairs }: CloudState, plan: Plan, names: readonly string[]): Operation['fails'] => {
  const keyOf = (name: string): unknown =>
    (plan.resources.get(name)?.properties as { KeyName?: unknown } | undefined)?.KeyName;
  const name = names.find((one) => keyOf(one) !== undefined && !keyPairs.some((pair) => pair.name === keyOf(one)));
  return name === undefined ? undefined : { name, why: `The key pair '${String(keyOf(name))}' does not exist` };
};

/** What IAM would refuse: a role that somebody gave a policy of their own. */
const keptIn = ({ iam }: CloudState, stack: string, plan: Plan | undefined): Operation['fails'] => {
  const name = [...(plan?.resources ?? [])].find(
    ([logical, { type }]) =>
      type === 'AWS::IAM::Role' &&
      iam.roles.some((role) => role.name === physicalId(stack, logical, type) && Object.keys(role.policies).length > 0),
  )?.[0];
  return name === undefined ? undefined : { name, why: 'Cannot delete entity, must delete policies first.' };
};

const stackXml = (stack: StackRecord, now: number): Xml => {
  const { status, why } = statusOf(stack, now);
  const made = status === 'CREATE_COMPLETE' || status === 'UPDATE_COMPLETE';
  return {
    StackId: stack.id,
    StackName: stack.name,
    StackStatus: status,
    StackStatusReason: why,
    CreationTime: iso(stack.operations[0]?.at ?? now),
    Parameters: members(
      Object.entries(stack.plan?.parameters ?? {}).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
      })),
    ),
    Outputs: members(
      made ? Object.entries(stack.plan!.outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })) : [],
    ),
    Tags: members(Object.entries(stack.tags).map(([Key, Value]) => ({ Key, Value }))),
  };
};

/** Events come in pages, the newest first. */
const PAGE = 20;

export const CFN_ACTIONS: Readonly<Record<string, Action>> = {
  ValidateTemplate({ state, params }) {
    planOf(required(params, 'TemplateBody'), {}, 'validated', state);
    return { Parameters: '' };
  },
  CreateChangeSet({ cloud, params }) {
    const [StackName, ChangeSetName, template] = [
      required(params, 'StackName'),
      required(params, 'ChangeSetName'),
      required(params, 'TemplateBody'),
    ];
    const [, result] = cloud.make((state) => {
      const now = cloud.now();
      const creates = params.get('ChangeSetType') === 'CREATE';
      const there = state.cfn.stacks.find(
        (stack) => stack.name === StackName && statusOf(stack, now).status !== 'DELETE_COMPLETE',
      );
      if (creates && there !== undefined && there.plan !== undefined)
        throw invalid(
          `Stack [${StackName}] already exists and cannot be created again with the changeSet [${ChangeSetName}].`,
        );
      if (
        there !== undefined &&
        state.cfn.changeSets.some(({ stack, name }) => stack === there.id && name === ChangeSetName)
      )
        throw new Ec2Error('AlreadyExistsException', `ChangeSet ${ChangeSetName} already exists`);
      if (/"AWS::IAM::/.test(template) && params.get('Capabilities.member.1') === undefined)
        throw new Ec2Error('InsufficientCapabilitiesException', 'Requires capabilities : [CAPABILITY_IAM]');
      const [serial, next] = fresh(state, 'stack');
      const tags = pairs(params, 'Tags', 'Key', 'Value');
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
      const plan = planOf(template, pairs(params, 'Parameters', 'ParameterKey', 'ParameterValue'), stack.id, state);
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
        { ...next, cfn: put({ ...next.cfn, changeSets: [...next.cfn.changeSets, made] }, stack) },
        { Id: made.id, StackId: stack.id },
      ];
    });
    return result;
  },
  DescribeChangeSet({ cloud, state, params }) {
    const { at, id, name, stack, changes } = changeSet(state, required(params, 'ChangeSetName'));
    if (cloud.now() - at < STEP_MS)
      return { ChangeSetId: id, ChangeSetName: name, StackId: stack, Status: 'CREATE_IN_PROGRESS', Changes: '' };
    const empty = changes.length === 0;
    return {
      ChangeSetId: id,
      ChangeSetName: name,
      StackId: stack,
      Status: empty ? 'FAILED' : 'CREATE_COMPLETE',
      ...(empty
        ? {
            StatusReason:
              "The submitted information didn't contain changes. Submit different information to create a change set.",
          }
        : {}),
      Changes: members(
        changes.map(({ action, name: LogicalResourceId, type }) => ({
          Type: 'Resource',
          ResourceChange: {
            Action: action,
            LogicalResourceId,
            ResourceType: type,
            ...(action === 'Modify' ? { Replacement: 'Conditional' } : {}),
          },
        })),
      ),
    };
  },
  ExecuteChangeSet({ cloud, params }) {
    change(cloud, (cfn, state) => {
      const { id, stack: of, plan, template, changes } = changeSet(state, required(params, 'ChangeSetName'));
      if (changes.length === 0)
        throw new Ec2Error(
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
        rollback: !yes(params, 'DisableRollback'),
      };
      return put(
        { ...cfn, changeSets: cfn.changeSets.filter((other) => other.stack !== of) },
        { ...stack, plan, template, operations: [...stack.operations, operation] },
      );
    });
    return {};
  },
  DeleteChangeSet({ cloud, params }) {
    change(cloud, (cfn, state) => ({
      ...cfn,
      changeSets: cfn.changeSets.filter((other) => other !== changeSet(state, required(params, 'ChangeSetName'))),
    }));
    return {};
  },
  DescribeStacks({ cloud, state, params }) {
    const which = optional(params, 'StackName');
    const now = cloud.now();
    return {
      Stacks: members(
        (which === undefined ? state.cfn.stacks : [find(state, which, now)]).map((stack) => stackXml(stack, now)),
      ),
    };
  },
  DescribeStackEvents({ cloud, state, params }) {
    const stack = find(state, required(params, 'StackName'), cloud.now());
    const events = [...historyOf(stack, cloud.now())].reverse();
    const from = Number(optional(params, 'NextToken') ?? 0);
    return {
      StackEvents: members(
        events.slice(from, from + PAGE).map(({ at, id, name, physical, type, status, why }) => ({
          StackId: stack.id,
          StackName: stack.name,
          EventId: id,
          LogicalResourceId: name,
          PhysicalResourceId: physical,
          ResourceType: type,
          ResourceStatus: status,
          ResourceStatusReason: why,
          Timestamp: iso(at),
        })),
      ),
      ...(from + PAGE < events.length ? { NextToken: String(from + PAGE) } : {}),
    };
  },
  DescribeStackResources({ cloud, state, params }) {
    const stack = find(state, required(params, 'StackName'), cloud.now());
    const last = new Map(
      historyOf(stack, cloud.now())
        .filter(({ name }) => name !== stack.name)
        .map((event) => [event.name, event]),
    );
    return {
      StackResources: members(
        [...last.values()].map(({ at, name, physical, type, status, why }) => ({
          StackId: stack.id,
          StackName: stack.name,
          LogicalResourceId: name,
          PhysicalResourceId: physical,
          ResourceType: type,
          ResourceStatus: status,
          ResourceStatusReason: why,
          Timestamp: iso(at),
        })),
      ),
    };
  },
  GetTemplate: ({ cloud, state, params }) => ({
    TemplateBody: find(state, required(params, 'StackName'), cloud.now()).template,
  }),
  DeleteStack({ cloud, params }) {
    change(cloud, (cfn, state) => {
      const now = cloud.now();
      const stack = cfn.stacks.find(
        ({ id, name }) => id === params.get('StackName') || name === params.get('StackName'),
      );
      if (stack === undefined || /^DELETE_(IN_PROGRESS|COMPLETE)$/.test(statusOf(stack, now).status)) return cfn;
      const resources = [...(stack.plan?.resources.keys() ?? [])].reverse();
      return put(
        { ...cfn, changeSets: cfn.changeSets.filter((other) => other.stack !== stack.id) },
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
  },
};
