import type { Line, Whitelist } from './whitelist.ts';
import { isPlain, readWhitelist } from './whitelist.ts';

export interface WhitelistFinding {
  readonly line: number;
  /** error: the line does not do what it says, or costs without limit. warning: it does, and not only that. */
  readonly severity: 'error' | 'warning';
  readonly rule: string;
  readonly message: string;
  readonly fix: string;
}

interface Rule {
  readonly id: string;
  readonly severity: WhitelistFinding['severity'];
  /** @returns message and fix, where the line has the trouble. @param first number of the first line of each text */
  check(line: Line, first: ReadonlyMap<string, number>): readonly [message: string, fix: string] | undefined;
}

/** Names that have nothing in common: a line that takes them all takes everything. */
const ANYTHING = ['a', 'cpu-0-cpu-user', 'zZ9-_.x--y-', 'memory--memory-used'];

/** A `|` outside of brackets, classes and escapes. */
const bareChoice = (text: string): boolean => {
  const flat = text.replace(/\\./g, '').replace(/\[\^?\]?[^\]]*\]/g, '');
  let depth = 0;
  for (const char of flat) {
    if (char === '(') depth += 1;
    if (char === ')') depth -= 1;
    if (char === '|' && depth === 0) return true;
  }
  return false;
};

/** Whether the line alone lets all of these through. */
const takes = ({ is, text }: Line, keys: readonly string[]): boolean => {
  if (is !== 'rule') return false;
  if (isPlain(text)) return keys.every((key) => key === text);
  const { judge } = readWhitelist(text, { passThrough: true, tries: 100_000 });
  return !('problem' in judge) && keys.every((key) => judge.matches(key));
};

/** Letters of a name that mean something to a pattern, in a line that is otherwise a name. */
const COPIED = /^[^\\[\]{}*|^#?\s]*[+()$][^\\[\]{}*|^#?\s]*$/;
const escaped = (name: string): string => name.replace(/[+?()$.]/g, '\\$&');

const RULES: readonly Rule[] = [
  {
    id: 'invalid-pattern',
    severity: 'error',
    check: ({ is, why }) =>
      is === 'invalid'
        ? [`${why}; the plugin leaves the line out`, 'escape what is meant as it is: "\\+" for a plus']
        : undefined,
  },
  {
    id: 'comment',
    severity: 'error',
    check: ({ text }) =>
      text.startsWith('#')
        ? ['the file has no comments: this is a pattern', 'take the line out']
        : / #/.test(text)
          ? ['the file has no comments: what stands behind "#" is part of the pattern', 'take it out']
          : undefined,
  },
  {
    id: 'byte-order-mark',
    severity: 'error',
    check: ({ text }) =>
      text.startsWith('\ufeff')
        ? ['the file begins with a byte order mark, so this line matches no metric', 'save it as UTF-8 without a BOM']
        : undefined,
  },
  {
    id: 'not-utf-8',
    severity: 'error',
    check: ({ text }) =>
      text.includes('\ufffd')
        ? ['it has bytes that are not UTF-8: no metric has such a name', 'save the file as UTF-8']
        : undefined,
  },
  {
    id: 'carriage-return',
    severity: 'error',
    check: ({ text }) =>
      text.includes('\r')
        ? ['its lines end with a carriage return alone: to the plugin they are one line', 'save it with line feeds']
        : undefined,
  },
  {
    id: 'not-itself',
    severity: 'warning',
    check: (line) =>
      line.is === 'rule' && COPIED.test(line.text) && !takes(line, [line.text])
        ? ['it does not match a metric of this very name', `write it as ${escaped(line.text)}`]
        : undefined,
  },
  {
    id: 'lone-wildcard',
    severity: 'error',
    check: ({ is, why }) =>
      is === 'unsafe' ? [why!, 'name what is to be published, like memory--memory-.*'] : undefined,
  },
  {
    id: 'publishes-everything',
    severity: 'error',
    check: (line) =>
      takes(line, ANYTHING)
        ? [
            "it takes every metric there is, past the plugin's guard",
            'name what is to be published; every metric costs',
          ]
        : undefined,
  },
  {
    id: 'bare-choice',
    severity: 'error',
    check: ({ is, text }) =>
      is === 'rule' && bareChoice(text)
        ? [
            'a bare "|" takes the end from what is before it and the beginning from what is after it',
            'put the choices in brackets: (a|b), or on lines of their own',
          ]
        : undefined,
  },
  {
    id: 'open-end',
    severity: 'error',
    check: ({ is, text }) =>
      is === 'rule' && /(?:^|[^\\])(?:\\\\)*\\$/.test(text)
        ? [
            'the backslash at its end takes the meaning of the "$" after it: it matches no metric',
            'take the backslash away',
          ]
        : undefined,
  },
  {
    id: 'flags',
    severity: 'warning',
    check: ({ is, text }) =>
      is !== 'invalid' && /\(\?[iLmsux]+\)/.test(text)
        ? ['flags count for all lines of the file', 'spell it out: [Mm]emory']
        : undefined,
  },
  {
    id: 'not-judged',
    severity: 'warning',
    check: ({ is, why }) =>
      is === 'unjudged' ? [`it has ${why}: hybridctl can't tell what it publishes`, 'write it without'] : undefined,
  },
  {
    id: 'twice',
    severity: 'warning',
    check: ({ text, number }, first) =>
      text !== '' && first.get(text)! < number ? ['it is there already', 'take one out'] : undefined,
  },
];

/** Every line with trouble, by line. */
export const lintWhitelist = ({ lines, judge }: Whitelist): readonly WhitelistFinding[] => {
  const first = new Map([...lines].reverse().map(({ text, number }) => [text, number]));
  const each = lines.flatMap((line) =>
    RULES.flatMap(({ id, severity, check }): readonly WhitelistFinding[] => {
      const found = check(line, first);
      return found === undefined ? [] : [{ line: line.number, severity, rule: id, message: found[0], fix: found[1] }];
    }),
  );
  if (!('problem' in judge) || !judge.broken) return each;
  return [
    ...each,
    {
      line: lines.length,
      severity: 'error',
      rule: 'joined',
      message: `${judge.problem}; the plugin does not start`,
      fix: 'remove the names of groups, and use (?:…) in place of (…)',
    },
  ];
};
