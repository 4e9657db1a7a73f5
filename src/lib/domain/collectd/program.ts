import { caseless, charSet, negated, onlyByteOf, type CharSet } from './char-set.ts';
import type { Node, Place } from './pattern-node.ts';
import { BeyondUs } from './pattern.ts';

/** One step of a program: on to the next one where it holds. */
export type Step =
  | { readonly op: 'byte'; readonly set: CharSet }
  | { readonly op: 'fork'; a: number; b: number }
  | { readonly op: 'at'; readonly at: Place }
  | {
      readonly op: 'look';
      readonly program: Program;
      readonly tried: Tried;
      readonly negative: boolean;
      readonly back: number | undefined;
    }
  | { readonly op: 'done' };

export interface Program {
  readonly steps: readonly Step[];
}

/** By step and place: the number of the run that was there. */
export interface Tried {
  cells: Uint32Array;
}

/** A repeat of 100 is a hundred copies, and a repeat in a repeat multiplies. */
const MOST_STEPS = 20_000;
const MOST_STEPS_OF_ALL = 500_000;

const EVERY = charSet([[0, 255]]);
/** All but a newline. */
const LINE = negated(charSet([[10, 10]]));
/** Whether a set takes all that a text without a newline can hold. */
export const takesAll = (set: CharSet): boolean => set === LINE || set === EVERY;

/** Compiles branch by branch, so that each stays small. */
export const compilerOf = (flags: ReadonlySet<string>): ((branch: Node) => Program) => {
  const any = flags.has('s') ? EVERY : LINE;
  const fitted = (set: CharSet, negative: boolean): CharSet => {
    const one = flags.has('i') ? caseless(set) : set;
    return negative ? negated(one) : one;
  };
  /** Without flag `m`, ^ and $ are about the whole text. */
  const placed = (at: Place): Place =>
    flags.has('m') ? at : at === 'line-start' ? 'start' : at === 'line-end' ? 'text-end' : at;
  let all = 0;

  const programOf = (node: Node): Program => {
    const steps: Step[] = [];
    const add = <S extends Step>(step: S): S => {
      all += 1;
      if (steps.push(step) > MOST_STEPS || all > MOST_STEPS_OF_ALL)
        throw new BeyondUs('a pattern whose repeats multiply to too much');
      return step;
    };
    const fork = () => add({ op: 'fork' as const, a: steps.length + 1, b: 0 });
    const jump = (to: number) => add({ op: 'fork' as const, a: to, b: to });

    const emit = (one: Node): void => {
      switch (one.is) {
        case 'set':
          return void add({ op: 'byte', set: fitted(one.set, one.negative) });
        case 'any':
          return void add({ op: 'byte', set: any });
        case 'at':
          return void add({ op: 'at', at: placed(one.at) });
        case 'look':
          return void add({
            op: 'look',
            program: programOf(one.of),
            tried: { cells: new Uint32Array() },
            negative: one.negative,
            back: one.back,
          });
        case 'all':
          return one.of.forEach(emit);
        case 'one': {
          const ends: { a: number; b: number }[] = [];
          for (const [index, branch] of one.of.entries()) {
            const choice = index < one.of.length - 1 ? fork() : undefined;
            emit(branch);
            if (choice === undefined) continue;
            ends.push(jump(0));
            choice.b = steps.length;
          }
          for (const end of ends) end.a = end.b = steps.length;
          return;
        }
        case 'repeat': {
          for (let copy = 0; copy < one.least; copy += 1) emit(one.of);
          if (one.most === Infinity) {
            const again = steps.length;
            const out = fork();
            emit(one.of);
            jump(again);
            out.b = steps.length;
            return;
          }
          const outs = [];
          for (let copy = one.least; copy < one.most; copy += 1) {
            outs.push(fork());
            emit(one.of);
          }
          for (const out of outs) out.b = steps.length;
        }
      }
    };

    emit(node);
    add({ op: 'done' });
    return { steps };
  };
  return programOf;
};

/** The one text that a branch matches, where it is so plain: `^memory--memory-used$`. */
export const literalOf = (branch: Node, flags: ReadonlySet<string>): string | undefined => {
  const [first, ...rest] = branch.is === 'all' ? branch.of : [branch];
  const last = rest.pop();
  if (
    first?.is !== 'at' ||
    first.at !== 'line-start' ||
    last?.is !== 'at' ||
    last.at !== 'line-end' ||
    flags.has('i') ||
    flags.has('m')
  )
    return undefined;
  const bytes = rest.map((node) => (node.is === 'set' && !node.negative ? onlyByteOf(node.set) : undefined));
  return bytes.includes(undefined) ? undefined : bytes.map((byte) => String.fromCharCode(byte!)).join('');
};
