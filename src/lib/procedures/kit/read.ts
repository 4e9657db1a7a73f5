import { failure } from '../../core/errors.ts';
import type { Existing, ExecutionContext, ReadResult, Step, ReadContext } from '../../core/procedure.ts';
import type { ValueStore } from './values.ts';

export interface Scope {
  readonly site: string;
  readonly adopted: ReadonlyMap<string, string>;
}

export const readContextOf = (
  { aws, aliyun, shell, files, signal }: ExecutionContext,
  { site, adopted }: Scope,
  { values }: ValueStore,
): ReadContext => ({ aws, aliyun, shell, files, site, adopted, values, signal });

const ABSENT: ReadResult = { state: 'absent' };

/** Looks, and notes what was found for the steps after it. */
export const readStep = async (step: Step, readContext: ReadContext, store: ValueStore): Promise<ReadResult> => {
  if (step.needs?.some((slot) => !readContext.values.has(slot)) === true) return ABSENT;
  const result = await step.read(readContext);
  const found = existingOf(result);
  if (found !== undefined) note(step, found, store);
  else {
    store.forget(step.key);
    if (result.state === 'absent')
      for (const [slot, value] of Object.entries(result.outputs ?? {})) store.set(slot, value);
  }
  return result;
};

export const existingOf = (result: ReadResult): Existing | undefined => ('found' in result ? result.found : undefined);

const note = ({ key }: Step, { id, outputs = {} }: Existing, store: ValueStore): void => {
  store.set(key, id);
  for (const [slot, value] of Object.entries(outputs)) store.set(slot, value);
};

const PATIENCE_MS = 60_000;
/** Between two looks: doubling, so that what is quick is met quickly and what is slow does not drain EC2's bucket. */
const FIRST_MS = 250;
const LONGEST_MS = 5_000;

/** Looks until `fits`. @throws failure at the deadline, interrupted on Ctrl-C. */
export const waitUntil = async (
  step: Step,
  context: ExecutionContext,
  readContext: ReadContext,
  store: ValueStore,
  fits: (result: ReadResult) => boolean,
): Promise<ReadResult> => {
  const { clock, signal } = context;
  const patience = step.timeoutMs ?? PATIENCE_MS;
  const until = clock.now() + patience;
  for (let pause = FIRST_MS; ; pause = Math.min(2 * pause, LONGEST_MS)) {
    const result = await readStep(step, readContext, store);
    if (fits(result)) return result;
    if (clock.now() + pause > until) {
      const why =
        result.state === 'pending'
          ? result.why
          : result.state === 'differs'
            ? result.differences.join(', ')
            : result.state === 'absent'
              ? 'it does not show up'
              : 'it is still there';
      throw failure(`${step.title}: ${why} after ${Math.round(patience / 1000)} s`, {
        next: 'run the same again: what is there is used',
      });
    }
    await clock.sleep(pause, signal);
  }
};
