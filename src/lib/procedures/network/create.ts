import { EXIT, failure, HybridError, partly } from '../../core/errors.ts';
import type { ExecutionContext, PlannedStep } from '../../core/procedure.ts';
import { IMAGE, type Network } from '../../render/network/network.ts';
import { imageWithoutPointer } from '../aws/image.ts';
import { dropChangeSet, planChangeSet } from './change-set.ts';
import { removeStack } from './destroy.ts';
import { follow, seenOf } from './follow.ts';
import { driftOf, findStack, isBusy, isRuin, resourcesOf, stackName, type Stack } from './stack.ts';

/**
 * A stack is not a step of the engine: its plan is a change set, which must be made to be seen, and what fails is
 * undone by CloudFormation. The engine's own undo on top would race with it.
 */
export interface NetworkRequest {
  readonly site: string;
  /** What is wanted, given the parameters of the stack that is there. @throws usage errors */
  wanted(before: Stack['parameters'] | undefined): Network;
  readonly keepOnFailure: boolean;
  readonly dryRun: boolean;
  /** Asked with the plan, before anything is changed. @throws interrupted, or a usage error off a terminal */
  consent(steps: readonly PlannedStep[]): Promise<void>;
  /** @throws a usage error where nobody could be asked; before any plan is made. */
  canConsent(): void;
}

export interface NetworkDone {
  readonly steps: readonly PlannedStep[];
  readonly values: Readonly<Record<string, string>>;
}

const upToDate = async ({ aws }: ExecutionContext, network: Network, stack: Stack): Promise<boolean> =>
  stack.status.endsWith('_COMPLETE') && (await driftOf(aws, network, stack)).length === 0;

/**
 * A network that is to be made, with an image that its region has: the pointer to the newest is not kept everywhere.
 */
export const withImage = async (
  aws: ExecutionContext['aws'],
  network: Network,
  stack: Stack | undefined,
): Promise<Network> => {
  if (network.ImageId !== IMAGE || stack?.parameters['ImageId'] === IMAGE) return network;
  const image = await imageWithoutPointer(aws, 'al2023', 'x86_64').catch((error: unknown) => {
    if (!(error instanceof HybridError) || error.exit !== EXIT.failed || error.call !== undefined) throw error;
    throw failure(error.message, {
      field: '--image',
      next: 'name one of yours with --image: ami-…, or the parameter that holds its id',
      cause: error,
    });
  });
  return image === undefined ? network : { ...network, ImageId: image };
};

/** The plan, with the ids of what came of it; what a condition left out after all was not made. */
const made = async (
  { aws }: ExecutionContext,
  steps: readonly PlannedStep[],
  stack: Stack,
): Promise<readonly PlannedStep[]> => {
  const ids = new Map((await resourcesOf(aws, stack)).map(({ key, id }) => [key, id]));
  return steps
    .filter(({ action, key }) => action !== 'make' || ids.has(key))
    .map((step) => ({ ...step, id: ids.get(step.key) ?? step.id }));
};

/** Makes the network so, or says what would be done. Where a run died, it is taken up where the stack stands. */
export const createNetwork = async (context: ExecutionContext, request: NetworkRequest): Promise<NetworkDone> => {
  const { aws, progress } = context;
  const { site, dryRun } = request;
  let stack = await findStack(aws, site);
  if (stack !== undefined && isBusy(stack)) {
    if (dryRun)
      throw failure(`${stack.name} is ${stack.status}`, {
        next: 'run it without --dry-run to follow it, or wait for its end',
      });
    progress(`${stack.name} is ${stack.status}: following it`);
    await follow(context, site, stack.id, await seenOf(context, stack.id), undefined);
    stack = await findStack(aws, site);
  }
  const ruin = stack !== undefined && isRuin(stack) ? stack : undefined;
  const network = await withImage(
    aws,
    request.wanted(ruin === undefined ? stack?.parameters : undefined),
    ruin === undefined ? stack : undefined,
  );
  if (stack?.status === 'UPDATE_ROLLBACK_FAILED')
    throw failure(`${stack.name} is UPDATE_ROLLBACK_FAILED`, {
      next: `fix what the events name, then: aws cloudformation continue-update-rollback --stack-name ${stack.name}`,
    });
  if (ruin === undefined && stack !== undefined && (await upToDate(context, network, stack)))
    return { steps: [], values: stack.outputs };
  if (ruin !== undefined && dryRun && ruin.status !== 'REVIEW_IN_PROGRESS')
    throw failure(`${ruin.name} is ${ruin.status} and would be removed first`, {
      next: 'run it without --dry-run, or remove it with "hybridctl network destroy"',
    });
  if (!dryRun) request.canConsent();
  if (ruin !== undefined) {
    progress(`${ruin.name} is ${ruin.status}: removing what is left of it`);
    await removeStack(context, site, ruin);
  }
  const before = ruin === undefined ? stack : undefined;
  const plan = await planChangeSet(context, site, network, before);
  if (plan === undefined) return { steps: [], values: before?.outputs ?? {} };
  const drop = () => dropChangeSet(context, site, plan.id, plan.stack, before === undefined);
  if (dryRun) {
    await drop();
    return { steps: plan.steps, values: {} };
  }
  try {
    await request.consent(plan.steps);
  } catch (error) {
    await drop();
    throw error;
  }
  const seen = await seenOf(context, plan.stack);
  // The change set's own id: a call that is sent twice is carried out once, and another plan has another one.
  const token = `hybridctl-${plan.id
    .split('/')
    .at(-1)!
    .replace(/[^A-Za-z0-9-]/g, '-')
    .slice(0, 100)}`;
  await aws.ask('cloudformation', 'ExecuteChangeSet', {
    ChangeSetName: plan.id,
    StackName: plan.stack,
    ClientRequestToken: token,
    ...(request.keepOnFailure ? { DisableRollback: true } : {}),
  });
  const { stack: after, failed } = await follow(
    context,
    site,
    plan.stack,
    seen,
    before?.status ?? 'REVIEW_IN_PROGRESS',
    true,
  );
  if (after?.status === 'CREATE_COMPLETE' || after?.status === 'UPDATE_COMPLETE')
    return { steps: await made(context, plan.steps, after), values: after.outputs };
  const more = failed.length > 0 ? failed : after === undefined || after.reason === null ? [] : [after.reason];
  const words = `${stackName(site)} ended as ${after?.status ?? 'gone'}`;
  if (after?.status.endsWith('ROLLBACK_COMPLETE') === true)
    throw failure(`${words}: CloudFormation undid it`, { more, next: 'fix what failed and run the same again' });
  throw partly(`${words}; what was made is kept`, {
    more,
    next: 'fix what failed and run the same again to go on, or "hybridctl network destroy"',
  });
};
