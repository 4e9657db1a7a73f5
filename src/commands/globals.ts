import type { Command } from '../lib/core/command.ts';
import { usageError } from '../lib/core/errors.ts';
import { nearest, show } from '../lib/core/words.ts';

/** What the result is printed as. */
export const FORMATS = ['text', 'json', 'yaml', 'table', 'name'] as const;
export type Format = (typeof FORMATS)[number];

/** The flags that every command has. */
export interface Global {
  readonly format: Format;
  /** A jq expression: what of the JSON is printed. */
  readonly jq: string | undefined;
  /** Errors are objects too. */
  readonly json: boolean;
  readonly quiet: boolean;
  readonly noColor: boolean;
}

/** As help and completion show them. */
export const GLOBAL_FLAGS = [
  { flags: '--json', summary: 'print the result as JSON, like -o json' },
  {
    flags: '-o <format>',
    summary: `print the result as ${FORMATS.slice(0, -1).join(', ')} or ${FORMATS.at(-1)!}`,
    choices: FORMATS,
  },
  { flags: '--jq <expr>', summary: 'print what jq makes of the JSON' },
  { flags: '-q, --quiet', summary: 'no progress lines' },
  { flags: '--no-color', summary: 'no colours (env: NO_COLOR)' },
] as const;

/** `-o json`, `-ojson`, `-o=json`, `--jq=EXPR`. */
const VALUED = /^(-o|--jq)(?:=(.*)|(?<=-o)(.+))?$/s;
const SWITCHES: readonly string[] = ['--json', '-q', '--quiet', '--no-color'];

const isWord = (word: string): boolean => !word.startsWith('-');

interface Taken {
  /** In order: `['--json', undefined]`, `['-o', 'yaml']`; a value that is missing is undefined. */
  readonly given: readonly (readonly [name: string, value: string | undefined])[];
  readonly rest: readonly string[];
}

/**
 * Takes the flags that every command has out of the line, wherever they stand. Done before commander sees the line, so
 * that a line it can't parse is also reported as --json says. What follows `--`, or the first argument of a pass-through
 * command (`lab exec host jq --json`), belongs to another program and stays as it is.
 */
export const takeGlobals = (argv: readonly string[], commands: readonly Command[]): Taken => {
  const given: [string, string | undefined][] = [];
  const rest: string[] = [];
  const words: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at]!;
    if (isWord(word)) words.push(word);
    if (word === '--' || isWithin(words, commands)) return { given, rest: [...rest, ...argv.slice(at)] };
    const [, valued, joined, glued] = VALUED.exec(word) ?? [];
    if (SWITCHES.includes(word)) given.push([word, undefined]);
    else if (valued !== undefined) given.push([valued, joined ?? glued ?? argv[(at += 1)]]);
    else rest.push(word);
  }
  return { given, rest };
};

/** Whether these words have come to the arguments of a command that passes them on. */
const isWithin = (words: readonly string[], commands: readonly Command[]): boolean =>
  commands.some(
    ({ path, passThrough }) =>
      passThrough === true && words.length > path.split(' ').length && `${words.join(' ')} `.startsWith(`${path} `),
  );

/** The flags before anything is judged: for reporting that they are wrong. */
export const looseGlobals = ({ given }: Taken): Global => {
  const has = (...names: readonly string[]): boolean => given.some(([name]) => names.includes(name));
  const values = (wanted: string) => given.flatMap(([name, value]) => (name === wanted ? [value] : []));
  const jq = values('--jq').at(-1);
  const format = has('--json') || has('--jq') ? 'json' : (FORMATS.find((one) => one === values('-o').at(-1)) ?? 'text');
  return {
    format,
    jq,
    json: format === 'json' || format === 'yaml',
    quiet: has('-q', '--quiet'),
    noColor: has('--no-color'),
  };
};

/** Throws usage errors: a format that is none, two that differ, --jq with another format than JSON. */
export const judgedGlobals = (taken: Taken): Global => {
  const formats = taken.given.flatMap(([name, value]) => {
    if (name === '--jq' && (value === undefined || value.trim() === ''))
      throw usageError('needs an expression', { field: '--jq', next: "say it as jq does: --jq '.routes[].link'" });
    if (name === '--json' || name === '--jq') return ['json'];
    if (name === '-o' && !FORMATS.some((one) => one === value)) throw noFormat(value);
    return name === '-o' ? [value!] : [];
  });
  const [first, other] = new Set(formats);
  if (other !== undefined)
    throw usageError(`the result can't be printed as ${first} and as ${other}`, { field: '-o', next: 'name one' });
  return looseGlobals(taken);
};

/** Up to version 0.1 it was the short form of --out and --output. */
const noFormat = (value: string | undefined) => {
  const known = `${FORMATS.slice(0, -1).join(', ')} or ${FORMATS.at(-1)!}`;
  const meant = value === undefined ? undefined : nearest(value, [...FORMATS]);
  return usageError(value === undefined ? `needs ${known}` : `${show(value)} is none of ${known}`, {
    field: '-o',
    next:
      meant === undefined
        ? 'a file or a folder to write to is --out or --output (see --help); -o is what the result is printed as'
        : `did you mean -o ${meant}?`,
  });
};
