import type { Command, Emit, Style } from '../lib/core/command.ts';
import { EXIT, usageError, type ExitCode } from '../lib/core/errors.ts';
import type { Ports } from '../lib/core/ports.ts';
import { nearest, show } from '../lib/core/words.ts';
import { buildProgram } from './program.ts';
import { GROUPS } from './registry.ts';
import { report } from './report.ts';

export { canDraw, wantsColour } from '../lib/core/colour.ts';

/** Where words go. The only writer besides `ports.progress`. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
  /** Styles for stdout; loaded only when a command has something to say. @param plain the user wants no colours. */
  style(plain: boolean): Promise<Style>;
}

export interface Main {
  readonly ports: Ports;
  readonly output: Output;
  readonly version: string;
}

/** Runs one command line. @param typed the words after `hybridctl`. @returns the exit code; never throws. */
export const main = async (typed: readonly string[], { ports, output, version }: Main): Promise<ExitCode> => {
  const argv = spelledAsFlags(typed);
  let exit: ExitCode = EXIT.ok;
  const group = GROUPS.find(({ name }) => name === argv.find(isWord));
  let global = takeGlobals(argv, []).global;
  try {
    const commands = (await group?.load()) ?? [];
    const taken = takeGlobals(argv, commands);
    global = taken.global;
    const plain = global.noColor || Boolean(ports.env['NO_COLOR']);
    const heard = portsFor(ports, global, plain);
    refuseStrayFlag(taken.rest, commands);
    if (typed[0] === 'help') refuseUnknownTopic(typed.slice(1).filter(isWord).join(' '), commands);
    const program = buildProgram({ named: group, commands, version, out: output.out }, async (command, raw) => {
      const options = command.parse(raw, heard);
      const print = async (result: unknown): Promise<void> => {
        const text = global.json
          ? JSON.stringify(result, undefined, 2)
          : command.human(result, await output.style(plain));
        if (text !== '') output.out(text.endsWith('\n') ? text : `${text}\n`);
      };
      let printed: Promise<void> | undefined;
      const emit: Emit = (event) => {
        if (command.streams !== true) printed = print(event);
        else if (global.json) output.out(`${JSON.stringify(event)}\n`);
      };
      const { result, exit: code } = await command.run(options, heard, emit);
      exit = code ?? EXIT.ok;
      if (global.json && command.streams === true) return;
      await (printed ?? print(result));
    });
    await program.parseAsync([...taken.rest], { from: 'user' });
    return exit;
  } catch (error) {
    return report(error, {
      json: global.json,
      debug: Boolean(ports.env['HYBRIDCTL_DEBUG']),
      interrupted: ports.signal.aborted,
      err: output.err,
    });
  }
};

/** `help vpn init` is `vpn init --help`; `version` and `-v` are `--version`. */
const spelledAsFlags = (typed: readonly string[]): readonly string[] => {
  const [first, ...rest] = typed;
  if (first === 'help') return [...rest, '--help'];
  return (first === 'version' || first === '-v') && rest.length === 0 ? ['--version'] : typed;
};

/** What is for people does not reach those who want data, or nothing. */
const portsFor = (ports: Ports, { json, quiet }: Global, plain: boolean): Ports => {
  const { screen } = ports;
  return {
    ...ports,
    ...(json || quiet ? { progress: () => undefined, live: undefined } : {}),
    screen: json || screen === undefined ? undefined : (wanted = false) => screen(plain || wanted),
  };
};

interface Global {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly noColor: boolean;
}

const GLOBAL_FLAGS: readonly string[] = ['--json', '-q', '--quiet', '--no-color'];

const isWord = (word: string): boolean => !word.startsWith('-');

/**
 * Takes the flags that every command has out of the line, wherever they stand. Done before commander sees the line, so
 * that a line it can't parse is also reported as --json says.
 */
const takeGlobals = (
  argv: readonly string[],
  commands: readonly Command[],
): { readonly global: Global; readonly rest: readonly string[] } => {
  const end = endOfOurs(argv, commands);
  const given = argv.slice(0, end).filter((word) => GLOBAL_FLAGS.includes(word));
  return {
    global: {
      json: given.includes('--json'),
      quiet: given.includes('-q') || given.includes('--quiet'),
      noColor: given.includes('--no-color'),
    },
    rest: argv.filter((word, index) => index >= end || !GLOBAL_FLAGS.includes(word)),
  };
};

/**
 * `lab exec host jq --json`: what follows `--`, or the first argument of a pass-through command, belongs to another
 * program.
 */
const endOfOurs = (argv: readonly string[], commands: readonly Command[]): number => {
  const dashes = argv.indexOf('--');
  const limit = dashes === -1 ? argv.length : dashes;
  const at = [...argv.keys()].filter((index) => index < limit && isWord(argv[index]!));
  const line = at.map((index) => argv[index]).join(' ');
  const passing = commands.find(({ path, passThrough }) => passThrough === true && `${line} `.startsWith(`${path} `));
  return passing === undefined ? limit : (at[passing.path.split(' ').length] ?? limit);
};

/** Commander would show the help of what is above a name that it does not know. */
const refuseUnknownTopic = (topic: string, commands: readonly Command[]): void => {
  const known = [...GROUPS.map(({ name }) => name), ...commands.map(({ path }) => path)];
  if (topic === '' || known.some((path) => path === topic || path.startsWith(`${topic} `))) return;
  const meant = nearest(topic, known);
  throw usageError(`no command is called ${show(topic)}${meant === undefined ? '' : `: did you mean ${meant}?`}`, {
    next: 'see hybridctl help',
  });
};

/**
 * Flags of a command go after its name. Commander would show help for `hybridctl --yes route` and call it a success.
 */
const refuseStrayFlag = (line: readonly string[], commands: readonly Command[]): void => {
  const at = line.findIndex((word) => !isWord(word));
  const flag = line[at];
  if (flag === undefined || ['-h', '--help', '--version'].includes(flag)) return;
  const before = line.slice(0, at).join(' ');
  const unfinished =
    before === '' ||
    [...GROUPS.map(({ name }) => name), ...commands.map(({ path }) => path)].some(
      (path) => path === before || path.startsWith(`${before} `),
    );
  const complete = commands.some(({ path }) => path === before);
  if (unfinished && !complete)
    throw usageError(`unknown option '${flag}'`, {
      next: 'name the command first: hybridctl <group> <command> [flags]',
    });
};
