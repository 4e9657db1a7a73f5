import { Command as Program, CommanderError, Option } from 'commander';
import type { Command, Raw, Style } from '../lib/core/command.ts';
import { EXIT, HybridError, usageError, type ExitCode } from '../lib/core/errors.ts';
import type { Ports } from '../lib/core/ports.ts';
import { GROUPS, type Group } from './registry.ts';

/** Where words go. The only writer besides `ports.progress`. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
  /** Colours for stdout; loaded only when a command has something to say. */
  style(): Promise<Style>;
}

export interface Main {
  readonly ports: Ports;
  readonly output: Output;
  readonly version: string;
}

interface Global {
  json?: boolean;
  quiet?: boolean;
}

/** Runs one command line. @param argv the words after `hybridctl`. @returns the exit code; never throws. */
export const main = async (argv: readonly string[], { ports, output, version }: Main): Promise<ExitCode> => {
  let exit: ExitCode = EXIT.ok;
  const json = argv.includes('--json') && !beforeDashDash(argv, 'exec');
  try {
    const named = GROUPS.find(({ name }) => name === firstWord(argv));
    const program = await build(named, version, output, async (command, raw, global) => {
      const quiet = global.quiet === true || global.json === true;
      const options = command.parse(raw, quiet ? { ...ports, progress: () => undefined } : ports);
      const { result, exit: code } = await command.run(options, quiet ? { ...ports, progress: () => undefined } : ports);
      const text = global.json === true ? JSON.stringify(result, undefined, 2) : command.human(result, await output.style());
      if (text !== '') output.out(text.endsWith('\n') ? text : `${text}\n`);
      exit = code ?? EXIT.ok;
    });
    await program.parseAsync(argv as string[], { from: 'user' });
    return exit;
  } catch (error) {
    return report(error, json, output, ports.signal.aborted);
  }
};

const firstWord = (argv: readonly string[]): string | undefined => argv.find((word) => !word.startsWith('-'));
/** `lab exec host -- jq --json`: flags of the inner program are not ours. */
const beforeDashDash = (argv: readonly string[], verb: string): boolean => argv.includes(verb) && argv.indexOf('--json') > argv.indexOf(verb);

type Handler = (command: Command, raw: Raw, global: Global) => Promise<void>;

const build = async (named: Group | undefined, version: string, output: Output, handle: Handler): Promise<Program> => {
  const program = new Program('hybridctl');
  common(program, output)
    .description('Hybrid-cloud networking as one command line.')
    .version(version, '--version', 'print the version')
    .option('--json', 'print the result as JSON')
    .option('-q, --quiet', 'no progress lines')
    .option('--no-color', 'no colours (also: NO_COLOR)')
    .enablePositionalOptions()
    .addHelpText('after', '\nhybridctl <group> --help lists a group; exit codes and the site file are in the README.');
  for (const group of GROUPS) {
    const commands = group === named ? await group.load() : [];
    const direct = commands.find((command) => command.path === group.name);
    const node = common(program.command(group.name), output).summary(group.summary).description(group.summary);
    if (direct !== undefined) attach(node, direct, handle);
    for (const command of commands) {
      if (command === direct) continue;
      const words = command.path.split(' ').slice(1);
      let parent = node;
      for (const word of words.slice(0, -1)) {
        parent = parent.commands.find((child) => child.name() === word) ?? common(parent.command(word), output);
      }
      attach(common(parent.command(words.at(-1)!, { hidden: command.hidden === true }), output), command, handle);
    }
  }
  return program;
};

const common = (node: Program, output: Output): Program =>
  node
    .exitOverride()
    .showSuggestionAfterError()
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .configureOutput({ writeOut: (text) => output.out(text), writeErr: () => undefined, outputError: () => undefined });

const attach = (node: Program, command: Command, handle: Handler): void => {
  node.summary(command.summary).description(command.details === undefined ? command.summary : `${command.summary}\n\n${command.details}`);
  for (const { name, summary } of command.args ?? []) node.argument(name, summary);
  for (const { flags, summary, env, default: fallback, choices } of command.flags) {
    const option = new Option(flags, summary);
    if (env !== undefined) option.env(env);
    if (fallback !== undefined) option.default(fallback);
    if (choices !== undefined) option.choices([...choices]);
    node.addOption(option);
  }
  if (command.passThrough === true) node.passThroughOptions().allowUnknownOption();
  else node.option('--json', 'print the result as JSON').option('-q, --quiet', 'no progress lines').option('--no-color', 'no colours');
  if (command.examples.length > 0) {
    node.addHelpText('after', `\nExamples:\n${command.examples.map(({ line, why }) => `  ${line}\n      ${why}`).join('\n')}`);
  }
  node.action(async (...received: unknown[]) => {
    const args = received.slice(0, command.args?.length ?? 0) as Raw['args'];
    await handle(command, { args, flags: node.opts() }, node.optsWithGlobals());
  });
};

/** One error, one line, one next step, on stderr; under --json the same as an object there. */
const report = (error: unknown, json: boolean, output: Output, aborted: boolean): ExitCode => {
  const known = aborted && !(error instanceof HybridError) ? new HybridError(EXIT.interrupted, 'interrupted') : asHybrid(error);
  if (known === undefined) return EXIT.ok;
  const { exit, message, field, next, more } = known;
  if (json) {
    output.err(`${JSON.stringify({ error: { exit, message, ...(field === undefined ? {} : { field }), ...(next === undefined ? {} : { next }), ...(more.length === 0 ? {} : { more }) } })}\n`);
  } else {
    const lines = [`hybridctl: ${field === undefined ? '' : `${field}: `}${message}`, ...more.map((line) => `  ${line}`), ...(next === undefined ? [] : [`  next: ${next}`])];
    output.err(`${lines.join('\n')}\n`);
  }
  return exit;
};

/** @returns undefined when commander has only shown help or the version. */
const asHybrid = (error: unknown): HybridError | undefined => {
  if (error instanceof HybridError) return error;
  if (error instanceof CommanderError) {
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return undefined;
    if (error.code === 'commander.help') return usageError('which command?', { next: 'see the list above, or --help' });
    return usageError(error.message.replace(/^error: /, ''), { next: 'see --help' });
  }
  if (error instanceof Error && error.name === 'ExitPromptError') return new HybridError(EXIT.interrupted, 'interrupted');
  const message = error instanceof Error ? error.message : String(error);
  return new HybridError(EXIT.failed, message.split('\n')[0] ?? 'unknown error', { next: 'this is a fault in hybridctl: set HYBRIDCTL_DEBUG=1 for the stack', cause: error });
};
