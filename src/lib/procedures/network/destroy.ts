import { HybridError, partly } from '../../core/errors.ts';
import type { ExecutionContext } from '../../core/procedure.ts';
import { follow, seenOf } from './follow.ts';
import { holdersOf } from './remains.ts';
import { readStack, resourcesOf, type Stack } from './stack.ts';

/**
 * A refusal stands where the stack still does; where it is gone all the same, what it let go of is for `removeRemains`.
 */
const deleteStack = async ({ aws, clock, progress }: ExecutionContext, site: string, stack: Stack): Promise<void> => {
  try {
    await aws.ask('cloudformation', 'DeleteStack', {
      StackName: stack.id,
      ClientRequestToken: `hybridctl-delete-${clock.now()}`,
    });
  } catch (error) {
    if (!(error instanceof HybridError) || error.call !== 'refused') throw error;
    const now = await readStack(aws, site, stack.id);
    if (now !== undefined && now.status !== 'DELETE_COMPLETE') throw error;
    progress(`${stack.name} is gone, though: ${error.message}`);
  }
};

/**
 * Deletes a stack and follows it to the end; one that is being deleted already is followed.
 * @throws partly (exit 5) with each resource that stays, and why.
 */
export const removeStack = async (context: ExecutionContext, site: string, stack: Stack): Promise<void> => {
  const { aws, progress } = context;
  const under = stack.status === 'DELETE_IN_PROGRESS';
  const seen = await seenOf(context, stack.id);
  if (!under) await deleteStack(context, site, stack);
  const { stack: after, failed } = await follow(context, site, stack.id, seen, under ? undefined : stack.status);
  if (after === undefined) {
    progress(`${stack.name}: gone`);
    return;
  }
  const last = await readStack(aws, site, stack.id);
  const vpc = (await resourcesOf(aws, stack)).find(({ type }) => type === 'AWS::EC2::VPC')?.id ?? undefined;
  const holders = vpc === undefined ? [] : await holdersOf(aws, site, vpc).catch(() => []);
  throw partly(`${stack.name} is ${last?.status ?? after.status}: not all could be removed`, {
    more: [
      ...(failed.length > 0 ? failed : [last?.reason ?? after.reason ?? 'CloudFormation gives no reason']),
      ...holders,
    ],
    next: 'remove what the reasons name (an interface in use, a group others refer to), then run it again',
  });
};
