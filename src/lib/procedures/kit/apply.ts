import { EXIT, HybridError, interrupted, isKind, partly, retold, unlessAbsent, unlessKind } from '../../core/errors.ts';
import type { Existing, ExecutionContext, PlannedStep, Step, ReadContext } from '../../core/procedure.ts';
import { pauseAfter, type Backoff } from '../../domain/backoff.ts';
import { execute, batched } from './execute.ts';
import { waitUntil, existingOf, onlyByHand, readStep, readContextOf, type Scope } from './read.ts';
import { allInWords, wordsOf } from './words.ts';
import { valueStore, type ValueStore } from './values.ts';

export interface ApplyOptions extends Scope {
  /** Leave what was made when a later step fails; else it is undone. */
  readonly keepOnFailure: boolean;
}

export interface Applied {
  /** What was done about each step, and its id now. */
  readonly steps: readonly PlannedStep[];
  /** Every slot that is known now, by name. */
  readonly values: Readonly<Record<string, string>>;
}

/**
 * Makes everything so. Steps run one after another; each is looked at first, so a second run changes nothing and a run
 * that died is finished by the next. When a step fails, what this run made is undone in reverse order; what was there
 * before, and what it changed of that, stays.
 *
 * @throws the step's error, with what was undone; `partly` (exit 5) where something was made and could not be undone,
 * or was to be kept.
 */
export const applySteps = async (
  steps: readonly Step[],
  context: ExecutionContext,
  { keepOnFailure, ...scope }: ApplyOptions,
): Promise<Applied> => {
  const store = valueStore();
  const readContext = readContextOf(context, scope, store);
  const done: PlannedStep[] = [];
  const made: Step[] = [];
  const slots = new Set<string>();
  for (const step of steps) {
    try {
      const { action, found, notes } = await applyStep(step, context, readContext, store, () => {
        made.push(step);
        store.setCreated(step.key);
      });
      done.push({ key: step.key, title: step.title, action, id: found.id, notes, cost: step.cost ?? null });
      for (const slot of [step.key, ...Object.keys(found.outputs ?? {})]) slots.add(slot);
    } catch (error) {
      throw await explain(error, step, made, keepOnFailure, context, readContext, store);
    }
  }
  return { steps: done, values: Object.fromEntries([...slots].map((slot) => [slot, store.values(slot)])) };
};

interface StepDone {
  readonly action: PlannedStep['action'];
  readonly found: Existing;
  readonly notes: readonly string[];
}

const applyStep = async (
  step: Step,
  context: ExecutionContext,
  readContext: ReadContext,
  store: ValueStore,
  making: () => void,
): Promise<StepDone> => {
  const { progress, signal } = context;
  if (signal.aborted) throw interrupted();
  let result = await readStep(step, readContext, store);
  // What is on its way may be on its way out.
  if (result.state === 'pending')
    result = await waitUntil(step, context, readContext, store, ({ state }) => state !== 'pending');
  let action: PlannedStep['action'] = 'keep';
  let notes: readonly string[] = [];
  if (result.state === 'absent') {
    progress(`${step.title}: making it`);
    action = 'make';
    // Noted before the call: a call without an answer may have been carried out.
    making();
    for (const call of batched(step.create(store.values)))
      await unlessThere(retried(() => execute(call, context), step, context));
    result = await waitUntil(
      step,
      context,
      readContext,
      store,
      ({ state }) => state === 'ready' || state === 'differs',
    );
    progress(`${step.title}: ${existingOf(result)!.id}`);
  }
  if (result.state === 'differs') {
    const { differences, found } = result;
    if (step.update === undefined || onlyByHand(step, differences))
      throw new HybridError(EXIT.failed, `${step.title} (${found.id}): ${allInWords(differences)}`, {
        next:
          differences.find(({ next }) => next !== undefined)?.next ??
          'change it yourself, or remove it and run this again',
      });
    if (action === 'keep') [action, notes] = ['change', wordsOf(differences)];
    progress(`${step.title}: ${allInWords(differences)}; changing it`);
    for (const call of batched(step.update(store.values, found, differences)))
      await unlessThere(retried(() => execute(call, context), step, context));
    result = await waitUntil(step, context, readContext, store, ({ state }) => state === 'ready');
  }
  const found = existingOf(result)!;
  if (found.owned && step.delete !== undefined) {
    for (const id of found.surplus ?? []) {
      progress(`${step.title}: ${id} was made by a run that broke off; removing it`);
      for (const call of step.delete(store.values, id)) await execute(call, context);
      if (action === 'keep') action = 'change';
    }
  }
  return { action, found, notes: [...notes, ...(found.notes ?? [])] };
};

/**
 * What an earlier step made is not known everywhere at once (IAM takes some ten seconds, EC2 about one), and what is
 * being changed or removed is in use for a moment longer: time alone helps. Source: "Eventual consistency" in the EC2
 * API reference, "Changes that I make are not always immediately visible" in the IAM guide.
 */
const PASSING = ['absent', 'notYet', 'conflict'] as const;
const RETRY_MS = 30_000;
const RETRY_PAUSES: Backoff = { firstMs: 500, mostMs: 5_000 };

/** What was made shows up within this, as a rule in one or two seconds. */
const SHOWS_MS = 20_000;

/**
 * The service says that it is there: of a call that was sent twice because its first answer was lost, or after a read
 * that was stale. Whose it is, the next read tells.
 */
const unlessThere = (call: Promise<void>): Promise<void> => unlessKind(call, 'exists');

/** Tries a call again while the answer is one that time alone fixes; at the end the API's own word is the error. */
const retried = async (
  work: () => Promise<void>,
  { timeoutMs = RETRY_MS }: Step,
  { clock, signal }: ExecutionContext,
): Promise<void> => {
  const until = clock.now() + Math.min(timeoutMs, RETRY_MS);
  for (let tries = 1; ; tries += 1) {
    const pause = pauseAfter(tries, RETRY_PAUSES);
    try {
      return await work();
    } catch (error) {
      if (!isKind(error, ...PASSING) || clock.now() + pause > until) throw error;
      await clock.sleep(pause, signal);
    }
  }
};

/** Undoes what was made, also after Ctrl-C, and says how things stand. */
const explain = async (
  thrown: unknown,
  failed: Step,
  made: readonly Step[],
  keep: boolean,
  context: ExecutionContext,
  readContext: ReadContext,
  store: ValueStore,
): Promise<unknown> => {
  if (!(thrown instanceof HybridError)) return thrown;
  const mine = made.filter((step) => step.delete !== undefined);
  if (mine.length === 0) return thrown;
  const at = `at "${failed.title}"`;
  if (keep)
    return partly(`${thrown.message}, ${at}; what was made is kept`, {
      cause: thrown,
      next: thrown.next ?? 'run the same again to finish it',
      more: mine.map(({ title }) => `kept: ${title}`),
      ...(thrown.code === undefined ? {} : { code: thrown.code }),
    });
  if (context.patience.signal.aborted)
    return partly(`${thrown.message}, ${at}; nothing was undone: the service does not answer`, {
      cause: thrown,
      more: mine.map(({ title }) => `left: ${title}`),
      next: 'run the same again to finish it, or destroy it',
    });
  // A Ctrl-C has ended everything that hears of it: undoing goes on without it, and a second one ends the process.
  context.patience.renew();
  const uninterrupted: ExecutionContext = { ...context, signal: new AbortController().signal };
  const left: string[] = [];
  const certainlyNot = thrown.call === 'refused' || thrown.call === 'throttled';
  for (const step of [...mine].reverse()) {
    const there = { ...readContext, signal: uninterrupted.signal };
    // What was just made may not show yet; nothing is "undone" because it could not be seen.
    if (step !== failed || !certainlyNot)
      await waitUntil(
        { ...step, timeoutMs: SHOWS_MS },
        uninterrupted,
        there,
        store,
        (result) => existingOf(result) !== undefined,
      ).catch(() => undefined);
    const word = await removeStep(step, uninterrupted, there, store).then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (word !== undefined) left.push(`${step.title} (${store.values(step.key)}): ${word}`);
  }
  if (left.length > 0)
    return partly(`${thrown.message}, ${at}; not all could be undone`, {
      cause: thrown,
      more: left,
      next: 'run the same again to finish it, or destroy it',
    });
  return retold(thrown, {
    more: [...thrown.more, `${at}; the ${mine.length} made before it ${mine.length === 1 ? 'is' : 'are'} undone`],
  });
};

/**
 * Removes what a step made, and what it made twice. Nothing that is not ours; nothing where there is nothing. @returns
 * its id
 */
export const removeStep = async (
  step: Step,
  context: ExecutionContext,
  readContext: ReadContext,
  store: ValueStore,
): Promise<string | undefined> => {
  const found = existingOf(await readStep(step, readContext, store));
  if (found === undefined || !found.owned || step.delete === undefined) return undefined;
  context.progress(`${step.title}: removing ${found.id}`);
  for (const id of [...(found.surplus ?? []), found.id]) {
    // Gone: somebody, or our own call whose answer was lost, was sooner.
    for (const call of step.delete(store.values, id))
      await retried(() => unlessAbsent(execute(call, context)), step, context);
  }
  await waitUntil(step, context, readContext, store, (result) => existingOf(result)?.owned !== true);
  return found.id;
};
