import { describe, expect, test } from 'vitest';
import { GROUPS } from '../src/commands/registry.ts';
import { jsonSchemaOf, type JsonSchema } from '../src/lib/core/json-schema.ts';

const commands = (await Promise.all(GROUPS.map((group) => group.load())))
  .flat()
  .filter(({ hidden }) => hidden !== true);

/** Print another thing than data of ours. */
const NO_DATA: Readonly<Record<string, string>> = {
  completion: 'a script of a shell',
  'config schema': 'JSON Schema itself',
  schema: 'JSON Schema itself',
};

/** Whole groups that have none yet: the list only shrinks. */
const LATER = ['drill', 'lab', 'route', 'status', 'vpn', 'dx vif key'];

describe('every command that prints --json declares its shape', () => {
  test('none is left out, and none of the exceptions has one', () => {
    expect(
      commands
        .filter(({ json }) => json === undefined)
        .map(({ path }) => path)
        .filter((path) => !LATER.some((one) => path === one || path.startsWith(`${one} `)))
        .toSorted(),
    ).toEqual(Object.keys(NO_DATA).toSorted());
  });
});

interface Field {
  readonly path: string;
  readonly name: string;
  readonly schema: JsonSchema;
}

/** Every field of a schema, however deep. */
const fieldsOf = (schema: JsonSchema, path = ''): readonly Field[] => [
  ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    { path: `${path}.${name}`, name, schema: field },
    ...fieldsOf(field, `${path}.${name}`),
  ]),
  ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((one) => fieldsOf(one, path)),
  ...(schema.items === undefined ? [] : fieldsOf(schema.items, `${path}[]`)),
  ...(typeof schema.additionalProperties === 'object' ? fieldsOf(schema.additionalProperties, `${path}.*`) : []),
];

/** A field's kinds: of `text or null` both. */
const kindsOf = (schema: JsonSchema): readonly JsonSchema[] =>
  schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap(kindsOf);

const isA =
  (...types: readonly string[]) =>
  (schema: JsonSchema): boolean =>
    kindsOf(schema).some(({ type }) =>
      types.some((one) => type === one || (Array.isArray(type) && type.includes(one))),
    );

const isNumber = isA('number', 'integer');
const isText = isA('string');

const MOMENT = /^(at|since|began|ended|\w+(At|Since)|notBefore|notAfter|expires)$/;
const DURATION = /^(age|took|elapsed|rtt|interval|delay|duration|timeout|\w+(Age|Interval|Elapsed|Timeout|For|In))$/;

const rules: readonly { readonly rule: string; readonly broken: (field: Field) => boolean }[] = [
  {
    rule: 'a moment is ISO 8601 with its offset',
    broken: ({ name, schema }) =>
      MOMENT.test(name) &&
      (isNumber(schema) ||
        kindsOf(schema).some((one) => isText(one) && one.enum === undefined && one.format !== 'date-time')),
  },
  {
    rule: 'a duration is a number with its unit in the name',
    broken: ({ name, schema }) =>
      (DURATION.test(name) && isNumber(schema)) ||
      (/\w(Ms|Seconds)$/.test(name) && !isNumber(schema) && schema.properties === undefined) ||
      /[a-z]S$/.test(name),
  },
  {
    rule: 'loss is a share from 0 to 1',
    broken: ({ name, schema }) =>
      /percent/i.test(name) ||
      (/^loss$/i.test(name) && isNumber(schema) && !kindsOf(schema).some(({ maximum }) => maximum === 1)),
  },
  {
    rule: 'a table is its id and its name',
    broken: ({ name, schema }) =>
      name === 'table' && !kindsOf(schema).some(({ properties }) => properties?.['id'] && properties['name']),
  },
  { rule: 'site is a name', broken: ({ name, schema }) => name === 'site' && !isText(schema) },
  { rule: 'level is one of a few words', broken: ({ name, schema }) => name === 'severity' && isText(schema) },
  { rule: 'next is one line', broken: ({ name, schema }) => name === 'next' && !isText(schema) },
];

describe('a field means the same in every command', () => {
  test.each(rules.map(({ rule, broken }) => [rule, broken] as const))('%s', async (_, broken) => {
    const found = await Promise.all(
      commands
        .filter(({ json }) => json !== undefined)
        .map(async (command) =>
          fieldsOf(await jsonSchemaOf(command))
            .filter(broken)
            .map(({ path }) => `${command.path}: ${path}`),
        ),
    );
    expect(found.flat()).toEqual([]);
  });
});
