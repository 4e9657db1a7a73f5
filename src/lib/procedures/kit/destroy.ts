import { HybridError, interrupted, partly } from '../../core/errors.ts';
import type { ExecutionContext, PlannedStep, Step } from '../../core/procedure.ts';
import { removeStep } from './apply.ts';
import { readStep, readContextOf, type Scope } from './read.ts';
import { valueStore } from './values.ts';

/**
 * Removes what carries our tags for this site, the last made first. What can't be removed does not stop the rest.
 * @throws partly (exit 5) with every thing that is left and why.
 */
export const destroySteps = async (
  steps: readonly Step[],
  context: ExecutionContext,
  scope: Scope,
): Promise<readonly PlannedStep[]> => {
  const store = valueStore();
  const readContext = readContextOf(context, { ...scope, removing: true }, store);
  // All is looked at first: later steps tell the ids by which earlier ones are let go of.
  for (const step of steps) await readStep(step, readContext, store);
  const removed: PlannedStep[] = [];
  const left: string[] = [];
  for (const step of [...steps].reverse()) {
    if (context.signal.aborted) throw interrupted();
    try {
      const id = await removeStep(step, context, readContext, store);
      if (id !== undefined)
        removed.push({ key: step.key, title: step.title, action: 'remove', id, notes: [], cost: null });
    } catch (error) {
      if (!(error instanceof HybridError) || error.exit === interrupted().exit) throw error;
      left.push(`${step.title}: ${error.message}`);
    }
  }
  if (left.length > 0)
    throw partly(`${left.length} of ${left.length + removed.length} could not be removed`, {
      more: left,
      next: 'fix that and run it again: what is gone stays gone',
    });
  return removed;
};
