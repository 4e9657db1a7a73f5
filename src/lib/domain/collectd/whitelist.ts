import { asBytes } from './char-set.ts';
import { NONE, whichOf } from './matcher.ts';
import { BadPattern, BeyondUs, parsePattern, type Pattern } from './pattern.ts';

/** What the plugin makes of one line of its whitelist. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without the blanks around it. */
  readonly text: string;
  /**
   * `rule`: it takes part. `blank`: it would match a metric without a name. `unsafe`: left out while pass-through is
   * off. `invalid`: left out, Python refuses it. `unjudged`: Python may take it, hybridctl does not say what it
   * matches.
   */
  readonly is: 'rule' | 'blank' | 'unsafe' | 'invalid' | 'unjudged';
  /** Why, in Python's words or ours; absent for a rule. */
  readonly why?: string;
}

export interface Whitelist {
  readonly lines: readonly Line[];
  /** The one pattern that the plugin compiles of all lines that take part. */
  readonly joined: string;
  /** Absent: why it can't be told what is published; `broken` says that the plugin itself does not start with it. */
  readonly judge: Judge | { readonly problem: string; readonly broken: boolean };
}

/** Both throw BeyondUs where it takes too long. */
export interface Judge {
  matches(key: string): boolean;
  /**
   * The first line that lets it through; null where no line by itself does, as one half of a bare choice; undefined
   * where it is blocked.
   */
  line(key: string): Line | null | undefined;
}

/** The longest file that is read, bytes. Ten thousand whole names fit. */
export const WHITELIST_LIMIT = 1 << 20;

/** What Python's strip() takes away; JavaScript's trim() would take more. */
const strip = (line: string): string => line.replace(/^[ \t\n\r\v\f]+|[ \t\n\r\v\f]+$/g, '');

/**
 * A lone `.`, `.*` or `.+`, also before or after a blank: the plugin leaves such a line out unless
 * `whitelist_pass_through` is True. `(.*)`, `.{0,}` and `.*.*` say the same and pass.
 */
const UNSAFE = /^\.[*+]?[ \t\n\r\v\f][^\n]*$|^[^\n]*?[ \t\n\r\v\f]\.[*+]|^\.[*+]$/;

const anchored = (text: string): string => `^${asBytes(text)}$`;

/** No letter of it means anything to a pattern, whatever flags there are but `i` and `x`. */
const PLAIN = /^[\w\-/:@%,=~!"&'<>;`]*$/;
export const isPlain = (text: string): boolean => PLAIN.test(text);

const lineOf = (text: string, number: number, passThrough: boolean, parsed: Map<number, Pattern>): Line => {
  const common = { number, text };
  if (!passThrough && UNSAFE.test(text))
    return {
      ...common,
      is: 'unsafe',
      why: 'it would publish everything: the plugin leaves it out unless whitelist_pass_through is True',
    };
  try {
    if (!PLAIN.test(text)) parsed.set(number, parsePattern(anchored(text)));
    return { ...common, is: text === '' ? 'blank' : 'rule' };
  } catch (error) {
    if (error instanceof BadPattern)
      return { ...common, is: 'invalid', why: `no pattern of Python's: ${error.message}` };
    if (error instanceof BeyondUs) return { ...common, is: 'unjudged', why: error.message };
    throw error;
  }
};

/**
 * Reads a whitelist as the plugin does: blanks around a line go, each line becomes `^line$`, those that Python takes
 * are joined with `|`, and that is matched from a metric's first character on. So in `a|b` the first half has no end
 * and the second no beginning; flags such as `(?i)` in one line count for all; and there are no comments.
 * Source: awslabs/collectd-cloudwatch, modules/configuration/whitelist.py.
 */
export const readWhitelist = (
  text: string,
  { passThrough = false, tries }: { readonly passThrough?: boolean; readonly tries?: number } = {},
): Whitelist => {
  const parsed = new Map<number, Pattern>();
  // A newline at the end of the file begins no further line.
  const lines = text
    .replace(/\n$/, '')
    .split('\n')
    .map((line, index) => lineOf(strip(line), index + 1, passThrough, parsed));
  const taken = lines.filter(({ is }) => is === 'rule' || is === 'blank' || is === 'unjudged');
  const joined = taken.length === 0 ? '^$' : taken.map((line) => anchored(line.text)).join('|');
  return { lines, joined, judge: judgeOf(joined, taken, parsed, tries) };
};

/**
 * Where no line has flags, names or more than plain groups, and all have no more groups than Python takes, joining them
 * changes none: each is as it was read by itself.
 */
const standAlone = (joined: string): boolean => !/\(\?(?!:)/.test(joined) && joined.split('(').length <= 99;

const judgeOf = (
  joined: string,
  taken: readonly Line[],
  parsed: ReadonlyMap<number, Pattern>,
  tries: number | undefined,
): Whitelist['judge'] => {
  const unjudged = taken.find(({ is }) => is === 'unjudged');
  if (unjudged !== undefined) return { problem: `line ${unjudged.number} has ${unjudged.why}`, broken: false };
  try {
    const alone = taken.map(({ number, text }) => parsed.get(number) ?? asBytes(text));
    if (taken.length > 0 && standAlone(joined)) {
      const first = whichOf(alone, tries);
      return { matches: (key) => first(asBytes(key)) !== NONE, line: (key) => taken[first(asBytes(key))] };
    }
    const { node, flags } = parsePattern(joined);
    const branches = node.is === 'one' ? node.of : [node];
    const which = whichOf(
      branches.map((branch) => ({ node: branch, flags })),
      tries,
    );
    // A bare choice has more branches than lines.
    const byBranch = branches.length === taken.length;
    const byLine = byBranch ? which : whichOf(alone, tries);
    return {
      matches: (key) => which(asBytes(key)) !== NONE,
      line: (key) => {
        const bytes = asBytes(key);
        const branch = which(bytes);
        return branch === NONE ? undefined : (taken[byBranch ? branch : byLine(bytes)] ?? null);
      },
    };
  } catch (error) {
    if (error instanceof BeyondUs) return { problem: `it has ${error.message}`, broken: false };
    if (error instanceof BadPattern)
      return { problem: `each line is well by itself, but joined they are no pattern: ${error.message}`, broken: true };
    throw error;
  }
};
