import type { Hands, Look, PlannedStep, Step } from '../../core/procedure.ts';
import { foundOf, lookAt, worldOf, type Scene } from './look.ts';
import { ledger } from './values.ts';

const plannedOf = ({ key, title, cost, mend }: Step, look: Look): PlannedStep => {
  const found = foundOf(look);
  const common = { key, title, id: found?.id ?? null, cost: cost ?? null };
  const foreign = [
    ...(found === undefined || found.ours ? [] : ['not made by hybridctl: used, never removed']),
    ...(found?.notes ?? []),
  ];
  switch (look.state) {
    case 'absent':
      return { ...common, action: 'make', notes: [] };
    case 'pending':
      return { ...common, action: 'make', notes: [look.why, ...foreign] };
    case 'ready': {
      const surplus = look.found.surplus ?? [];
      return surplus.length === 0
        ? { ...common, action: 'keep', notes: foreign }
        : { ...common, action: 'change', notes: [`made twice by a run that broke off: ${surplus.join(', ')} will go`] };
    }
    case 'differs':
      return {
        ...common,
        action: 'change',
        notes: [...look.differences, ...(mend === undefined ? ['only you can change that'] : []), ...foreign],
      };
  }
};

/** What `apply` would do now. Reads only. */
export const planSteps = async (
  steps: readonly Step[],
  hands: Hands,
  scene: Scene,
): Promise<readonly PlannedStep[]> => {
  const known = ledger();
  const world = worldOf(hands, scene, known);
  const planned: PlannedStep[] = [];
  for (const step of steps) planned.push(plannedOf(step, await lookAt(step, world, known)));
  return planned;
};

/** What `destroy` would remove now, in its order. Reads only. */
export const planRemoval = async (
  steps: readonly Step[],
  hands: Hands,
  scene: Scene,
): Promise<readonly PlannedStep[]> => {
  const known = ledger();
  const world = worldOf(hands, scene, known);
  const planned: PlannedStep[] = [];
  for (const step of steps) {
    const found = foundOf(await lookAt(step, world, known));
    if (found === undefined) continue;
    const removes = found.ours && step.drop !== undefined;
    planned.push({
      key: step.key,
      title: step.title,
      action: removes ? 'remove' : 'keep',
      id: found.id,
      notes: removes ? [] : [found.ours ? 'goes with something else' : 'not made by hybridctl'],
      cost: null,
    });
  }
  return planned.reverse();
};

export const pendingOf = (planned: readonly PlannedStep[]): number =>
  planned.filter(({ action }) => action !== 'keep').length;
