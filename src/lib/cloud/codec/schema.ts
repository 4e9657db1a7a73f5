import { NormalizedSchema } from '@smithy/core/schema';
import type { StaticOperationSchema } from '@smithy/types';

/**
 * The SDK's own description of an operation. Every client exports one for each operation (`CreateTopic$`); its shape is
 * read with the SDK's `NormalizedSchema`.
 */
export type OperationSchema = StaticOperationSchema;

/** What a service calls an operation: `CreateTopic`. */
export const nameOf = (operation: OperationSchema): string => operation[2];
export const inputOf = (operation: OperationSchema): NormalizedSchema => NormalizedSchema.of(operation[4]);
export const outputOf = (operation: OperationSchema): NormalizedSchema => NormalizedSchema.of(operation[5]);

/** `[method, path, status]` of an operation of a REST service. */
export const routeOf = (operation: OperationSchema): readonly [string, string, number] => {
  const traits = operation[3];
  const http = typeof traits === 'object' ? traits.http : undefined;
  if (http === undefined) throw new RangeError(`${nameOf(operation)} has no HTTP route`);
  return http as unknown as readonly [string, string, number];
};

/** The members of a structure that every request must have: the SDK lists them first and says how many they are. */
export const requiredIn = (schema: NormalizedSchema): readonly string[] => {
  const raw = schema.getSchema() as readonly unknown[];
  const count = raw[6];
  return typeof count === 'number' ? (raw[4] as readonly string[]).slice(0, count) : [];
};

/** What is said of a value that does not fit its schema. `path` is `Tags.0.Key`. */
export interface Misfits {
  readonly missing: (path: string) => Error;
  /** Required fields that may hold an empty word. */
  readonly mayBeEmpty?: readonly string[];
  readonly wrongType: (path: string, wanted: string) => Error;
  /** Left out: a field that the schema does not have is let through. */
  readonly unknown?: (path: string) => Error;
}

const kindOf = (schema: NormalizedSchema): string =>
  schema.isStringSchema()
    ? 'string'
    : schema.isBooleanSchema()
      ? 'boolean'
      : schema.isNumericSchema()
        ? 'number'
        : schema.isTimestampSchema()
          ? 'Date'
          : schema.isBlobSchema()
            ? 'Uint8Array'
            : 'object';

const isA = (kind: string, value: unknown): boolean =>
  kind === 'Date'
    ? value instanceof Date && !Number.isNaN(value.getTime())
    : kind === 'Uint8Array'
      ? value instanceof Uint8Array
      : kind === 'object' || typeof value === kind;

/** Compares a value with its schema, all the way down. @throws what `misfits` makes of the first difference. */
export const verify = (schema: NormalizedSchema, value: unknown, misfits: Misfits, path = ''): void => {
  const below = (key: string | number): string => (path === '' ? String(key) : `${path}.${key}`);
  if (schema.isUnitSchema() || schema.isDocumentSchema()) return;
  if (schema.isListSchema()) {
    if (!Array.isArray(value)) throw misfits.wrongType(path, 'list');
    const member = schema.getValueSchema();
    value.forEach((item, at) => verify(member, item, misfits, below(at)));
    return;
  }
  if (schema.isMapSchema() || schema.isStructSchema()) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw misfits.wrongType(path, 'object');
    const fields = value as Readonly<Record<string, unknown>>;
    if (schema.isMapSchema()) {
      const member = schema.getValueSchema();
      for (const [key, item] of Object.entries(fields)) verify(member, item, misfits, below(key));
      return;
    }
    for (const name of requiredIn(schema)) {
      // An empty word is as good as none, where a request must have one.
      const none = path === '' && fields[name] === '' && misfits.mayBeEmpty?.includes(name) !== true;
      if (fields[name] === undefined || none) throw misfits.missing(below(name));
    }
    const members = new Map(schema.structIterator());
    for (const [name, item] of Object.entries(fields)) {
      if (item === undefined) continue;
      const member = members.get(name);
      if (member !== undefined) verify(member, item, misfits, below(name));
      else if (misfits.unknown !== undefined) throw misfits.unknown(below(name));
    }
    return;
  }
  const kind = kindOf(schema);
  if (!isA(kind, value)) throw misfits.wrongType(path, kind);
};
