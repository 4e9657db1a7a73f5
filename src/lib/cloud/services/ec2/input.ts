import type { TagSpecification } from '@aws-sdk/client-ec2';
import type { OperationSchema } from '../../codec/schema.ts';
import { ApiError, invalidValue } from '../../error.ts';
import { op, type Call, type Carried } from '../../service.ts';
import type { Tags } from '../../tags.ts';

/** What EC2's operations have in common on the side of the request. */

/** A field of the input, or a part of one: `Options.StaticRoutesOnly`, `NetworkInterfaces.SubnetId`. */
export type Field<I> = Extract<keyof I, string> | `${Extract<keyof I, string>}.${string}`;

const refuseOthers = (value: unknown, fields: readonly string[], path: string): void => {
  if (Array.isArray(value)) {
    for (const item of value) refuseOthers(item, fields, path);
    return;
  }
  for (const [name, inner] of Object.entries(value as Readonly<Record<string, unknown>>)) {
    const at = path === '' ? name : `${path}.${name}`;
    if (inner === undefined || at === 'DryRun' || fields.includes(at)) continue;
    if (typeof inner !== 'object' || !fields.some((field) => field.startsWith(`${at}.`)))
      throw new ApiError('UnknownParameter', `The parameter ${at} is not recognized`);
    refuseOthers(inner, fields, at);
  }
};

/**
 * Refuses every field that the operation does not carry out: one that is dropped without a word is a promise that is
 * not kept. A field that is named stands for all its parts, unless parts of it are named.
 */
export const takes = <I, R>(
  schema: OperationSchema,
  fields: readonly Field<I>[],
  run: (input: I, cloud: Call) => NoInfer<R>,
): Carried<I, R> =>
  op<I, R>(schema, (input, cloud) => {
    refuseOthers(input, fields, '');
    return run(input, cloud);
  });

/** @throws ApiError where a field is not there that EC2 wants, though its schema does not say so. */
export const needed = <T>(value: T | undefined, name: string): T => {
  if (value === undefined || value === '')
    throw new ApiError('MissingParameter', `The request must contain the parameter ${name}`);
  return value;
};

/** @throws ApiError where a word is none of those that are taken. */
export const oneOf = <T extends string>(
  value: string | undefined,
  name: string,
  usual: T,
  ...others: readonly T[]
): T => {
  const given = value ?? usual;
  if (![usual, ...others].includes(given as T)) throw invalidValue(`Invalid value '${given}' for ${name}.`);
  return given as T;
};

interface ApiTag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** @throws ApiError where a tag has no key, or two have the same. */
export const uniqueTags = (list: readonly ApiTag[] | undefined): Tags => {
  const pairs = (list ?? []).map(({ Key, Value = '' }) => [needed(Key, 'Tag.Key'), Value] as const);
  if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw invalidValue('Duplicate tag keys are not allowed.');
  return Object.fromEntries(pairs);
};

/** Tags of a creation, by the kind of resource they are for. @param kinds what the operation makes. */
export const tagsByKind = <K extends string>(
  specifications: readonly TagSpecification[] | undefined,
  ...kinds: readonly K[]
): Readonly<Record<K, Tags>> => {
  const given = (specifications ?? []).map(
    ({ ResourceType, Tags: list }) =>
      [needed(ResourceType, 'TagSpecification.ResourceType'), uniqueTags(list)] as const,
  );
  const wrong = given.find(([kind]) => !kinds.includes(kind as never));
  if (wrong !== undefined)
    throw invalidValue(`'${wrong[0]}' is not a valid taggable resource type for this operation.`);
  if (new Set(given.map(([kind]) => kind)).size < given.length)
    throw invalidValue('Tag specifications must have unique resource types.');
  return Object.fromEntries(
    kinds.map((kind) => [kind, given.find(([other]) => other === (kind as string))?.[1] ?? {}]),
  ) as Record<K, Tags>;
};
