import type { Line, Whitelist } from './whitelist.ts';
import { readWhitelist } from './whitelist.ts';

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
  /** @returns message and fix, where the line has the trouble. */
  check(line: Line, all: readonly Line[]): readonly [message: string, fix: string] | undefined;
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

const takesAll = ({ is, text }: Line): boolean => {
  if (is !== 'rule') return false;
  const { judge } = readWhitelist(text, { passThrough: true, tries: 100_000 });
  return !('problem' in judge) && ANYTHING.every((key) => judge.matches(key));
};

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
      text.startsWith('#') ? ['the file has no comments: this is a pattern', 'take the line out'] : undefined,
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
      takesAll(line)
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
    check: ({ text, number }, all) =>
      text !== '' && all.some((other) => other.text === text && other.number < number)
        ? ['it is there already', 'take one out']
        : undefined,
  },
];

/** Every line with trouble, by line. */
export const lintWhitelist = ({ lines, judge }: Whitelist): readonly WhitelistFinding[] => {
  const each = lines.flatMap((line) =>
    RULES.flatMap(({ id, severity, check }): readonly WhitelistFinding[] => {
      const found = check(line, lines);
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
