import type { Command, Emit, Raw, Style } from '../lib/core/command.ts';
import { EXIT, usageError, type ExitCode } from '../lib/core/errors.ts';
import type { Ports } from '../lib/core/ports.ts';
import { visible, visibleJson } from '../lib/core/visible.ts';
import { nearest, show } from '../lib/core/words.ts';
import { judgedGlobals, looseGlobals, takeGlobals, type Global } from './globals.ts';
import { printed, printedEvent, withVersion, type Jq, type Printing } from './print.ts';
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
  /** For --jq; loaded only by whoever says it. */
  readonly jq: Jq;
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
  let global = looseGlobals(takeGlobals(argv, []));
  try {
    const group = GROUPS.find(({ name }) => name === takeGlobals(argv, []).rest.find(isWord));
    const commands = (await group?.load()) ?? [];
    const taken = takeGlobals(argv, commands);
    global = looseGlobals(taken);
    global = judgedGlobals(taken);
    const plain = global.noColor || Boolean(ports.env['NO_COLOR']);
    const printing: Printing = { style: () => output.style(plain), jq: output.jq };
    refuseStrayFlag(taken.rest, commands);
    if (typed[0] === 'help') refuseUnknownTopic(typed.slice(1).filter(isWord).join(' '), commands);
    const program = buildProgram({ named: group, commands, version, out: output.out }, async (command, raw) => {
      exit = await runCommand(command, raw, portsFor(ports, global, plain), { global, printing, out: output.out });
    });
    await program.parseAsync([...taken.rest], { from: 'user' });
    return exit;
  } catch (error) {
    return report(error, {
      json: global.json,
      debug: Boolean(ports.env['HYBRIDCTL_DEBUG']),
      interrupted: ports.signal.aborted,
      err: (text) => output.err(visible(text)),
    });
  }
};

interface Printer {
  readonly global: Global;
  readonly printing: Printing;
  readonly out: Output['out'];
}

/** Runs a command and prints what it returns. @returns its exit code; throws what it throws. */
const runCommand = async (
  command: Command,
  raw: Raw,
  given: Ports,
  { global, printing, out }: Printer,
): Promise<ExitCode> => {
  const options = command.parse(raw, given);
  const streams = typeof command.streams === 'function' ? command.streams(options) : command.streams === true;
  // What a stream tells people is what its lines say; of everything else the progress is stderr's, --json or not.
  const silent = streams && global.format !== 'text';
  const ports = silent ? { ...given, progress: () => undefined, live: undefined } : given;
  const write = (text: string): void => {
    if (text !== '') out(text.endsWith('\n') ? text : `${text}\n`);
  };
  const print = async (result: unknown): Promise<void> => write(await printed(command, result, global, printing));
  // One after another, also where each has to wait for what it needs.
  let waiting: Promise<void> = Promise.resolve();
  let early: Promise<void> | undefined;
  const emit: Emit = (event) => {
    if (!streams) early = print(event);
    else if (global.format === 'json' && global.jq === undefined)
      write(visibleJson(JSON.stringify(withVersion(command, event))));
    else if (global.format !== 'text')
      waiting = waiting.then(async () => write(await printedEvent(command, event, global, printing)));
  };
  const everyMs = command.repeatEveryMs?.(options);
  if (everyMs !== undefined)
    return (await import('./repeat.ts')).repeat(command, options, ports, { everyMs, global, printing, write });
  const { result, exit } = await command.run(options, ports, emit);
  await waiting;
  if (streams && global.format !== 'text') return exit ?? EXIT.ok;
  await (early ?? print(result));
  return exit ?? EXIT.ok;
};

/** `help vpn init` is `vpn init --help`; `version` and `-v` are `--version`. */
const spelledAsFlags = (typed: readonly string[]): readonly string[] => {
  const [first, ...rest] = typed;
  if (first === 'help') return [...rest, '--help'];
  return (first === 'version' || first === '-v') && rest.length === 0 ? ['--version'] : typed;
};

/** What is for people does not reach those who want data on stdout, or nothing. Progress is stderr's. */
const portsFor = (ports: Ports, { format, quiet }: Global, plain: boolean): Ports => {
  const { screen, progress, live } = ports;
  return {
    ...ports,
    progress: (text) => progress(visible(text)),
    live: live === undefined ? undefined : (text, up) => live(visible(text), up),
    ...(quiet ? { progress: () => undefined, live: undefined } : {}),
    screen: format !== 'text' || screen === undefined ? undefined : (wanted = false) => screen(plain || wanted),
  };
};

const isWord = (word: string): boolean => !word.startsWith('-');

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
