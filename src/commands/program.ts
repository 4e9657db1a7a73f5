import { Argument, Command as Program, Option } from 'commander';
import type { Command, Flag, Raw } from '../lib/core/command.ts';
import { usageError } from '../lib/core/errors.ts';
import { refuseExcess } from './excess.ts';
import { GLOBAL_FLAGS } from './globals.ts';
import { GROUPS, type Group } from './registry.ts';

export interface ProgramOptions {
  /** The group whose commands are loaded; the others are only names. */
  readonly named: Group | undefined;
  readonly commands: readonly Command[];
  readonly version: string;
  /** Takes help and the version. */
  out(text: string): void;
}

export type Handler = (command: Command, raw: Raw) => Promise<void>;

/** Spells our commands in commander's terms. It throws CommanderError where it would end the process. */
export const buildProgram = (options: ProgramOptions, handle: Handler): Program => {
  const program = new Program('hybridctl');
  common(program, options)
    .description('Hybrid-cloud networking as one command line.')
    .version(options.version, '--version', 'print the version')
    .addHelpText(
      'after',
      '\n"hybridctl <group> --help" lists a group, "hybridctl <group> <command> --help" explains a command.',
    );
  globals(program);
  for (const group of GROUPS) {
    const node = common(program.command(group.name), options).summary(group.summary).description(group.summary);
    for (const command of group === options.named ? options.commands : [])
      attach(place(node, command, options), command, handle);
    // A group within a group (`dx vif`) has no words of its own but its verbs.
    for (const inner of node.commands.filter(({ commands }) => commands.length > 0))
      inner.summary(inner.commands.map((command) => command.name()).join(', '));
  }
  return program;
};

/** The node for a command's path; the group's own node where the path is one word. */
const place = (group: Program, command: Command, options: ProgramOptions): Program => {
  const words = command.path.split(' ').slice(1);
  return words.reduce((parent, word, index) => {
    const known = parent.commands.find((child) => child.name() === word);
    return (
      known ?? common(parent.command(word, { hidden: command.hidden === true && index === words.length - 1 }), options)
    );
  }, group);
};

const common = (node: Program, { out }: ProgramOptions): Program =>
  node
    .exitOverride()
    .showSuggestionAfterError()
    // What follows a subcommand's name is for the subcommand alone: its flags, and a "--" it passes on.
    .enablePositionalOptions()
    // A wrong flag after a wrong name is not the first thing to fix: commands refuse unknown flags, groups refuse
    // unknown names.
    .allowUnknownOption()
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    // Help is help wherever commander would put it; errors are printed by report().
    .configureOutput({ writeOut: out, writeErr: out, outputError: () => undefined });

/** Shown in help only: main() has taken them out of the line. */
const globals = (node: Program): Program =>
  GLOBAL_FLAGS.reduce((taking, { flags, summary }) => taking.option(flags, summary), node);

const attach = (node: Program, command: Command, handle: Handler): void => {
  node
    .summary(command.summary)
    .description(command.details === undefined ? command.summary : `${command.summary}\n\n${command.details}`);
  for (const { name, summary, choices } of command.args ?? []) {
    const argument = new Argument(name, summary);
    // Shown in help; the kinds themselves refuse what is none of them.
    if (choices !== undefined) argument.argChoices = [...choices];
    node.addArgument(argument);
  }
  const options = command.flags.map((flag) => [flag, optionFor(flag)] as const);
  const given: Record<string, (string | true)[]> = {};
  for (const [flag, option] of options) {
    node.addOption(option);
    node.on(`option:${option.name()}`, (value: string | null | undefined) => {
      if (flag.nowIs !== undefined) throw usageError(`is now ${flag.nowIs}`, { field: option.long! });
      (given[option.long!] ??= []).push(value ?? true);
    });
  }
  if (command.passThrough === true) node.passThroughOptions();
  else globals(node.allowUnknownOption(false));
  if (command.examples.length > 0) {
    node.addHelpText(
      'after',
      `\nExamples:\n${command.examples.map(({ line, why }) => `  ${line}\n      ${why}`).join('\n')}`,
    );
  }
  node.allowExcessArguments(true);
  node.action(async (...received: unknown[]) => {
    refuseExcess(command, node.args, rootOf(node).rawArgs);
    const args = (received.slice(0, command.args?.length ?? 0) as Raw['args']).map(withoutDashes);
    const repeats = new Set(options.flatMap(([flag, option]) => (flag.repeats === true ? [option.long!] : [])));
    await handle(command, {
      args,
      given: Object.fromEntries(
        Object.entries(given).map(([name, values]) => [name, repeats.has(name) ? values : values.at(-1)!]),
      ),
    });
  });
};

/** The whole line, which commander keeps at the root alone and does not declare. */
const rootOf = (node: Program): { readonly rawArgs: readonly string[] } =>
  node.parent === null ? (node as Program & { readonly rawArgs: readonly string[] }) : rootOf(node.parent);

/** `lab exec host -- ls`: commander takes the dashes away only where they come first of all. */
const withoutDashes = (arg: Raw['args'][number], index: number): Raw['args'][number] =>
  index > 0 && Array.isArray(arg) && arg[0] === '--' ? arg.slice(1) : arg;

const optionFor = ({ flags, summary, env, default: fallback, choices, nowIs }: Flag): Option => {
  const option = new Option(flags, env === undefined ? summary : `${summary} (env: ${env})`);
  if (nowIs !== undefined) return option.hideHelp();
  if (fallback !== undefined) option.default(fallback);
  if (choices !== undefined) option.argChoices = [...choices];
  return option;
};
