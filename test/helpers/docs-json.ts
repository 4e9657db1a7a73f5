import type { Command } from '../../src/lib/core/command.ts';
import { jsonSchemaOf, type JsonSchema } from '../../src/lib/core/json-schema.ts';

const INTRO = `# The JSON of every command

\`--json\` (or \`-o json\`) prints one object on stdout, in the shape below; \`hybridctl schema <command>\` prints the same as JSON Schema
for programs. A command that goes on printing (a stream) prints one such object a line. Progress and errors go to stderr.

- \`version\` is the version of the shape. It rises when a field changes its meaning or goes. New fields leave it, so a program
  should not mind fields that it does not know.
- Times are ISO 8601 with their offset. Numbers carry their unit in the name: \`apiMs\`, \`ageSeconds\`, \`sizeBytes\`. Loss is a share from 0 to 1.
- \`site\` is the site's name, \`link\` a link's name, \`table\` a route table as \`{ id, name }\`, \`next\` the one thing to do.
- A field that has no value is null where it is always there, and left out where it is marked "may be left out".
- \`-o yaml\` prints the same data as YAML, \`-o table\` its list as columns, \`-o name\` the names of that list, one a line;
  \`--jq '.routes[].link'\` what jq 1.8 makes of it (text without quotes).

An error is an object on stderr:

| field | type | what |
|---|---|---|
| \`error.exit\` | integer | the exit code, see [README.md](README.md) |
| \`error.code\` | string, may be left out | the cloud's own code, such as \`RequestLimitExceeded\` |
| \`error.message\` | string | what happened |
| \`error.field\` | string, may be left out | the flag, file or thing it is about |
| \`error.next\` | string, may be left out | the one thing to do |
| \`error.more\` | list of strings, may be left out | further findings |`;

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const quoted = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;

const isNull = (schema: JsonSchema): boolean => schema.type === 'null';

/** The kinds that a value may be of, null taken aside. */
const alternatives = (schema: JsonSchema): { readonly kinds: readonly JsonSchema[]; readonly nullable: boolean } => {
  const all = schema.anyOf ?? schema.oneOf ?? [schema];
  const inner = all
    .filter((one) => !isNull(one))
    .map((one) => (one.anyOf === undefined ? undefined : alternatives(one)));
  return {
    kinds: all.filter((one) => !isNull(one)).flatMap((one, at) => inner[at]?.kinds ?? one),
    nullable: all.some(isNull) || inner.some((one) => one?.nullable === true),
  };
};

const kindOf = (schema: JsonSchema): string => {
  if (schema.const !== undefined) return quoted(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(quoted).join(', ');
  if (schema.format === 'date-time') return 'time';
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'values' : plural(typeOf(schema.items))}`;
  if (schema.type === 'object' && schema.properties === undefined)
    return typeof schema.additionalProperties === 'object'
      ? `map of ${plural(typeOf(schema.additionalProperties))}`
      : 'object';
  return [schema.type ?? 'any'].flat().join(' or ');
};
const plural = (kind: string): string => (/^[a-z]+$/.test(kind) && kind !== 'any' ? `${kind}s` : kind);

const typeOf = (schema: JsonSchema): string => {
  const { kinds, nullable } = alternatives(schema);
  return [...new Set([...kinds.map(kindOf), ...(nullable ? ['null'] : [])])].join(' or ');
};

/** What stands inside a value: `[]` for a list, `.*` for a map. */
const insides = (schema: JsonSchema, path: string): readonly string[] =>
  alternatives(schema).kinds.flatMap((kind) => {
    if (kind.items !== undefined) return insides(kind.items, `${path}[]`);
    if (kind.properties !== undefined) return rows(kind, `${path}.`);
    return typeof kind.additionalProperties === 'object' ? insides(kind.additionalProperties, `${path}.*`) : [];
  });

const rows = ({ properties = {}, required = [] }: JsonSchema, before: string): readonly string[] =>
  Object.entries(properties).flatMap(([name, field]) => {
    const path = `${before}${name}`;
    const type = `${typeOf(field)}${required.includes(name) ? '' : ', may be left out'}`;
    const what =
      field.description ?? alternatives(field).kinds.find(({ description }) => description)?.description ?? '';
    return [`| \`${path}\` | ${cell(type)} | ${cell(what)} |`, ...insides(field, path)];
  });

/** One table for each form that the object may have. */
const tables = (schema: JsonSchema): string =>
  alternatives(schema)
    .kinds.map((kind) => ['| field | type | what |', '|---|---|---|', ...new Set(rows(kind, ''))].join('\n'))
    .join('\n\nor\n\n');

const isStream = ({ streams }: Command): boolean => streams !== undefined && streams !== false;

/** docs/json.md. Commands that print the same are told once. */
export const jsonPage = async (notice: string, commands: readonly Command[]): Promise<string> => {
  const sections = new Map<string, string[]>();
  for (const command of commands.filter(({ json }) => json !== undefined)) {
    const { title: _, description: __, ...schema } = await jsonSchemaOf(command);
    const body = `${isStream(command) ? 'A stream: each line is one object.\n\n' : ''}${tables(schema)}`;
    sections.set(body, [...(sections.get(body) ?? []), command.path]);
  }
  return `${[notice, INTRO, ...[...sections].map(([body, paths]) => `## ${paths.join(', ')}\n\n${body}`)].join('\n\n')}\n`;
};
