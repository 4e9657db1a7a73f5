import type { Argument, Command, Emit, Example, Flag, Outcome, Style } from './command.ts';
import { nameOf, type Arguments, type Flags, type Options, type TypedArgument, type TypedFlag } from './flags.ts';
import { readOptions, type Relations } from './flags/read.ts';
import type { JsonShape } from './json-shape.ts';
import type { Ports } from './ports.ts';

/**
 * One subcommand with typed options. It never prints: `run` returns a result, and one place prints either
 * `human(result)` or the result as JSON.
 */
export interface Definition<A extends Arguments, F extends Flags, O, Result, J>
  extends Relations<Extract<keyof A | keyof F, string>> {
  /** Words after `hybridctl`: `vpn render`. */
  readonly path: string;
  readonly summary: string;
  /** A paragraph for `--help` and the docs. */
  readonly details?: string;
  readonly args?: A;
  readonly flags: F;
  readonly examples: readonly Example[];
  /** The refusals that need more than one value, and what is made of the values before `run`. Throws usage errors. */
  refine?(options: Options<A, F>, ports: Ports): O;
  run(options: O, ports: Ports, emit: Emit): Promise<Outcome<Result>>;
  /** What --json prints; of a command that streams, each of its lines. Absent: it prints another program's document. */
  readonly json?: JsonShape<J>;
  /** The result as the data that `json` declares. */
  data?(result: Result): J;
  human(result: Result, style: Style): string;
  /** Its --json is a stream of lines from `emit`; the result at the end is then not printed. */
  readonly streams?: boolean | ((options: O) => boolean);
  /** Ms between two looks, where the user wants it run again and again until Ctrl-C; undefined: once. */
  repeatEveryMs?(options: O): number | undefined;
  /** Not shown in help: an internal entry such as a daemon's own process. */
  readonly hidden?: boolean;
  /** Everything after the first argument is passed on as it is (`lab exec NODE ping -c 1 …`). */
  readonly passThrough?: boolean;
}

/** As it stands in help and docs: `-o, --output <file>`, `--dx [name]`. */
const spelling = (key: string, { kind, more }: TypedFlag<unknown>): string => {
  const value = more.placeholder ?? kind?.placeholder;
  return [
    more.short === undefined ? '' : `-${more.short}, `,
    nameOf(key),
    value === undefined ? '' : more.bare === true ? ` [${value}]` : ` <${value}>`,
  ].join('');
};

const flagsOf = (flags: Flags): readonly Flag[] =>
  Object.entries(flags).flatMap(([key, one]): Flag[] => {
    const { kind, summary, more } = one;
    return [
      {
        flags: spelling(key, one),
        summary: more.many === true ? `${summary} (may be repeated)` : summary,
        ...(more.env === undefined ? {} : { env: more.env }),
        ...(more.default === undefined ? {} : { default: more.default }),
        ...(kind?.choices === undefined ? {} : { choices: kind.choices }),
        ...(kind?.words === undefined ? {} : { words: kind.words }),
        ...(kind?.completion === undefined ? {} : { completion: kind.completion }),
        ...(more.many === true ? { repeats: true } : {}),
      },
      ...(more.formerly ?? []).map((old): Flag => ({ flags: old, summary: '', nowIs: nameOf(key) })),
    ];
  });

const argumentOf = (key: string, { kind, summary, more }: TypedArgument<unknown>): Argument => {
  const name = `${more.placeholder ?? key}${more.many === true ? '...' : ''}`;
  return {
    name: more.required === true ? `<${name}>` : `[${name}]`,
    summary,
    ...(kind.choices === undefined ? {} : { choices: kind.choices }),
    ...(kind.completion === undefined ? {} : { completion: kind.completion }),
  };
};

/** @returns the command as the rest of the program knows it: what it is called, how it is read, what it does. */
export const defineCommand = <
  const A extends Arguments = Record<never, never>,
  const F extends Flags = Record<never, never>,
  Result = unknown,
  O = Options<A, F>,
  J = unknown,
>(
  definition: Definition<A, F, O, Result, J>,
): Command => {
  const {
    args = {} as A,
    flags,
    refine,
    path,
    summary,
    details,
    examples,
    run,
    json,
    data,
    human,
    streams,
    repeatEveryMs,
    hidden,
    passThrough,
  } = definition;
  const command: Command<O, Result> = {
    path,
    summary,
    ...(details === undefined ? {} : { details }),
    args: Object.entries(args).map(([key, one]) => argumentOf(key, one)),
    flags: flagsOf(flags),
    examples,
    parse(raw, ports) {
      const options = readOptions({ ...(definition as Relations), args, flags }, raw, {
        now: ports.clock.now(),
        env: ports.env,
      }) as Options<A, F>;
      return refine === undefined ? (options as unknown as O) : refine(options, ports);
    },
    run,
    human,
    ...(json === undefined ? {} : { json }),
    ...(data === undefined ? {} : { data }),
    ...(streams === undefined ? {} : { streams }),
    ...(repeatEveryMs === undefined ? {} : { repeatEveryMs }),
    ...(hidden === undefined ? {} : { hidden }),
    ...(passThrough === undefined ? {} : { passThrough }),
  };
  return command as unknown as Command;
};
