import { Readable } from 'node:stream';
import type { NormalizedSchema } from '@smithy/core/schema';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Incoming } from '../../../src/lib/cloud/codec/protocol.ts';
import { inputOf, outputOf, requiredIn, type OperationSchema } from '../../../src/lib/cloud/codec/schema.ts';
import { SERVICE_NAMES, serviceNamed } from '../../../src/lib/cloud/services/index.ts';

/**
 * Every operation that the embedded cloud serves, in both directions, against the SDK's own client: what its serializer
 * sends is read equal, and what is written its deserializer reads equal. Values come from the schemas.
 */

/** Packages whose clients speak to the services, by the name that requests are signed for. */
const CLIENTS: Readonly<Record<string, () => Promise<object>>> = {
  cloudformation: () => import('@aws-sdk/client-cloudformation'),
  directconnect: () => import('@aws-sdk/client-direct-connect'),
  ec2: () => import('@aws-sdk/client-ec2'),
  elasticloadbalancing: () => import('@aws-sdk/client-elastic-load-balancing-v2'),
  events: () => import('@aws-sdk/client-eventbridge'),
  iam: () => import('@aws-sdk/client-iam'),
  lambda: () => import('@aws-sdk/client-lambda'),
  logs: () => import('@aws-sdk/client-cloudwatch-logs'),
  monitoring: () => import('@aws-sdk/client-cloudwatch'),
  sns: () => import('@aws-sdk/client-sns'),
  sqs: () => import('@aws-sdk/client-sqs'),
  ssm: () => import('@aws-sdk/client-ssm'),
  sts: () => import('@aws-sdk/client-sts'),
};

/** Words that tell a broken escape: XML, form and JSON each have their own. */
const word = fc.oneof(
  fc.constantFrom('a', 'sg-1', '10.0.0.0/8', '<&>"\'', 'a b+c%20=&', 'größe ≠', '{"a":[1]}', 'true', '0'),
  fc
    .string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(...'abcXYZ019 .-_/:&<>%+=,') })
    .map((text) => text.trim() || 'x'),
);

/** Recursion ends: a structure may hold itself. */
const DEEP = 6;

/** No part is undefined, and no list is empty: the wire can not tell these from what is not there. */
const arbitraryOf = (schema: NormalizedSchema, depth: number): fc.Arbitrary<unknown> | undefined => {
  if (schema.isListSchema()) {
    const item = arbitraryOf(schema.getValueSchema(), depth + 1);
    return item === undefined ? undefined : fc.array(item, { minLength: 1, maxLength: 3 });
  }
  if (schema.isMapSchema()) {
    const item = arbitraryOf(schema.getValueSchema(), depth + 1);
    return item === undefined
      ? undefined
      : fc.dictionary(
          word.filter((key) => key !== '__proto__'),
          item,
          { minKeys: 1, maxKeys: 3, noNullPrototype: true },
        );
  }
  if (schema.isUnionSchema() || schema.isDocumentSchema() || schema.isStreaming()) return undefined;
  if (schema.isStructSchema()) {
    if (depth > DEEP) return undefined;
    const members: Record<string, fc.Arbitrary<unknown>> = {};
    for (const [name, member] of schema.structIterator()) {
      const value = arbitraryOf(member, depth + 1);
      if (value !== undefined) members[name] = value;
    }
    const names = Object.keys(members);
    if (names.length === 0) return undefined;
    // A few members at a time: some structures have fifty.
    return fc
      .subarray(names, { minLength: 1, maxLength: Math.min(names.length, 5) })
      .map((chosen) => [...new Set([...requiredIn(schema).filter((name) => name in members), ...chosen])])
      .chain((chosen) => fc.record(Object.fromEntries(chosen.map((name) => [name, members[name]!]))));
  }
  if (schema.isBooleanSchema()) return fc.boolean();
  if (schema.isNumericSchema()) return fc.integer({ min: -1_000_000, max: 1_000_000 });
  if (schema.isTimestampSchema()) return fc.integer({ min: 1, max: 4_000_000_000 }).map((s) => new Date(s * 1_000));
  if (schema.isBlobSchema()) return fc.uint8Array({ minLength: 1, maxLength: 9 });
  if (schema.isStringSchema()) return word;
  return undefined;
};

/** What is not to be left to chance: labels of a path, and the status of an answer. */
const labelsOf = (schema: NormalizedSchema): Readonly<Record<string, string | number>> =>
  schema.isUnitSchema()
    ? {}
    : Object.fromEntries(
        [...schema.structIterator()].flatMap(([name, member]): [string, string | number][] => {
          const { httpLabel, httpResponseCode } = member.getMergedTraits() as Record<string, unknown>;
          return httpLabel ? [[name, 'name']] : httpResponseCode ? [[name, 202]] : [];
        }),
      );

/** Members that travel in a header: none of the operations that are served reads one. */
const withoutHeaders = (schema: NormalizedSchema, value: Record<string, unknown>): Record<string, unknown> =>
  schema.isUnitSchema()
    ? {}
    : Object.fromEntries(
        Object.entries(value).filter(([name]) => {
          const traits = schema.getMemberSchema(name).getMergedTraits() as Record<string, unknown>;
          return traits['httpHeader'] === undefined && traits['httpQueryParams'] === undefined;
        }),
      );

const inputs = (schema: NormalizedSchema): fc.Arbitrary<Record<string, unknown>> =>
  (schema.isUnitSchema() ? fc.constant({}) : (arbitraryOf(schema, 0) ?? fc.constant({}))).map((value) =>
    withoutHeaders(schema, { ...(value as Record<string, unknown>), ...labelsOf(schema) }),
  );

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

interface SdkProtocol {
  serializeRequest(operation: object, input: object, context: object): Promise<Sent>;
  deserializeResponse(operation: object, context: object, response: object): Promise<Record<string, unknown>>;
}

/** The protocol object of the service's own client. */
const sdkOf = async (name: string) => {
  const module = (await CLIENTS[name]!()) as Record<string, unknown>;
  const Client = Object.entries(module).find(([key]) => /Client$/.test(key) && key !== '__Client')![1] as new (
    options: object,
  ) => { config: { protocol: SdkProtocol } & Record<string, unknown> };
  const { config } = new Client({ region: 'cn-north-1', endpoint: 'http://127.0.0.1:1' });
  const endpoint = async () => ({ protocol: 'http:', hostname: '127.0.0.1', port: 1, path: '/' });
  const { protocol } = config;
  const named = (operation: OperationSchema) => ({
    name: operation[2],
    namespace: operation[1],
    traits: operation[3],
    input: operation[4],
    output: operation[5],
  });
  return {
    serialize: (operation: OperationSchema, input: object) =>
      protocol.serializeRequest(named(operation), structuredClone(input), { ...config, endpoint }),
    async deserialize(operation: OperationSchema, status: number, text: string) {
      const response = { statusCode: status, headers: {}, body: Readable.from([Buffer.from(text)]) };
      const { $metadata: _ignored, ...output } = await protocol.deserializeResponse(
        named(operation),
        { ...config, endpoint },
        response,
      );
      return output;
    },
  };
};

const incomingOf = ({ method, path, query = {}, headers, body }: Sent): Incoming => ({
  method,
  path,
  query: new URLSearchParams(
    Object.entries(query).flatMap(([key, value]) => [value].flat().map((one) => [key, one] as [string, string])),
  ).toString(),
  body: typeof body === 'string' ? body : Buffer.from(body ?? new Uint8Array()).toString('utf8'),
  target: headers['x-amz-target'],
});

/** Blobs as text, so that one kind of bytes equals another; what is undefined is not there. */
const plain = (value: unknown): unknown =>
  value instanceof Uint8Array
    ? Buffer.from(value).toString('base64')
    : value instanceof Date
      ? value.toISOString()
      : Array.isArray(value)
        ? value.map(plain)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, plain(item)]])),
            )
          : value;

const RUNS = { numRuns: 15, seed: 12 };

describe.each(SERVICE_NAMES)('%s', (name) => {
  test('reads what the SDK sends', async () => {
    const [service, sdk] = [await serviceNamed(name), await sdkOf(name)];
    for (const [operation, schema] of Object.entries(service.schemas))
      await fc.assert(
        fc.asyncProperty(inputs(inputOf(schema)), async (input) => {
          const incoming = incomingOf(await sdk.serialize(schema, input));
          expect(service.protocol.operation(incoming, service.schemas)).toBe(operation);
          const read = service.protocol.decode(schema, incoming) as Record<string, unknown>;
          // The SDK makes up a token where none is given.
          for (const [key, member] of inputOf(schema).structIterator())
            if (member.isIdempotencyToken() && input[key] === undefined) delete read[key];
          expect(plain(read)).toEqual(plain(input));
        }),
        RUNS,
      );
  });

  test('writes what the SDK reads', async () => {
    const [service, sdk] = [await serviceNamed(name), await sdkOf(name)];
    for (const schema of Object.values(service.schemas))
      await fc.assert(
        fc.asyncProperty(inputs(outputOf(schema)), async (output) => {
          const { status, text } = service.protocol.encode(schema, output, 'request-id');
          const empty = status === 204 ? {} : output;
          expect(plain(await sdk.deserialize(schema, status, text))).toEqual(plain(empty));
        }),
        RUNS,
      );
  });
});
