import type { Filter } from '@aws-sdk/client-ec2';
import { ApiError } from '../../error.ts';

/** What can be filtered on, by filter name. */
export type Fields = Readonly<Record<string, readonly (string | undefined)[]>>;

/** `*` and `?` are wildcards in filter values. */
const pattern = (value: string): RegExp =>
  new RegExp(
    `^${value
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  );

/** The part of a Describe call's input that says which items are meant. */
export interface Wanted {
  readonly Filters?: readonly Filter[] | undefined;
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

export interface Query<T> {
  /** Ids that the call names; each must be there. */
  readonly ids?: readonly string[] | undefined;
  readonly absent: (id: string) => ApiError;
  readonly id: (item: T) => string;
  readonly fields: (item: T) => Fields;
  /** Filtered on by `tag:KEY` and `tag-key`. */
  readonly tags?: (item: T) => Readonly<Record<string, string>>;
}

/** The most items in one answer, whatever MaxResults says. */
const PAGE = 100;

/** All items that a call means. @throws ApiError at an id that is not there and at a filter that EC2 does not have. */
export const matching = <T>(
  { Filters = [] }: Wanted,
  all: readonly T[],
  { ids = [], absent, id, fields, tags }: Query<T>,
): readonly T[] => {
  const unknown = ids.find((wanted) => !all.some((item) => id(item) === wanted));
  if (unknown !== undefined) throw absent(unknown);
  const filters = Filters.map(({ Name = '', Values = [] }) => ({ name: Name, values: Values.map(pattern) }));
  return all.filter(
    (item) =>
      (ids.length === 0 || ids.includes(id(item))) &&
      filters.every((filter) => fits(filter, fields(item), tags?.(item))),
  );
};

/** One page of them. Pages continue by offset, so the token carries it. */
export const select = <T>(
  input: Wanted,
  all: readonly T[],
  query: Query<T>,
): { readonly items: readonly T[]; readonly NextToken: string | undefined } => {
  const found = matching(input, all, query);
  const offset = offsetOf(input);
  const next = offset + pageSize(input);
  return {
    items: found.slice(offset, next),
    NextToken: next < found.length ? Buffer.from(`offset:${next}`).toString('base64') : undefined,
  };
};

const fits = (
  { name, values }: { readonly name: string; readonly values: readonly RegExp[] },
  fields: Fields,
  tags: Readonly<Record<string, string>> | undefined,
): boolean => {
  const field =
    tags !== undefined && name.startsWith('tag:')
      ? Object.entries(tags).flatMap(([key, value]) => (key === name.slice(4) ? [value] : []))
      : tags !== undefined && name === 'tag-key'
        ? Object.keys(tags)
        : fields[name];
  if (field === undefined) throw new ApiError('InvalidParameterValue', `The filter '${name}' is invalid`);
  return field.some((value) => value !== undefined && values.some((wanted) => wanted.test(value)));
};

const pageSize = ({ MaxResults }: Wanted): number => {
  if (MaxResults === undefined) return PAGE;
  if (!Number.isInteger(MaxResults) || MaxResults < 5 || MaxResults > 1000)
    throw new ApiError(
      'InvalidParameterValue',
      `Value ( ${MaxResults} ) for parameter maxResults is invalid. Expecting a value greater than or equal to 5.`,
    );
  return Math.min(MaxResults, PAGE);
};

const offsetOf = ({ NextToken }: Wanted): number => {
  if (NextToken === undefined) return 0;
  const offset = /^offset:(\d+)$/.exec(Buffer.from(NextToken, 'base64').toString('latin1'))?.[1];
  if (offset === undefined) throw new ApiError('InvalidParameterValue', 'Unable to parse pagination token');
  return Number(offset);
};
