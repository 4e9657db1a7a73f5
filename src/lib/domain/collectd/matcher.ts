import { automatonOf, MORE, NONE } from './automaton.ts';
import { BeyondUs, type Pattern } from './pattern.ts';
import { compilerOf, literalOf, type Program } from './program.ts';
import { walkerOf } from './walk.ts';

export { NONE };

/** About two seconds' work: what needs more would also stop collectd's write thread, each time a metric is new. */
const MOST_TRIES = 100_000_000;

const hasLook = ({ steps }: Program): boolean => steps.some(({ op }) => op === 'look');

/**
 * Tells which of the patterns, the first of them, matches a text from its first byte on; NONE where none does. Neither
 * nested repeats nor choices can hang it: `(a+)+b` takes a look a byte.
 * @param patterns or whole names, as bytes. @param tries all that may be tried over its life. @returns a function of
 * bytes, which throws BeyondUs where they are used up.
 */
export const whichOf = (patterns: readonly (Pattern | string)[], tries = MOST_TRIES): ((bytes: string) => number) => {
  let left = tries;
  const spend = (): void => {
    if (--left < 0) throw new BeyondUs('a pattern that takes too long');
  };
  // Whole names, which most lines of many a file are, cost one look-up together.
  const names = new Map<string, number>();
  const compiled: { readonly label: number; readonly program: Program }[] = [];
  for (const [label, pattern] of patterns.entries()) {
    if (typeof pattern === 'string') {
      if (!names.has(pattern)) names.set(pattern, label);
      continue;
    }
    const { node, flags } = pattern;
    const compile = compilerOf(flags);
    for (const branch of node.is === 'one' ? node.of : [node]) {
      const name = literalOf(branch, flags);
      if (name === undefined) compiled.push({ label, program: compile(branch) });
      else if (!names.has(name)) names.set(name, label);
    }
  }
  const looking = compiled.filter(({ program }) => hasLook(program));
  const plain = compiled.filter(({ program }) => !hasLook(program));
  const automaton = automatonOf(
    plain.map(({ program }) => program),
    plain.map(({ label }) => label),
    spend,
  );
  const walk = walkerOf(spend);
  const walked = (list: typeof compiled, bytes: string): number =>
    list.find(({ program }) => walk(program, bytes))?.label ?? MORE;

  return (bytes) => {
    const newline = bytes.includes('\n');
    const first = Math.min(
      names.get(bytes) ?? MORE,
      newline && bytes.endsWith('\n') ? (names.get(bytes.slice(0, -1)) ?? MORE) : MORE,
      newline ? walked(plain, bytes) : automaton(bytes),
      looking.length === 0 ? MORE : walked(looking, bytes),
    );
    return first === MORE ? NONE : first;
  };
};
