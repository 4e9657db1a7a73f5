import * as z from 'zod';
import type { Command } from './command.ts';

/** As much of JSON Schema as zod's shapes need. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly [more: string]: unknown;
}

/** The printer puts `version` first into whatever object a command prints. */
const withVersion = (schema: JsonSchema, version: number): JsonSchema => {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return { ...schema, anyOf: alternatives.map((one) => withVersion(one, version)) };
  if (schema.properties === undefined) return schema;
  return {
    ...schema,
    properties: { version: { const: version, description: 'of this shape' }, ...schema.properties },
    required: ['version', ...(schema.required ?? [])],
  };
};

/** @returns the JSON Schema (draft 2020-12) of what a command prints under --json, or of each of its lines. */
export const jsonSchemaOf = async ({
  path,
  summary,
  json,
}: Pick<Command, 'path' | 'summary' | 'json'>): Promise<JsonSchema> => {
  if (json === undefined) throw new Error(`${path} declares no JSON`);
  const { $schema, ...made } = z.toJSONSchema(await json.load(), { io: 'output' }) as JsonSchema;
  return { $schema, title: `hybridctl ${path} --json`, description: summary, ...withVersion(made, json.version) };
};
