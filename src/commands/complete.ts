import type { Command, Flag } from '../lib/core/command.ts';
import type { NameKind } from './complete-names.ts';
import { GLOBAL_FLAGS } from './globals.ts';
import type { Group } from './registry.ts';

/** The names of a kind in a site file; undefined: the usual one. */
export type Names = (kind: NameKind, site: string | undefined) => Promise<readonly string[]>;

export interface Candidate {
  readonly value: string;
  readonly summary: string;
}

/** What may stand where the cursor is; `files` = whatever the shell knows about file names. */
export type Completion = readonly Candidate[] | 'files';

const GLOBAL: readonly Flag[] = [...GLOBAL_FLAGS, { flags: '-h, --help', summary: 'show help' }];
const PROGRAM: readonly Flag[] = [...GLOBAL, { flags: '--version', summary: 'print the version' }];

/** `-y, --yes` gives -y and --yes. */
const names = ({ flags }: Flag): readonly string[] => flags.split(/[ ,]+/).filter((word) => word.startsWith('-'));
const long = (flag: Flag): string => names(flag).at(-1)!;
const takesValue = ({ flags }: Flag): boolean => flags.includes('<');
const isList = ({ repeats }: Flag): boolean => repeats === true;
const namesFile = (placeholder: string): boolean => /<?\[?(file|folder|dir|path)/i.test(placeholder);
const bare = (values: readonly string[]): readonly Candidate[] => values.map((value) => ({ value, summary: '' }));

/**
 * Completes a command line from the command specs. Only the named group is loaded.
 * @param typed the words after `hybridctl` up to the cursor; the last is the one being typed, maybe ''.
 * @param names what a site file has of a kind.
 */
export const complete = async (
  typed: readonly string[],
  groups: readonly Group[],
  names: Names = async () => [],
): Promise<Completion> => {
  // bash takes `--flag=value` apart at the "=".
  const words = typed
    .filter((word, index) => word !== '=' || index === typed.length - 1)
    .map((word) => (word === '=' ? '' : word));
  const partial = words.at(-1) ?? '';
  const found = await candidates(words.slice(0, -1), partial, groups, names);
  return found === 'files' ? found : found.filter(({ value }) => value.startsWith(partial));
};

const candidates = async (
  before: readonly string[],
  partial: string,
  groups: readonly Group[],
  names: Names,
): Promise<Completion> => {
  const waiting = valued(before.at(-1));
  if (waiting !== undefined) return bare(valuesIn(waiting));
  const path = before.filter((word, at) => !word.startsWith('-') && valued(before[at - 1]) === undefined);
  const group = groups.find(({ name }) => name === path[0]);
  if (group === undefined) {
    if (path.length > 0) return [];
    return partial.startsWith('-')
      ? flagsOf(PROGRAM, before)
      : groups.map(({ name, summary }) => ({ value: name, summary }));
  }
  const commands = (await group.load()).filter(({ hidden }) => hidden !== true);
  const fits = (command: Command) => `${path.join(' ')} `.startsWith(`${command.path} `);
  const command = commands.filter(fits).sort((a, b) => b.path.length - a.path.length)[0];
  const further = nextWords(commands, path.join(' '), partial, before);
  if (command === undefined) return further;
  const inside = await within(command, before, partial, (kind) => names(kind, siteIn(before)));
  // A command may stand above others: `drill`, and `drill route`.
  return inside === 'files' || partial.startsWith('-') ? inside : [...inside, ...further];
};

/** A flag of every command that this word is, and that needs a value. */
const valued = (word: string | undefined): Flag | undefined =>
  GLOBAL.find((flag) => takesValue(flag) && names(flag).includes(word ?? ''));

/** The words that lead on from an unfinished path. */
const nextWords = (
  commands: readonly Command[],
  path: string,
  partial: string,
  before: readonly string[],
): readonly Candidate[] => {
  if (partial.startsWith('-')) return flagsOf(GLOBAL, before);
  const next = new Map<string, string>();
  for (const command of commands) {
    if (!command.path.startsWith(`${path} `)) continue;
    const [word = '', ...rest] = command.path.slice(path.length + 1).split(' ');
    next.set(word, rest.length === 0 ? command.summary : '');
  }
  return [...next].map(([value, summary]) => ({ value, summary }));
};

const within = async (
  command: Command,
  before: readonly string[],
  partial: string,
  site: (kind: NameKind) => Promise<readonly string[]>,
): Promise<Completion> => {
  const offered = async (placeholder: string, offer: Offer): Promise<Completion> => {
    const kind = valuesIn(offer).length === 0 ? kindIn(placeholder) : undefined;
    return kind === undefined ? valuesOf(placeholder, offer) : bare(await site(kind));
  };
  const find = (word: string | undefined) =>
    [...command.flags, ...GLOBAL].find((flag) => takesValue(flag) && names(flag).includes(word ?? ''));
  const joined = /^(--[^=]+)=/.exec(partial);
  if (joined !== null) return bare(valuesIn(find(joined[1])).map((value) => `${joined[1]}=${value}`));
  const waiting = find(before.at(-1));
  if (waiting !== undefined) return offered(waiting.flags, waiting);
  if (partial.startsWith('-')) return flagsOf([...command.flags, ...GLOBAL], before);
  // Words after the path that are neither flags nor a flag's value are arguments; a list takes all that follow.
  const given =
    before.filter((word, index) => !word.startsWith('-') && find(before[index - 1]) === undefined).length -
    command.path.split(' ').length;
  const args = command.args ?? [];
  const arg = args[given] ?? (args.at(-1)?.name.includes('...') === true ? args.at(-1) : undefined);
  return arg === undefined ? [] : offered(arg.name, arg);
};

type Offer = Pick<Flag, 'choices' | 'completion'>;

/** The site file that the line names. */
const siteIn = (before: readonly string[]): string | undefined =>
  before.find((word) => word.startsWith('--site='))?.slice('--site='.length) ??
  before[before.indexOf('--site') + 1 || -1];

/** `--to <link>`, `[device]`, `--link <name>`: what the site file names. */
const kindIn = (placeholder: string): NameKind | undefined =>
  (/[<[](link|table|device|node|case|what)\b/.exec(placeholder)?.[1] ??
    /^--(link|table|tunnel) <name>/.exec(placeholder)?.[1]) as NameKind | undefined;

const valuesIn = (offer: Offer | undefined): readonly string[] =>
  offer?.completion === undefined || offer.completion === 'files' ? (offer?.choices ?? []) : offer.completion;

const valuesOf = (placeholder: string, offer: Offer): Completion =>
  offer.completion === 'files' || (valuesIn(offer).length === 0 && namesFile(placeholder))
    ? 'files'
    : bare(valuesIn(offer));

const flagsOf = (flags: readonly Flag[], before: readonly string[]): readonly Candidate[] =>
  flags
    .filter((flag) => flag.nowIs === undefined && (isList(flag) || !names(flag).some((name) => before.includes(name))))
    .map((flag) => ({ value: long(flag), summary: flag.summary }));
