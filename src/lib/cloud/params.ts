import type { Action } from './actions.ts';
import { list, optional, required, set, type Params, type Xml } from './protocol.ts';
import { ApiError, invalidValue } from './error.ts';
import type { Tags } from './tags.ts';

/** Filters of a Describe call. */
export const FILTERS = ['Filter.#.Name', 'Filter.#.Value.#'] as const;
export const PAGES = ['MaxResults', 'NextToken'] as const;
/** Tags that come with a creation. */
export const TAGGED = [
  'TagSpecification.#.ResourceType',
  'TagSpecification.#.Tag.#.Key',
  'TagSpecification.#.Tag.#.Value',
] as const;
const ALWAYS = ['Action', 'Version', 'DryRun'];

/**
 * Refuses every parameter that the action does not carry out: one that is dropped without a word is a promise that is
 * not
 * kept. @param names with `#` for the numbers of a list: `TagSpecification.#.ResourceType`.
 */
export const takes = (names: readonly string[], run: Action): Action => {
  const known = new Set([...ALWAYS, ...names]);
  return (call) => {
    const unknown = [...call.params.keys()].find((name) => !known.has(name.replace(/\.\d+(?=\.|$)/g, '.#')));
    if (unknown !== undefined) throw new ApiError('UnknownParameter', `The parameter ${unknown} is not recognized`);
    return run(call);
  };
};

/**
 * The items of a list of structures, each with its own parameters: `IpPermissions.2.FromPort` is `FromPort` of the
 * second.
 */
export const structures = (params: Params, name: string): readonly Params[] => {
  const items = new Map<number, Map<string, string>>();
  for (const [key, value] of params) {
    const [, at, rest] = key.startsWith(`${name}.`) ? (/^(\d+)\.(.+)$/.exec(key.slice(name.length + 1)) ?? []) : [];
    if (at === undefined || rest === undefined) continue;
    const item = items.get(Number(at)) ?? new Map<string, string>();
    items.set(Number(at), item.set(rest, value));
  }
  return [...items].sort(([a], [b]) => a - b).map(([, item]) => item);
};

/** The parameters of one structure: `MetadataOptions.HttpTokens` is its `HttpTokens`. */
export const structure = (params: Params, name: string): Params =>
  new Map(
    [...params].flatMap(([key, value]) =>
      key.startsWith(`${name}.`) ? [[key.slice(name.length + 1), value] as const] : [],
    ),
  );

/** @throws ApiError where it is no whole number. */
export const numberIn = (params: Params, name: string): number | undefined => {
  const text = optional(params, name);
  if (text === undefined) return undefined;
  if (!/^-?\d{1,12}$/.test(text)) throw invalidValue(`Invalid value '${text}' for ${name}. It is not an integer.`);
  return Number(text);
};

/** @throws ApiError where it is neither `true` nor `false`. */
export const flagIn = (params: Params, name: string): boolean | undefined => {
  const text = optional(params, name)?.toLowerCase();
  if (text === undefined) return undefined;
  if (text !== 'true' && text !== 'false')
    throw invalidValue(`Invalid value '${text}' for ${name}. It is not a boolean.`);
  return text === 'true';
};

/** `Tag.1.Key`, `Tag.1.Value`, … */
export const tagsIn = (params: Params): Tags => {
  const pairs = structures(params, 'Tag').map((tag) => [required(tag, 'Key'), tag.get('Value') ?? ''] as const);
  if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw invalidValue('Duplicate tag keys are not allowed.');
  return Object.fromEntries(pairs);
};

/** Tags of a creation, by the kind of resource they are for. @param kinds what the action makes. */
export const tagsByKind = <K extends string>(params: Params, ...kinds: readonly K[]): Readonly<Record<K, Tags>> => {
  const given = structures(params, 'TagSpecification').map(
    (item) => [required(item, 'ResourceType'), tagsIn(item)] as const,
  );
  const wrong = given.find(([kind]) => !kinds.includes(kind as K));
  if (wrong !== undefined)
    throw invalidValue(`'${wrong[0]}' is not a valid taggable resource type for this operation.`);
  if (new Set(given.map(([kind]) => kind)).size < given.length)
    throw invalidValue('Tag specifications must have unique resource types.');
  return Object.fromEntries(kinds.map((kind) => [kind, given.find(([other]) => other === kind)?.[1] ?? {}])) as Record<
    K,
    Tags
  >;
};

/** @throws ApiError at an empty list. */
export const someOf = (params: Params, name: string): readonly string[] => {
  const values = list(params, name);
  if (values.length === 0) throw new ApiError('MissingParameter', `The request must contain the parameter ${name}`);
  return values;
};

export const tagSet = (tags: Tags): Xml | string => set(Object.entries(tags).map(([key, value]) => ({ key, value })));
