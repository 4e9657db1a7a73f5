import type { ExitCode } from './errors.ts';
import type { JsonShape } from './json-shape.ts';
import type { Ports } from './ports.ts';

/** A flag as commander spells it: `--site <file>`, `--yes`, `--tunnel <name...>`. */
export interface Flag {
  readonly flags: string;
  readonly summary: string;
  /** Environment variable that answers when the flag is absent. */
  readonly env?: string;
  readonly default?: string | boolean;
  readonly choices?: readonly string[];
  /** What may be written as its value, in one line for docs/. */
  readonly words?: string;
  /** What the shell offers for its value. */
  readonly completion?: readonly string[] | 'files';
  /** May be given more than once, each time with one value. */
  readonly repeats?: boolean;
  /** A name that the flag had before, not shown: whoever gives it is told the new one. */
  readonly nowIs?: string;
}

export interface Argument {
  /** `<file>`, `[dir]` or `[command...]`. */
  readonly name: string;
  readonly summary: string;
  readonly choices?: readonly string[];
  readonly completion?: readonly string[] | 'files';
}

export interface Example {
  /** What a person would type, beginning with `hybridctl`. The docs show it and a test parses it. */
  readonly line: string;
  readonly why: string;
}

/** Arguments and flag values as typed, before any judgement. A flag not given is absent. */
export interface Raw {
  readonly args: readonly (string | readonly string[] | undefined)[];
  /** What stands on the line itself, by the flag's name (`--dry-run`): without defaults and variables. */
  readonly given: Readonly<Record<string, GivenValue>>;
}

/** `true` of a switch, or of a flag whose value was left out. */
export type GivenValue = string | true | readonly (string | true)[];

export interface Outcome<Result> {
  readonly result: Result;
  /** Default: 0. */
  readonly exit?: ExitCode;
}

/** Colours that vanish under NO_COLOR, off a terminal and in --json. */
export interface Style {
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
  /** A table with a header row; no borders, so that `awk` can read it. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): string;
}

/**
 * For commands that run until they are stopped. Where the command says `streams`: under --json, one object now, as a
 * line of its own on stdout; without --json nothing (people read `ports.progress`). Of any other command it is the
 * result, printed now in place of at the end: for what a user needs while the command still runs.
 */
export type Emit = (event: object) => void;

/**
 * One subcommand. It never prints: `run` returns a result, and one place prints either `human(result)` or the result as
 * JSON. So `--json` can't be corrupted and a command can't print nothing.
 */
export interface Command<Options = unknown, Result = unknown> {
  /** Words after `hybridctl`: `vpn render`. */
  readonly path: string;
  readonly summary: string;
  /** A paragraph for `--help` and the docs. */
  readonly details?: string;
  readonly args?: readonly Argument[];
  readonly flags: readonly Flag[];
  readonly examples: readonly Example[];
  /** All refusals that need nothing but the words typed and the environment. Throws usage errors. */
  parse(raw: Raw, ports: Ports): Options;
  run(options: Options, ports: Ports, emit: Emit): Promise<Outcome<Result>>;
  /** What --json prints; of a command that streams, each of its lines. */
  readonly json?: JsonShape<unknown>;
  /** The result as the data that `json` declares. */
  data?(result: Result): unknown;
  human(result: Result, style: Style): string;
  /**
   * Its --json is a stream of lines from `emit`; the result at the end is then not printed, for it would be no such
   * line.
   */
  readonly streams?: boolean | ((options: Options) => boolean);
  /** Ms between two looks, where the user wants it run again and again until Ctrl-C; undefined: once. */
  repeatEveryMs?(options: Options): number | undefined;
  /** Not shown in help: an internal entry such as a daemon's own process. */
  readonly hidden?: boolean;
  /** Everything after the command's name is passed on as it is (`lab exec NODE ping -c 1 …`). */
  readonly passThrough?: boolean;
}
