import { partly } from '../../core/errors.ts';
import type { Hands } from '../../core/procedure.ts';
import { follow, seenOf } from './follow.ts';
import { readStack, type Stack } from './stack.ts';

/**
 * Deletes a stack and follows it to the end; one that is being deleted already is followed.
 * @throws partly (exit 5) with each resource that stays, and why.
 */
export const removeStack = async (hands: Hands, site: string, stack: Stack): Promise<void> => {
  const { aws, progress } = hands;
  const under = stack.status === 'DELETE_IN_PROGRESS';
  const seen = await seenOf(hands, stack.id);
  if (!under) await aws.ask('cloudformation', 'DeleteStack', { StackName: stack.id, ClientRequestToken: `hybridctl-delete-${hands.clock.now()}` });
  const { stack: after, failed } = await follow(hands, site, stack.id, seen, under ? undefined : stack.status);
  if (after === undefined) {
    progress(`${stack.name}: gone`);
    return;
  }
  const last = await readStack(aws, site, stack.id);
  throw partly(`${stack.name} is ${last?.status ?? after.status}: not all could be removed`, {
    more: failed.length > 0 ? failed : [last?.reason ?? after.reason ?? 'CloudFormation gives no reason'],
    next: 'remove what the reasons name (an interface in use, a group others refer to), then run it again',
  });
};
