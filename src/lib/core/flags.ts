import type { Kind } from './flags/kind.ts';

/**
 * Flags and arguments as values. The key of a flag is its name (`dryRun` is `--dry-run`), its kind says how its text is
 * read, and the type of the value follows from both: `run` gets the options typed, and a misspelt name does not compile.
 */

export interface Modifiers {
  /** Used in place of the kind's own placeholder. */
  readonly placeholder?: string;
  /** As a person would type it; the kind reads it. */
  readonly default?: string;
  readonly required?: boolean;
  /** May be given more than once, each time with one value. */
  readonly many?: boolean;
}

export interface FlagModifiers extends Modifiers {
  /** One letter: `o` for `-o, --output`. */
  readonly short?: string;
  /** Environment variable that answers when the flag is absent; of a flag that may be repeated it holds one value. */
  readonly env?: string;
  /** `--dx` alone is possible too, and means `true`. */
  readonly bare?: boolean;
  /** Names that this flag had before, as they were written: `--aws-profile <name>`. They answer with the new name. */
  readonly formerly?: readonly string[];
  /** What this flag meant before: @returns what to say when the text on the line is of that kind, else undefined. */
  readonly moved?: (text: string) => string | undefined;
}

/** The type of the option that modifiers make of a kind's type. */
export type Given<T, M> = M extends { many: true }
  ? readonly (M extends { bare: true } ? T | true : T)[]
  :
      | (M extends { bare: true } ? T | true : T)
      | (M extends { default: string } | { required: true } ? never : undefined);

declare const VALUE: unique symbol;

/** @template T the type of the option. */
export interface TypedFlag<T> {
  /** Absent: a switch. */
  readonly kind: Kind<unknown> | undefined;
  readonly summary: string;
  readonly more: FlagModifiers;
  readonly [VALUE]?: T;
}

/** @template T the type of the option. */
export interface TypedArgument<T> {
  readonly kind: Kind<unknown>;
  readonly summary: string;
  readonly more: Modifiers;
  readonly [VALUE]?: T;
}

export type Flags = Readonly<Record<string, TypedFlag<unknown>>>;
export type Arguments = Readonly<Record<string, TypedArgument<unknown>>>;

type ValueOf<F> = F extends TypedFlag<infer T> ? T : F extends TypedArgument<infer T> ? T : never;

/** The options of a command: one property for each argument and flag. */
export type Options<A, F> = { readonly [K in keyof A]: ValueOf<A[K]> } & { readonly [K in keyof F]: ValueOf<F[K]> };

/** A flag with a value. */
export const flag = <T, const M extends FlagModifiers = Record<never, never>>(
  kind: Kind<T>,
  summary: string,
  more?: M,
): TypedFlag<Given<T, M>> => ({ kind, summary, more: more ?? {} });

/** A flag without a value: true when it is given. A key that begins with `no` makes `--no-…`, which is true likewise. */
export const toggle = (
  summary: string,
  more: Pick<FlagModifiers, 'short' | 'env' | 'formerly'> = {},
): TypedFlag<boolean> => ({ kind: undefined, summary, more });

/** What stands without a flag's name; in the order of the object's keys. */
export const arg = <T, const M extends Modifiers = Record<never, never>>(
  kind: Kind<T>,
  summary: string,
  more?: M,
): TypedArgument<Given<T, M>> => ({ kind, summary, more: more ?? {} });

/** The same flag with another summary: what it is to this command. */
export const saying = <T>(one: TypedFlag<T>, summary: string): TypedFlag<T> => ({ ...one, summary });

/** `dryRun` → `--dry-run`. */
export const nameOf = (key: string): string => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
