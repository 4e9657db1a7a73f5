import type { ExecutionContext, ReadResult, PlannedStep, Step } from '../../core/procedure.ts';
import { existingOf, onlyByHand, readStep, readContextOf, type Scope } from './read.ts';
import { valueStore } from './values.ts';
import { wordsOf } from './words.ts';

const plannedOf = (step: Step, result: ReadResult): PlannedStep => {
  const { key, title, cost } = step;
  const found = existingOf(result);
  const common = { key, title, id: found?.id ?? null, cost: cost ?? null };
  const foreign = [
    ...(found === undefined || found.owned ? [] : ['already there, will not be deleted']),
    ...(found?.notes ?? []),
  ];
  switch (result.state) {
    case 'absent':
      return { ...common, action: 'make', notes: [] };
    case 'pending':
      return { ...common, action: 'make', notes: [result.why, ...foreign] };
    case 'ready': {
      const surplus = result.found.surplus ?? [];
      return surplus.length === 0
        ? { ...common, action: 'keep', notes: foreign }
        : {
            ...common,
            action: 'change',
            notes: [`created twice by an interrupted run: ${surplus.join(', ')} will be deleted`],
          };
    }
    case 'differs':
      return {
        ...common,
        action: 'change',
        notes: [
          ...wordsOf(result.differences),
          ...(onlyByHand(step, result.differences) ? ['only you can change this'] : []),
          ...foreign,
        ],
      };
  }
};

/** What `apply` would do now. Reads only. */
export const planSteps = async (
  steps: readonly Step[],
  context: ExecutionContext,
  scope: Scope,
): Promise<readonly PlannedStep[]> => {
  const store = valueStore();
  const readContext = readContextOf(context, scope, store);
  const planned: PlannedStep[] = [];
  for (const step of steps) planned.push(plannedOf(step, await readStep(step, readContext, store)));
  return planned;
};

/** What `destroy` would remove now, in its order. Reads only. */
export const planRemoval = async (
  steps: readonly Step[],
  context: ExecutionContext,
  scope: Scope,
): Promise<readonly PlannedStep[]> => {
  const store = valueStore();
  const readContext = readContextOf(context, { ...scope, removing: true }, store);
  const planned: PlannedStep[] = [];
  for (const step of steps) {
    const found = existingOf(await readStep(step, readContext, store));
    if (found === undefined) continue;
    const removes = found.owned && step.delete !== undefined;
    planned.push({
      key: step.key,
      title: step.title,
      action: removes ? 'remove' : 'keep',
      id: found.id,
      notes: removes ? [] : [found.owned ? 'goes with something else' : 'not created by hybridctl, stays'],
      cost: null,
    });
  }
  return planned.reverse();
};

export const pendingOf = (planned: readonly PlannedStep[]): number =>
  planned.filter(({ action }) => action !== 'keep').length;
