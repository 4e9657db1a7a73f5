import { XMLBuilder } from 'fast-xml-parser';
import { ApiError } from './error.ts';

/**
 * What goes over the wire. EC2's query protocol and the older services' own: a form body with `Action` and flattened
 * parameters in, XML out; the JSON protocol: the operation in a header, a JSON object in and out.
 * Source: "EC2 Query API" in the EC2 developer guide, and Smithy's `aws.protocols#ec2Query`, `#awsQuery` and
 * `#awsJson1_1`.
 */

export type Params = ReadonlyMap<string, string>;
export type Json = Readonly<Record<string, unknown>>;

/** Elements by name; lists are made with `set`. undefined leaves an element out. */
export type Xml = {
  readonly [element: string]: Xml | readonly Xml[] | readonly string[] | string | number | boolean | undefined;
};

/** One request, before anything of it is understood. */
export interface Incoming {
  readonly method: string;
  /** As it was sent, still encoded. */
  readonly path: string;
  readonly query: string;
  readonly body: string;
  /** `X-Amz-Target`. */
  readonly target: string | string[] | undefined;
}

export interface Protocol {
  readonly contentType: string;
  /** undefined: the request names none. */
  operation(incoming: Incoming): string | undefined;
  /** @throws ApiError on a body that is none. */
  input(incoming: Incoming): { readonly params: Params; readonly json: Json };
  answer(operation: string, requestId: string, body: Xml): string;
  error(code: string, message: string, requestId: string): string;
  /** Where the code of an error travels in a header too. */
  errorHeaders?(code: string): Readonly<Record<string, string>>;
}

/** A document inside an answer, as text. */
export const document = (root: Xml): string => PROLOGUE + builder.build(root);

const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@', suppressEmptyNode: true });
const PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>\n';

export const parseForm = (body: string): Params => new Map(new URLSearchParams(body));
const formOf = ({ method, query, body }: Incoming): Params => parseForm(method === 'GET' ? query : body);

const form = {
  contentType: 'text/xml;charset=UTF-8',
  operation: (incoming: Incoming) => optional(formOf(incoming), 'Action'),
  input: (incoming: Incoming) => ({ params: formOf(incoming), json: {} }),
};

export const EC2_QUERY: Protocol = {
  ...form,
  answer: (operation, requestId, body) =>
    PROLOGUE +
    builder.build({
      [`${operation}Response`]: { '@xmlns': 'http://ec2.amazonaws.com/doc/2016-11-15/', requestId, ...body },
    }),
  error: (code, message, requestId) =>
    PROLOGUE +
    builder.build({ Response: { Errors: { Error: { Code: code, Message: message } }, RequestID: requestId } }),
};

/** IAM, STS, CloudFormation. @param namespace of its documents. Lists are made with `members`. */
export const awsQuery = (namespace: string): Protocol => ({
  ...form,
  answer: (operation, requestId, body) =>
    PROLOGUE +
    builder.build({
      [`${operation}Response`]: {
        '@xmlns': namespace,
        [`${operation}Result`]: body,
        ResponseMetadata: { RequestId: requestId },
      },
    }),
  error: (code, message, requestId) =>
    PROLOGUE +
    builder.build({
      ErrorResponse: {
        '@xmlns': namespace,
        Error: { Type: 'Sender', Code: code, Message: message },
        RequestId: requestId,
      },
    }),
});

/** Systems Manager, Direct Connect, EventBridge; in its version 1.0 CloudWatch and SQS. */
export const AWS_JSON: Protocol = {
  contentType: 'application/x-amz-json-1.1',
  operation: ({ target }) => (typeof target === 'string' ? target.split('.')[1] : undefined),
  input({ body }) {
    try {
      return { params: new Map(), json: JSON.parse(body === '' ? '{}' : body) as Json };
    } catch {
      throw new ApiError('SerializationException', 'The request body is not JSON.');
    }
  },
  answer: (_operation, _requestId, body) => JSON.stringify(body),
  error: (code, message) => JSON.stringify({ __type: code, message }),
};
export const AWS_JSON_10: Protocol = { ...AWS_JSON, contentType: 'application/x-amz-json-1.0' };

/** An operation of a REST service: where it is, `{Name}` for a word that becomes a field of the input. */
export interface RestRoute {
  readonly method: string;
  readonly path: string;
}

/**
 * Lambda (Smithy's `aws.protocols#restJson1`): method and path name the operation, path and query fill the input beside
 * the body.
 */
export const restJson = (routes: Readonly<Record<string, RestRoute>>): Protocol => {
  const match = ({ method, path }: Incoming): { readonly operation: string; readonly words: Json } | undefined => {
    for (const [operation, route] of Object.entries(routes)) {
      if (route.method !== method) continue;
      const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
      const found = new RegExp(`^${route.path.replace(/\{\w+\}/g, '([^/]+)')}/?$`).exec(path);
      if (found !== null)
        return {
          operation,
          words: Object.fromEntries(names.map((name, at) => [name, decodeURIComponent(found[at + 1]!)])),
        };
    }
    return undefined;
  };
  return {
    contentType: 'application/json',
    operation: (incoming) => match(incoming)?.operation,
    input: (incoming) => ({
      params: new Map(),
      json: {
        ...AWS_JSON.input(incoming).json,
        ...Object.fromEntries(new URLSearchParams(incoming.query)),
        ...match(incoming)?.words,
      },
    }),
    answer: (_operation, _requestId, body) => JSON.stringify(body),
    error: (_code, message) => JSON.stringify({ Type: 'User', Message: message, message }),
    errorHeaders: (code) => ({ 'x-amzn-errortype': code }),
  };
};

/** `routeSet: set(routes)` gives `<routeSet><item>…</item></routeSet>`, or an empty element. */
export const set = (items: readonly Xml[] | readonly string[]): Xml | string =>
  items.length === 0 ? '' : { item: items };

/** The same for the older services: `<Roles><member>…</member></Roles>`. */
export const members = (items: readonly Xml[] | readonly string[]): Xml | string =>
  items.length === 0 ? '' : { member: items };

export const optional = (params: Params, name: string): string | undefined => {
  const value = params.get(name);
  return value === '' ? undefined : value;
};

export const required = (params: Params, name: string): string => {
  const value = optional(params, name);
  if (value === undefined) throw new ApiError('MissingParameter', `The request must contain the parameter ${name}`);
  return value;
};

export const yes = (params: Params, name: string): boolean => params.get(name)?.toLowerCase() === 'true';

/** `Name.1`, `Name.2`, … in the order of their numbers. */
export const list = (params: Params, name: string): readonly string[] =>
  [...params]
    .flatMap(([key, value]) =>
      key.startsWith(`${name}.`) && /^\d+$/.test(key.slice(name.length + 1))
        ? [{ at: Number(key.slice(name.length + 1)), value }]
        : [],
    )
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);

/** What can be filtered on, by filter name. */
export type Fields = Readonly<Record<string, readonly (string | undefined)[]>>;

interface Filter {
  readonly name: string;
  readonly values: readonly RegExp[];
}

/** `*` and `?` are wildcards in filter values. */
const pattern = (value: string): RegExp =>
  new RegExp(
    `^${value
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  );

const filtersOf = (params: Params): readonly Filter[] =>
  [...params.keys()]
    .flatMap((key) => /^Filter\.(\d+)\.Name$/.exec(key)?.[1] ?? [])
    .map((at) => ({ name: params.get(`Filter.${at}.Name`)!, values: list(params, `Filter.${at}.Value`).map(pattern) }));

export interface Query<T> {
  /** Parameter that selects by id, e.g. `RouteTableId`, and the error when there is no such id. */
  readonly idParameter: string;
  readonly absent: (id: string) => ApiError;
  readonly id: (item: T) => string;
  readonly fields: (item: T) => Fields;
  /** Filtered on by `tag:KEY` and `tag-key`. */
  readonly tags?: (item: T) => Readonly<Record<string, string>>;
  /** The call has no pages: it answers with all there is. */
  readonly whole?: true;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken: string | undefined;
}

/** The most items in one answer, whatever MaxResults says. */
const PAGE = 100;

/** Ids, filters and paging, the same for every Describe call. Pages continue by offset, so the token carries it. */
export const select = <T>(
  params: Params,
  all: readonly T[],
  { idParameter, absent, id, fields, tags, whole }: Query<T>,
): Page<T> => {
  const ids = list(params, idParameter);
  const unknown = ids.find((wanted) => !all.some((item) => id(item) === wanted));
  if (unknown !== undefined) throw absent(unknown);
  const filters = filtersOf(params);
  const found = all.filter(
    (item) =>
      (ids.length === 0 || ids.includes(id(item))) &&
      filters.every((filter) => matches(filter, fields(item), tags?.(item))),
  );
  if (whole === true) return { items: found, nextToken: undefined };
  const size = pageSize(params);
  const offset = offsetOf(params);
  const next = offset + size;
  return {
    items: found.slice(offset, next),
    nextToken: next < found.length ? Buffer.from(`offset:${next}`).toString('base64') : undefined,
  };
};

const matches = (
  { name, values }: Filter,
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

const pageSize = (params: Params): number => {
  const text = optional(params, 'MaxResults');
  if (text === undefined) return PAGE;
  const size = Number(text);
  if (!Number.isInteger(size) || size < 5 || size > 1000)
    throw new ApiError(
      'InvalidParameterValue',
      `Value ( ${text} ) for parameter maxResults is invalid. Expecting a value greater than or equal to 5.`,
    );
  return Math.min(size, PAGE);
};

const offsetOf = (params: Params): number => {
  const token = optional(params, 'NextToken');
  if (token === undefined) return 0;
  const offset = /^offset:(\d+)$/.exec(Buffer.from(token, 'base64').toString('latin1'))?.[1];
  if (offset === undefined) throw new ApiError('InvalidParameterValue', 'Unable to parse pagination token');
  return Number(offset);
};
