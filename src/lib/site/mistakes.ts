import * as z from 'zod';
import type { SiteIssue } from '../domain/site.ts';
import { spelledToday } from '../core/spelling.ts';
import { nearest, show } from '../core/words.ts';

/** Nobody fixes more at a time, and explaining a hundred thousand of them would take minutes. */
export const MOST = 200;

type Path = SiteIssue['path'];

/** Where a pasted key would stand: the value of these is never repeated in a message. */
const QUIET = ['psk_file', 'bgp_password_file'];

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys and values',
};

/** The schema's findings in our own words. @param input what was parsed, for the values the messages show. */
export const schemaMistakes = (
  schema: z.ZodType,
  input: unknown,
  issues: readonly z.core.$ZodIssue[],
): readonly SiteIssue[] =>
  issues.flatMap((issue) => {
    const path = issue.path as Path;
    return issue.code === 'unrecognized_keys'
      ? unknownKeys(issue.keys, keysAt(schema, path, input)).map(([key, message]) => ({
          path: [...path, key],
          message,
        }))
      : [{ path, message: sentence(issue, valueAt(input, path), QUIET.includes(String(path.at(-1)))) }];
  });

const unknownKeys = (keys: readonly string[], known: readonly string[]): readonly (readonly [string, string])[] =>
  keys.slice(0, MOST).map((key) => {
    const near = nearest(key, known);
    return [
      key,
      `is not a key here: ${near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`}`,
    ];
  });

const sentence = (issue: z.core.$ZodIssue, value: unknown, quiet: boolean): string => {
  const shown = quiet ? 'the value' : show(value);
  const scalar = value !== undefined && value !== null && typeof value !== 'object';
  switch (issue.code) {
    case 'invalid_type': {
      const kind = KINDS[issue.expected] ?? issue.expected;
      if (value === undefined) return `is missing: add it (${kind})`;
      if (value === null) return `is empty: give ${kind}`;
      if (issue.expected === 'string' && scalar) return `${shown} must be text: put it in quotes`;
      return `${shown} does not fit: give ${kind}`;
    }
    case 'invalid_value': {
      const known = issue.values.map(String).filter((one) => spelledToday(one) === one);
      if (value === undefined) return `is missing: add it (${known.join(', ')})`;
      const near = typeof value === 'string' ? nearest(value, known) : undefined;
      return `${shown} is not known here: ${near === undefined ? `use ${known.join(', ')}` : `did you mean ${near}?`}`;
    }
    case 'too_small':
      return issue.origin === 'array'
        ? 'is an empty list: give at least one'
        : `${shown} is too small: ${issue.minimum} is the least`;
    case 'too_big':
      return `${shown} is too big: ${issue.maximum} is the most`;
    default:
      return value === undefined || value === null ? `is missing: it ${issue.message}` : `${shown} ${issue.message}`;
  }
};

const valueAt = (input: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, part)
        ? (value as Record<string | number, unknown>)[part]
        : undefined,
    input,
  );

/** The keys that the schema knows at a path; of a union, those of the member whose `kind` the input names. */
const keysAt = (schema: z.ZodType, path: Path, input: unknown): readonly string[] => {
  let at: unknown = schema;
  for (const [index, part] of [...path, undefined].entries()) {
    at = plain(at, valueAt(input, path.slice(0, index)));
    if (part === undefined) break;
    at = at instanceof z.ZodArray ? at.element : at instanceof z.ZodObject ? at.shape[part] : undefined;
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
};

const plain = (schema: unknown, value: unknown): unknown => {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return plain(schema.unwrap(), value);
  if (schema instanceof z.ZodPipe) return plain(schema.in, value);
  if (schema instanceof z.ZodDiscriminatedUnion) {
    return schema.options.find(
      (option) =>
        option instanceof z.ZodObject &&
        (option.shape['kind'] as z.ZodType).safeParse(valueAt(value, ['kind'])).success,
    );
  }
  return schema;
};
