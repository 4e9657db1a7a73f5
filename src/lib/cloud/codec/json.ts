import { JsonShapeDeserializer2, JsonShapeSerializer2 } from '@smithy/core/protocols';
import type { NormalizedSchema } from '@smithy/core/schema';
import { ApiError } from '../error.ts';
import type { Incoming, Protocol } from './protocol.ts';
import { inputOf, outputOf, routeOf, type OperationSchema } from './schema.ts';

const jsonIn = (body: string): unknown => {
  try {
    return JSON.parse(body === '' ? '{}' : body);
  } catch {
    throw new ApiError('SerializationException', 'The request body is not JSON.');
  }
};

const wrongType = (): ApiError => new ApiError('SerializationException', 'A value of the request has the wrong type.');

/** What both JSON protocols have in common. @param jsonName whether members may have another name on the wire. */
const json = (jsonName: boolean) => {
  // 7: epoch seconds, where a member has no format of its own
  const settings = { timestampFormat: { useTrait: true, default: 7 }, jsonName } as const;
  return {
    read(operation: OperationSchema, { body }: Incoming): Readonly<Record<string, unknown>> {
      const parsed = jsonIn(body);
      if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw wrongType();
      const schema = inputOf(operation);
      if (schema.isUnitSchema()) return {};
      try {
        const { __type: _ignored, ...members } = parsed as Record<string, unknown>;
        return new JsonShapeDeserializer2(settings).readObject(schema, members as never) as Readonly<
          Record<string, unknown>
        >;
      } catch {
        throw wrongType();
      }
    },
    write(schema: NormalizedSchema, output: unknown): string {
      if (schema.isUnitSchema()) return '{}';
      const serializer = new JsonShapeSerializer2(settings);
      serializer.write(schema, output ?? {});
      const text: string | Uint8Array = serializer.flush();
      // Not Buffer.from, which takes the SDK's bytes for a text: it warns of that on stderr.
      return typeof text === 'string' ? text : new TextDecoder().decode(text);
    },
    missing: (path: string): string =>
      `1 validation error detected: Value null at '${path}' failed to satisfy constraint: Member must not be null`,
  };
};

/** The operation in a header, a JSON object in and out. @param version 1.0 or 1.1; both are read alike. */
const awsJson = (version: '1.0' | '1.1'): Protocol => {
  const { read, write, missing } = json(false);
  return {
    contentType: `application/x-amz-json-${version}`,
    operation: ({ target }) => (typeof target === 'string' ? target.split('.')[1] : undefined),
    decode: read,
    encode: (operation, output) => ({ status: 200, text: write(outputOf(operation), output) }),
    error: (code, message) => JSON.stringify({ __type: code, message }),
    missing,
  };
};
export const AWS_JSON_10 = awsJson('1.0');
export const AWS_JSON_11 = awsJson('1.1');

const words = (path: string): readonly string[] =>
  path
    .replace(/\?.*$/, '')
    .split('/')
    .filter((word) => word !== '');

/** Lambda: method and path name the operation; path and query fill the input beside the body. */
export const REST_JSON: Protocol = (() => {
  const { read, write, missing } = json(true);
  const labels = (
    operation: OperationSchema,
    { method, path }: Incoming,
  ): Readonly<Record<string, string>> | undefined => {
    const [wanted, pattern] = routeOf(operation);
    const [given, route] = [words(path), words(pattern)];
    if (method !== wanted || given.length !== route.length) return undefined;
    const found: Record<string, string> = {};
    for (const [at, word] of route.entries()) {
      const label = /^\{(\w+)\+?\}$/.exec(word)?.[1];
      if (label === undefined && word !== given[at]) return undefined;
      if (label !== undefined) found[label] = decodeURIComponent(given[at]!);
    }
    return found;
  };
  return {
    contentType: 'application/json',
    operation: (incoming, operations) =>
      Object.keys(operations).find((name) => labels(operations[name]!, incoming) !== undefined),
    decode(operation, incoming) {
      const query = new URLSearchParams(incoming.query);
      const bound: Record<string, unknown> = { ...labels(operation, incoming) };
      for (const [name, member] of inputOf(operation).structIterator()) {
        const { httpQuery } = member.getMergedTraits() as { httpQuery?: string };
        const text = httpQuery === undefined ? null : query.get(httpQuery);
        if (text === null) continue;
        bound[name] = member.isNumericSchema() ? Number(text) : member.isBooleanSchema() ? text === 'true' : text;
      }
      return { ...read(operation, incoming), ...bound };
    },
    encode(operation, output) {
      const [, , usual] = routeOf(operation);
      const schema = outputOf(operation);
      if (schema.isUnitSchema()) return { status: usual, text: usual === 204 ? '' : '{}' };
      const members = { ...(output as Readonly<Record<string, unknown>>) };
      let status = usual;
      for (const [name, member] of schema.structIterator()) {
        if (!(member.getMergedTraits() as { httpResponseCode?: unknown }).httpResponseCode) continue;
        if (typeof members[name] === 'number') status = members[name];
        delete members[name];
      }
      return { status, text: status === 204 ? '' : write(schema, members) };
    },
    error: (_code, message) => JSON.stringify({ Type: 'User', Message: message, message }),
    errorHeaders: (code) => ({ 'x-amzn-errortype': code }),
    missing,
  };
})();
