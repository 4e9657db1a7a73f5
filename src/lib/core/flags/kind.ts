import { HybridError, usageError } from '../errors.ts';
import { show } from '../words.ts';

/** What a kind may need besides the text itself. */
export interface ParseContext {
  /** Wall time, ms: an age such as `24h` is counted back from it. */
  readonly now: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * One kind of value: how it is shown, read, completed and explained. Help, completion and docs/ come from it, so they
 * cannot say different things.
 */
export interface Kind<T> {
  /** Between `<` and `>` in the help: `duration`. */
  readonly placeholder: string;
  /** One line for docs/: what may be written. Absent: any text. */
  readonly words?: string;
  /** All the values there are, where they are few: shown in help, completed, and the only ones accepted. */
  readonly choices?: readonly string[];
  /** What the shell offers; `files` are names of files. Absent: the choices. */
  readonly completion?: readonly string[] | 'files';
  /**
   * @param text as typed.
   * @throws usage error of one line that says what to write instead; the caller adds the name of the flag.
   */
  parse(text: string, context: ParseContext): T;
}

/** @returns the usage error that says what a value is not, and how to write it. */
export const refused = (text: string, what: string, like: string): HybridError =>
  usageError(text === '' ? `is empty: write it like ${like}` : `${show(text)} is not ${what}: write it like ${like}`);

/** Runs a parser and names the flag, the variable or the argument that a refusal is about. */
export const parseNamed = <T>(kind: Kind<T>, text: string, context: ParseContext, field: string): T => {
  try {
    return kind.parse(text, context);
  } catch (error) {
    if (error instanceof HybridError && error.field === undefined)
      throw new HybridError(error.exit, error.message, { next: error.next, more: error.more, field, cause: error });
    throw error;
  }
};

/**
 * The first of these variables that is set, read as a flag would be; an empty one counts as not set.
 * @throws usage error that names the variable.
 */
export const parseVariable = <T>(
  kind: Kind<T>,
  { env, clock }: { readonly env: ParseContext['env']; readonly clock: { now(): number } },
  names: readonly string[],
): T | undefined => {
  const name = names.find((one) => (env[one] ?? '') !== '');
  return name === undefined ? undefined : parseNamed(kind, env[name]!, { env, now: clock.now() }, name);
};
