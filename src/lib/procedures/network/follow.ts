import type { Output } from '../../core/aws.ts';
import { EXIT, HybridError, unlessAbsent } from '../../core/errors.ts';
import type { ExecutionContext } from '../../core/procedure.ts';
import { pauses } from '../../domain/backoff.ts';
import { isBusy, readStack, type Stack } from './stack.ts';

type Event = NonNullable<Output<'cloudformation', 'DescribeStackEvents'>['StackEvents']>[number];

/** How it ended. */
export interface Followed {
  /** undefined: the stack is gone. */
  readonly stack: Stack | undefined;
  /** What failed and why, in the order it happened, `NatGateway1 (AWS::EC2::NatGateway): …`. */
  readonly failed: readonly string[];
}

/** Between two looks; CloudFormation shares its request limit among all who look at stacks. */
const BETWEEN_LOOKS = { firstMs: 250, mostMs: 4_000 };
/** A NAT gateway takes three minutes, a load balancer as long; an interface that is in use keeps a deletion for 20. */
const PATIENCE_MS = 3_600_000;
/** Within this what was asked for has begun to show. */
const BEGINS_MS = 60_000;

/** Cancelled because another failed: the other's reason is the one to read. */
const FOLLOWS_FROM_ANOTHER = /cancelled/i;

const lineOf = ({ LogicalResourceId, ResourceType, ResourceStatus, ResourceStatusReason }: Event): string =>
  `${LogicalResourceId ?? ''} (${ResourceType ?? ''}): ${ResourceStatus ?? ''}${ResourceStatusReason === undefined || ResourceStatusReason === '' ? '' : `: ${ResourceStatusReason}`}`;

/** Every event so far, the oldest first. A stack that is gone has none. */
export const eventsOf = async ({ aws }: Pick<ExecutionContext, 'aws'>, stack: string): Promise<readonly Event[]> => {
  const events = await unlessAbsent(
    aws.all('cloudformation', 'DescribeStackEvents', { StackName: stack }, 'StackEvents'),
  );
  return [...(events ?? [])].reverse();
};

/** Marks where the history of a stack stands: what is there now is not told again. */
export const seenOf = async (context: Pick<ExecutionContext, 'aws'>, stack: string): Promise<ReadonlySet<string>> =>
  new Set((await eventsOf(context, stack)).map(({ EventId }) => EventId!));

/**
 * Tells what happens to a stack until it is at rest. Nothing here makes it go on: CloudFormation does that by itself.
 * @param began the status before the operation that is followed: until it changes, or an event tells of the operation,
 * an end is that of the one before (reads lag behind). undefined: it is under way already.
 * @param making it was made or changed: one that is not there does not show yet, and is not gone.
 * @throws interrupted (exit 130) on Ctrl-C, with the word that the cloud goes on.
 */
export const follow = async (
  context: ExecutionContext,
  site: string,
  id: string,
  seen: ReadonlySet<string>,
  began: string | undefined,
  making = false,
): Promise<Followed> => {
  const { aws, clock, signal, progress } = context;
  const told = new Set(seen);
  const failed: string[] = [];
  const from = clock.now();
  let begun = began === undefined;
  for (let pause = pauses(BETWEEN_LOOKS); ; ) {
    // The state first: an event that comes between the two reads is told in the next round, and none is left untold at
    // the end.
    const stack = await readStack(aws, site, id);
    const fresh = (await eventsOf(context, id)).filter(({ EventId }) => !told.has(EventId!));
    for (const event of fresh) {
      told.add(event.EventId!);
      progress(lineOf(event));
      if (
        event.ResourceStatus?.endsWith('_FAILED') === true &&
        event.PhysicalResourceId !== id &&
        !FOLLOWS_FROM_ANOTHER.test(event.ResourceStatusReason ?? '')
      )
        failed.push(lineOf(event));
    }
    if (fresh.length > 0) pause = pauses(BETWEEN_LOOKS);
    begun ||=
      (stack === undefined ? !making : stack.status !== began) ||
      fresh.some(({ PhysicalResourceId }) => PhysicalResourceId === id) ||
      clock.now() - from > BEGINS_MS;
    const atRest = stack === undefined || (!isBusy(stack) && stack.status !== 'REVIEW_IN_PROGRESS');
    if (begun && atRest && fresh.length === 0)
      return { stack: stack?.status === 'DELETE_COMPLETE' ? undefined : stack, failed };
    if (clock.now() - from > PATIENCE_MS)
      throw new HybridError(EXIT.failed, `${stack?.name ?? id} is ${stack?.status ?? 'unknown'} after an hour`, {
        next: 'run the same again to follow it further',
      });
    try {
      await clock.sleep(pause.next().value, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new HybridError(
        EXIT.interrupted,
        `no longer following ${stack?.name ?? id}; CloudFormation goes on by itself`,
        { next: 'run the same again to follow it, or see "hybridctl network status"' },
      );
    }
  }
};
