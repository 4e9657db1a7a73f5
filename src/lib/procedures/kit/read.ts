import { failure } from '../../core/errors.ts';
import type { Difference, Existing, ExecutionContext, ReadResult, Step, ReadContext } from '../../core/procedure.ts';
import { pauseAfter, type Backoff } from '../../domain/backoff.ts';
import type { ValueStore } from './values.ts';
import { allInWords } from './words.ts';

export interface Scope {
  readonly site: string;
  readonly adopted: ReadonlyMap<string, string>;
  /** The steps are read for a removal. */
  readonly removing?: boolean;
}

export const readContextOf = (
  { aws, aliyun, routes, shell, files, signal }: ExecutionContext,
  { site, adopted, removing = false }: Scope,
  { values }: ValueStore,
): ReadContext => ({ aws, aliyun, routes, shell, files, site, adopted, removing, values, signal });

const ABSENT: ReadResult = { state: 'absent' };

/** Reads a step, and notes what was found for the steps after it. */
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

/** Whether only a person can bring it to what it should be. */
export const onlyByHand = ({ update }: Step, differences: readonly Difference[]): boolean =>
  update === undefined || differences.some(({ fixable }) => fixable === false);

const note = ({ key }: Step, { id, owned, outputs = {} }: Existing, store: ValueStore): void => {
  store.set(key, id);
  store.setOwned(key, owned);
  for (const [slot, value] of Object.entries(outputs)) store.set(slot, value);
};

const PATIENCE_MS = 60_000;
/** Between two reads: doubling, so that what is quick is met quickly and what is slow does not drain EC2's bucket. */
const PAUSES: Backoff = { firstMs: 250, mostMs: 5_000 };

/** Reads until `fits`. @throws failure at the deadline, interrupted on Ctrl-C. */
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
  for (let tries = 1; ; tries += 1) {
    const pause = pauseAfter(tries, PAUSES);
    const result = await readStep(step, readContext, store);
    if (fits(result)) return result;
    if (clock.now() + pause > until) {
      const why =
        result.state === 'pending'
          ? result.why
          : result.state === 'differs'
            ? allInWords(result.differences)
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
