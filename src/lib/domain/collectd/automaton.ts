import { CATEGORIES, isWordByte, onlyByteOf } from './char-set.ts';
import { takesAll, type Program, type Step } from './program.ts';

/** Class of the end of a text; those of bytes come after it. */
const END = 0;

/** A set of steps that a text may stand at, with what was the byte before. */
interface State {
  readonly at: readonly number[];
  readonly before: 'start' | 'word' | 'other';
}

const UNKNOWN = -2;
export const NONE = -1;
/** Above any label. */
export const MORE = 0x7fffffff;
/** A pattern that needs more begins anew, and slows down. */
const MOST_STATES = 4_000;

/**
 * Runs all programs at once, by one table look-up a byte: states are made as texts meet them, and kept. So 10,000 names
 * against 70 lines are 400,000 look-ups. Programs have no `look`, texts no newline.
 * @param labels of the programs, in rising order. @param spend told of every step that a new state takes.
 * @returns the lowest label whose program is done, or MORE.
 */
export const automatonOf = (
  programs: readonly Program[],
  labels: readonly number[],
  spend: () => void,
): ((bytes: string) => number) => {
  const steps: Step[] = [];
  const labelAt = new Map<number, number>();
  const entries = programs.map(({ steps: own }, index) => {
    const offset = steps.length;
    for (const step of own)
      steps.push(step.op === 'fork' ? { op: 'fork', a: step.a + offset, b: step.b + offset } : step);
    labelAt.set(steps.length - 1, labels[index]!);
    return offset;
  });
  const { classOf, sample } = classesOf(steps);
  /** Whether anybody asks what the byte before was. */
  const bounded = steps.some((step) => step.op === 'at' && (step.at === 'boundary' || step.at === 'inside'));
  const kinds = sample.length;
  const marks = new Uint32Array(steps.length);
  let round = 0;
  let states: State[] = [];
  let ids = new Map<string, number>();
  /**
   * By state and class of what comes next: the state after it, NONE where no step is left, UNKNOWN until it was met.
   */
  let nexts = new Int32Array(0);
  /** By the same: the lowest label that is done before it, or MORE. */
  let dones = new Int32Array(0);
  /** States that whatever comes but the end leaves as they are, as at a last `.*`. */
  const resting = new Set<number>();

  const stateOf = (at: readonly number[], before: State['before']): number => {
    const key = `${before} ${at.join(' ')}`;
    const known = ids.get(key);
    if (known !== undefined) return known;
    const id = states.push({ at, before }) - 1;
    ids.set(key, id);
    if (states.length * kinds > nexts.length) {
      const wider = new Int32Array(Math.max(64 * kinds, 2 * nexts.length)).fill(UNKNOWN);
      wider.set(nexts);
      const deeper = new Int32Array(wider.length);
      deeper.set(dones);
      [nexts, dones] = [wider, deeper];
    }
    return id;
  };

  const holds = ({ at }: Extract<Step, { op: 'at' }>, before: State['before'], next: number | undefined): boolean => {
    if (at === 'start' || at === 'line-start') return before === 'start';
    if (at === 'end' || at === 'text-end' || at === 'line-end') return next === undefined;
    if (before === 'start' && next === undefined) return false;
    return ((before === 'word') !== (next !== undefined && isWordByte(next))) === (at === 'boundary');
  };

  /** Steps that take a byte or are done, from here, in rising order. */
  const closure = ({ at, before }: State, next: number | undefined): readonly number[] => {
    round += 1;
    const found: number[] = [];
    const stack = [...at];
    while (stack.length > 0) {
      const pc = stack.pop()!;
      if (marks[pc] === round) continue;
      marks[pc] = round;
      spend();
      const step = steps[pc]!;
      if (step.op === 'fork') stack.push(step.a, step.b);
      else if (step.op !== 'at') found.push(pc);
      else if (holds(step, before, next)) stack.push(pc + 1);
    }
    return found;
  };

  const begin = (): void => {
    states = [];
    ids = new Map();
    resting.clear();
    nexts.fill(UNKNOWN);
    stateOf(entries, 'start');
  };
  begin();

  /** Finds where what comes next leads from a state, and notes it there. */
  const meet = (id: number, kind: number): { readonly done: number; readonly next: number } => {
    const state = states[id]!;
    const byte = sample[kind];
    const on: number[] = [];
    let done = MORE;
    let all = true;
    for (const pc of closure(state, byte)) {
      const step = steps[pc]!;
      if (step.op === 'done') done = Math.min(done, labelAt.get(pc)!);
      else if (step.op === 'byte' && byte !== undefined) {
        if (step.set[byte] === 1) on.push(pc + 1);
        all &&= takesAll(step.set);
      }
    }
    on.sort((a, b) => a - b);
    const before = bounded && byte !== undefined && isWordByte(byte) ? 'word' : 'other';
    if (states.length >= MOST_STATES) return { done, next: on.length === 0 ? NONE : (begin(), stateOf(on, before)) };
    const next = on.length === 0 ? NONE : stateOf(on, before);
    dones[id * kinds + kind] = done;
    nexts[id * kinds + kind] = next;
    if (all && next === id && !bounded) resting.add(id);
    return { done, next };
  };

  return (bytes) => {
    let id = 0;
    let best = MORE;
    for (let place = 0; place <= bytes.length && id !== NONE; place += 1) {
      const kind = place === bytes.length ? END : classOf[bytes.charCodeAt(place)]!;
      const cell = id * kinds + kind;
      let next = nexts[cell]!;
      let done = dones[cell]!;
      if (next === UNKNOWN) ({ next, done } = meet(id, kind));
      if (done < best) best = done;
      // On to the end at once.
      if (next === id && resting.has(id)) place = bytes.length - 1;
      id = next;
    }
    return best;
  };
};

/** Bytes that no step tells apart are one class. @returns the class by byte, and a byte of each; none for END. */
const classesOf = (
  steps: readonly Step[],
): { readonly classOf: Uint16Array; readonly sample: readonly (number | undefined)[] } => {
  const classOf = new Uint16Array(256);
  const sample: (number | undefined)[] = [undefined];
  const sets = new Set([CATEGORIES['w']!]);
  // A byte that is asked for by itself is a class by itself; most sets are such, and cost no split.
  for (const step of steps) {
    if (step.op !== 'byte') continue;
    const byte = onlyByteOf(step.set);
    if (byte === undefined) sets.add(step.set);
    else if (classOf[byte] === 0) classOf[byte] = sample.push(byte) - 1;
  }
  const others = new Map<string, number>();
  for (let byte = 0; byte < 256; byte += 1) {
    if (classOf[byte] !== 0) continue;
    let key = '';
    for (const set of sets) key += set[byte];
    const known = others.get(key);
    classOf[byte] = known ?? sample.push(byte) - 1;
    if (known === undefined) others.set(key, classOf[byte]!);
  }
  return { classOf, sample };
};
