import { EXIT, HybridError, interrupted, partly, retold } from '../../core/errors.ts';
import type { Found, Hands, PlannedStep, Step, World } from '../../core/procedure.ts';
import { carryOut, together } from './carry-out.ts';
import { awaitLook, foundOf, lookAt, worldOf, type Scene } from './look.ts';
import { ledger, type Ledger } from './values.ts';

export interface ApplyOptions extends Scene {
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
 * or
 * was to be kept.
 */
export const applySteps = async (
  steps: readonly Step[],
  hands: Hands,
  { keepOnFailure, ...scene }: ApplyOptions,
): Promise<Applied> => {
  const known = ledger();
  const world = worldOf(hands, scene, known);
  const done: PlannedStep[] = [];
  const made: Step[] = [];
  const slots = new Set<string>();
  for (const step of steps) {
    try {
      const { action, found, notes } = await applyStep(step, hands, world, known, () => made.push(step));
      done.push({ key: step.key, title: step.title, action, id: found.id, notes, cost: step.cost ?? null });
      for (const slot of [step.key, ...Object.keys(found.gives ?? {})]) slots.add(slot);
    } catch (error) {
      throw await explain(error, step, made, keepOnFailure, hands, world, known);
    }
  }
  return { steps: done, values: Object.fromEntries([...slots].map((slot) => [slot, known.values(slot)])) };
};

interface StepDone {
  readonly action: PlannedStep['action'];
  readonly found: Found;
  readonly notes: readonly string[];
}

const applyStep = async (
  step: Step,
  hands: Hands,
  world: World,
  known: Ledger,
  making: () => void,
): Promise<StepDone> => {
  const { progress, signal } = hands;
  if (signal.aborted) throw interrupted();
  let look = await lookAt(step, world, known);
  // What is on its way may be on its way out.
  if (look.state === 'pending') look = await awaitLook(step, hands, world, known, ({ state }) => state !== 'pending');
  let action: PlannedStep['action'] = 'keep';
  let notes: readonly string[] = [];
  if (look.state === 'absent') {
    progress(`${step.title}: making it`);
    action = 'make';
    // Noted before the call: a call without an answer may have been carried out.
    making();
    for (const call of together(step.make(known.values)))
      await unless(THERE, () => insist(() => carryOut(call, hands), step, hands));
    look = await awaitLook(step, hands, world, known, ({ state }) => state === 'ready' || state === 'differs');
    progress(`${step.title}: ${foundOf(look)!.id}`);
  }
  if (look.state === 'differs') {
    const { differences, found } = look;
    if (step.mend === undefined)
      throw new HybridError(EXIT.failed, `${step.title} (${found.id}): ${differences.join(', ')}`, {
        next: 'change it yourself, or remove it and run this again',
      });
    if (action === 'keep') [action, notes] = ['change', differences];
    progress(`${step.title}: ${differences.join(', ')}; changing it`);
    for (const call of together(step.mend(known.values, found, differences)))
      await unless(THERE, () => insist(() => carryOut(call, hands), step, hands));
    look = await awaitLook(step, hands, world, known, ({ state }) => state === 'ready');
  }
  const found = foundOf(look)!;
  if (found.ours && step.drop !== undefined) {
    for (const id of found.surplus ?? []) {
      progress(`${step.title}: ${id} was made by a run that broke off; removing it`);
      for (const call of step.drop(known.values, id)) await carryOut(call, hands);
      if (action === 'keep') action = 'change';
    }
  }
  return { action, found, notes: [...notes, ...(found.notes ?? [])] };
};

/**
 * An answer that says "it is there": of a call that was sent twice because its first answer was lost, or after a look
 * that
 * was stale. Whose it is, the next look tells.
 */
const THERE = /AlreadyExists(Exception)?$|^EntityAlreadyExists\.|\.Duplicate$|\.AlreadyAssociated$/;
/**
 * An instance profile takes one role: the second of two equal calls meets the quota that the first filled. Lambda has
 * one code for all conflicts.
 */
const ROLE_THERE = /InstanceSessionsPerInstanceProfile|^lambda:\w+: ResourceConflictException: .*already exist/;
/** Of a removal: somebody, or our own call whose answer was lost, was sooner. */
const GONE =
  /\.NotFound$|^NoSuchEntity|^EntityNotExist\.|^ParameterNotFound$|^ResourceNotFound(Exception)?$|^NotFound(Exception)?$|^QueueDoesNotExist$/;

const unless = async (done: RegExp, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (
      !(error instanceof HybridError) ||
      !(done.test(error.code ?? '') || (done === THERE && ROLE_THERE.test(error.message)))
    )
      throw error;
  }
};

/**
 * Codes that say "not yet": what an earlier step made is not known everywhere at once (IAM takes some ten seconds, EC2
 * about one). Source: "Eventual consistency" in the EC2 API reference, "Changes that I make are not always immediately
 * visible" in the IAM guide.
 */
const NOT_YET =
  /\.NotFound$|^NoSuchEntity|^EntityNotExist\.|^InvalidPrincipal|^DependencyViolation$|^IncorrectState$|^IncorrectInstanceState$|^DeleteConflict/;
/** The code of a plain mistake too: the words tell them apart. */
const WORDS_NOT_YET = /iam instance profile|invalid principal|cannot be assumed by lambda|following state: pending/i;
const INSIST_MS = 30_000;

/** What was made shows up within this, as a rule in one or two seconds. */
const SHOWS_MS = 20_000;

const isNotYet = (error: unknown): boolean =>
  error instanceof HybridError && (NOT_YET.test(error.code ?? '') || WORDS_NOT_YET.test(error.message));

/** Tries a call again while the answer is one that time alone mends; at the end the API's own word is the error. */
const insist = async (
  work: () => Promise<void>,
  { patienceMs = INSIST_MS }: Step,
  { clock, signal }: Hands,
): Promise<void> => {
  const until = clock.now() + Math.min(patienceMs, INSIST_MS);
  for (let pause = 500; ; pause = Math.min(2 * pause, 5_000)) {
    try {
      return await work();
    } catch (error) {
      if (!isNotYet(error) || clock.now() + pause > until) throw error;
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
  hands: Hands,
  world: World,
  known: Ledger,
): Promise<unknown> => {
  if (!(thrown instanceof HybridError)) return thrown;
  const mine = made.filter((step) => step.drop !== undefined);
  if (mine.length === 0) return thrown;
  const at = `at "${failed.title}"`;
  if (keep)
    return partly(`${thrown.message}, ${at}; what was made is kept`, {
      cause: thrown,
      next: thrown.next ?? 'run the same again to finish it',
      more: mine.map(({ title }) => `kept: ${title}`),
      ...(thrown.code === undefined ? {} : { code: thrown.code }),
    });
  // A Ctrl-C has ended everything that hears of it: undoing goes on without it, and a second one ends the process.
  const calm: Hands = { ...hands, signal: new AbortController().signal };
  const left: string[] = [];
  const certainlyNot = thrown.call === 'refused' || thrown.call === 'throttled';
  for (const step of [...mine].reverse()) {
    const there = { ...world, signal: calm.signal };
    // What was just made may not show yet; nothing is "undone" because it could not be seen.
    if (step !== failed || !certainlyNot)
      await awaitLook(
        { ...step, patienceMs: SHOWS_MS },
        calm,
        there,
        known,
        (look) => foundOf(look) !== undefined,
      ).catch(() => undefined);
    const word = await removeStep(step, calm, there, known).then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (word !== undefined) left.push(`${step.title} (${known.values(step.key)}): ${word}`);
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
  hands: Hands,
  world: World,
  known: Ledger,
): Promise<string | undefined> => {
  const found = foundOf(await lookAt(step, world, known));
  if (found === undefined || !found.ours || step.drop === undefined) return undefined;
  hands.progress(`${step.title}: removing ${found.id}`);
  for (const id of [...(found.surplus ?? []), found.id]) {
    for (const call of step.drop(known.values, id))
      await insist(() => unless(GONE, () => carryOut(call, hands)), step, hands);
  }
  await awaitLook(step, hands, world, known, (look) => foundOf(look)?.ours !== true);
  return found.id;
};
