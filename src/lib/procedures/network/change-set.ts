import type { Input, Output } from '../../core/aws.ts';
import { failure, isKind } from '../../core/errors.ts';
import type { ExecutionContext, PlannedStep } from '../../core/procedure.ts';
import { pauses } from '../../domain/backoff.ts';
import type { Network } from '../../render/network/network.ts';
import { templateOf } from '../../render/network/template.ts';
import { readStack, stackName, stackTags, type Stack } from './stack.ts';

/** A change set that waits to be carried out; its changes are the plan. */
export interface ChangeSet {
  readonly id: string;
  readonly stack: string;
  readonly steps: readonly PlannedStep[];
}

/** One name: a second plan of the same stack is refused by CloudFormation itself while the first stands. */
export const CHANGE_SET = 'hybridctl';

export const changeSetInput = (
  site: string,
  network: Network,
  stack: Stack | undefined,
): Input<'cloudformation', 'CreateChangeSet'> => ({
  StackName: stackName(site),
  ChangeSetName: CHANGE_SET,
  ChangeSetType: stack === undefined ? 'CREATE' : 'UPDATE',
  TemplateBody: JSON.stringify(templateOf(network)),
  Parameters: Object.entries(network).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
  // Of the web server's role, which has no name of ours.
  Capabilities: ['CAPABILITY_IAM'],
  Tags: stackTags(site),
});

const COSTS: Readonly<Record<string, string>> = {
  'AWS::EC2::NatGateway': 'a NAT gateway, by the hour and the GB',
  'AWS::EC2::EIP': 'an Elastic IP, by the hour',
  'AWS::EC2::Instance': 'an instance, by the second',
  'AWS::ElasticLoadBalancingV2::LoadBalancer': 'a load balancer, by the hour and its load',
  'AWS::ElasticLoadBalancing::LoadBalancer': 'a load balancer, by the hour and the GB',
};

type Change = NonNullable<
  NonNullable<Output<'cloudformation', 'DescribeChangeSet'>['Changes']>[number]['ResourceChange']
>;

const ACTIONS: Readonly<Record<string, PlannedStep['action']>> = { Add: 'make', Remove: 'remove' };

const stepOf = ({
  Action,
  LogicalResourceId,
  PhysicalResourceId,
  ResourceType,
  Replacement,
  Details = [],
}: Change): PlannedStep => {
  const action = ACTIONS[Action ?? ''] ?? 'change';
  const changed = [...new Set(Details.flatMap(({ Target }) => Target?.Name ?? Target?.Attribute ?? []))];
  return {
    key: LogicalResourceId!,
    title: ResourceType!,
    action,
    id: PhysicalResourceId ?? null,
    notes:
      action !== 'change'
        ? []
        : [
            ...(Replacement === 'True'
              ? ['replaced by another one']
              : Replacement === 'Conditional'
                ? ['perhaps replaced by another one']
                : []),
            ...(changed.length === 0 ? [] : [changed.join(', ')]),
          ],
    cost: COSTS[ResourceType!] ?? null,
  };
};

/** What was just made may not show at once. */
const notYet = (error: unknown): Partial<Output<'cloudformation', 'DescribeChangeSet'>> => {
  if (isKind(error, 'absent')) return {};
  throw error;
};

const NO_CHANGES = /didn't contain changes|no updates are to be performed/i;
/** A change set of fifty resources is worked out in some ten seconds. */
const PATIENCE_MS = 300_000;

/** An empty stack is gone in a few seconds; one that is still going is no reason to keep anybody waiting. */
const GONE_MS = 30_000;

/**
 * Drops a plan, and the stack that stands for nothing but it: a dry run leaves nothing that the next command would
 * meet.
 */
export const dropChangeSet = async (
  { aws, clock }: ExecutionContext,
  site: string,
  id: string,
  stack: string,
  isNew: boolean,
): Promise<void> => {
  await aws.ask('cloudformation', 'DeleteChangeSet', { ChangeSetName: id, StackName: stack });
  if (!isNew) return;
  await aws.ask('cloudformation', 'DeleteStack', { StackName: stack });
  // Not stopped by a Ctrl-C: this is the cleaning up after one.
  const isThere = async (): Promise<boolean> =>
    ![undefined, 'DELETE_COMPLETE'].includes((await readStack(aws, site, stack))?.status);
  for (const until = clock.now() + GONE_MS; clock.now() < until && (await isThere()); ) await clock.sleep(500);
};

/**
 * Has CloudFormation work out what it would do. Nothing of the network is changed.
 * @returns undefined where there is nothing to do.
 * @throws failure with CloudFormation's reason; what was made for the plan is removed.
 */
export const planChangeSet = async (
  context: ExecutionContext,
  site: string,
  network: Network,
  stack: Stack | undefined,
): Promise<ChangeSet | undefined> => {
  const { aws, clock } = context;
  const input = { ...changeSetInput(site, network, stack), ClientToken: `hybridctl-${clock.now()}` };
  const { Id, StackId } = await aws.ask('cloudformation', 'CreateChangeSet', input).catch(async (error: unknown) => {
    if (!isKind(error, 'exists')) throw error;
    // Of a run that died: what it meant to do may be out of date.
    await aws.ask('cloudformation', 'DeleteChangeSet', { ChangeSetName: CHANGE_SET, StackName: stackName(site) });
    return aws.ask('cloudformation', 'CreateChangeSet', { ...input, ClientToken: `${input.ClientToken}-again` });
  });
  const drop = () => dropChangeSet(context, site, Id!, StackId!, stack === undefined);
  try {
    const until = clock.now() + PATIENCE_MS;
    for (const pause of pauses({ firstMs: 250, mostMs: 3_000 })) {
      const { Status, StatusReason } = await aws
        .ask('cloudformation', 'DescribeChangeSet', { ChangeSetName: Id!, StackName: StackId! })
        .catch(notYet);
      if (Status === 'CREATE_COMPLETE') break;
      if (Status === 'FAILED') {
        if (!NO_CHANGES.test(StatusReason ?? ''))
          throw failure(`CloudFormation can't plan ${stackName(site)}: ${StatusReason ?? 'no reason given'}`, {
            next: 'nothing was changed; fix that and run it again',
          });
        await drop();
        return undefined;
      }
      if (clock.now() > until)
        throw failure(`the plan of ${stackName(site)} is ${Status ?? 'not to be seen'} after ${PATIENCE_MS / 1000} s`, {
          next: 'run the same again',
        });
      await clock.sleep(pause, context.signal);
    }
    const changes = await aws.all(
      'cloudformation',
      'DescribeChangeSet',
      { ChangeSetName: Id!, StackName: StackId! },
      'Changes',
    );
    return {
      id: Id!,
      stack: StackId!,
      steps: changes.flatMap(({ ResourceChange }) => (ResourceChange === undefined ? [] : [stepOf(ResourceChange)])),
    };
  } catch (error) {
    await drop().catch(() => undefined);
    throw error;
  }
};
