import type * as z from 'zod';

declare const DATA: unique symbol;

/**
 * What a command prints under --json, declared once: `hybridctl schema`, docs/json.md and the tests read the schema, and
 * the compiler holds the command to its type.
 * @template J the type of the data.
 */
export interface JsonShape<J> {
  /** Printed as the field `version`. It rises when a field changes its meaning or goes; new fields leave it. */
  readonly version: number;
  /** The field with the list that `-o table` and `-o name` show; absent: the first that has anything in it. */
  readonly list?: string;
  /** Loads the schema. A command that runs does not need it, so that it costs no start anything. */
  load(): Promise<z.ZodType>;
  readonly [DATA]?: J;
}

/** Data is never changed once it is made, so read-only lists are as good as others. */
export type Frozen<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly unknown[]
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T extends object
      ? { readonly [K in keyof T]: Frozen<T[K]> }
      : T;

/** @param load imports the file with the schema: `async () => (await import('./json.ts')).routeStatus`. */
export const jsonShape = <S extends z.ZodType>(
  version: number,
  load: () => Promise<S>,
  more: Pick<JsonShape<unknown>, 'list'> = {},
): JsonShape<Frozen<z.output<S>>> => ({ version, load, ...more });
