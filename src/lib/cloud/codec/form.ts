import type { NormalizedSchema } from '@smithy/core/schema';
import { requiredIn } from './schema.ts';

/**
 * Form parameters of the query protocols, read by the SDK's schemas.
 * Source: Smithy's `aws.protocols#awsQuery` and `aws.protocols#ec2Query`.
 */

/** `Tags.member.1.Key=a` as a tree: the names between the dots are the branches. */
interface Node {
  value: string | undefined;
  readonly branches: Map<string, Node>;
}

export interface Form {
  /** EC2 spells names with a capital, and numbers the items of a list without the word `member`. */
  readonly ec2: boolean;
  /** @throws what is to be said of a value that does not fit. */
  readonly wrong: (path: string, text: string, wanted: string) => Error;
}

const treeOf = (params: Iterable<readonly [string, string]>): Node => {
  const root: Node = { value: undefined, branches: new Map() };
  for (const [name, value] of params) {
    let node = root;
    for (const word of name.split('.')) {
      const next = node.branches.get(word) ?? { value: undefined, branches: new Map<string, Node>() };
      node.branches.set(word, next);
      node = next;
    }
    node.value = value;
  }
  return root;
};

/** The numbered branches in the order of their numbers. */
const numbered = ({ branches }: Node): readonly (readonly [string, Node])[] =>
  [...branches].filter(([word]) => /^\d{1,6}$/.test(word)).sort(([a], [b]) => Number(a) - Number(b));

const wireName = (name: string, schema: NormalizedSchema, { ec2 }: Form): string => {
  const { xmlName, ec2QueryName } = schema.getMergedTraits() as { xmlName?: string; ec2QueryName?: string };
  if (!ec2) return xmlName ?? name;
  const key = xmlName ?? name;
  return ec2QueryName ?? key[0]!.toUpperCase() + key.slice(1);
};

const scalar = (schema: NormalizedSchema, text: string, path: string, { wrong }: Form): unknown => {
  if (schema.isBooleanSchema()) {
    const word = text.toLowerCase();
    if (word !== 'true' && word !== 'false') throw wrong(path, text, 'boolean');
    return word === 'true';
  }
  if (schema.isNumericSchema()) {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value)) throw wrong(path, text, 'number');
    return value;
  }
  if (schema.isTimestampSchema()) {
    const value = new Date(/^-?\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : text);
    if (Number.isNaN(value.getTime())) throw wrong(path, text, 'timestamp');
    return value;
  }
  return schema.isBlobSchema() ? new Uint8Array(Buffer.from(text, 'base64')) : text;
};

/** @returns the SDK's Input of the operation, and the parameters that its schema does not have. */
export const decodeForm = (
  schema: NormalizedSchema,
  params: Iterable<readonly [string, string]>,
  form: Form,
): { readonly input: Readonly<Record<string, unknown>>; readonly unknown: readonly string[] } => {
  const unknown: string[] = [];
  const strange = (node: Node, path: string): void => {
    if (node.value !== undefined) unknown.push(path);
    for (const [word, branch] of node.branches) strange(branch, `${path}.${word}`);
  };

  const list = (of: NormalizedSchema, node: Node, path: string): readonly unknown[] => {
    const member = of.getValueSchema();
    const traits = of.getMergedTraits();
    const word = form.ec2 || traits.xmlFlattened ? undefined : (member.getMergedTraits().xmlName ?? 'member');
    const items = word === undefined ? node : node.branches.get(word);
    for (const [other, branch] of node.branches)
      if (word === undefined ? !/^\d+$/.test(other) : other !== word) strange(branch, `${path}.${other}`);
    const at = word === undefined ? path : `${path}.${word}`;
    return items === undefined ? [] : numbered(items).map(([n, item]) => read(member, item, `${at}.${n}`));
  };

  const map = (of: NormalizedSchema, node: Node, path: string): Readonly<Record<string, unknown>> => {
    const [keys, values] = [of.getKeySchema(), of.getValueSchema()];
    const flat = Boolean(of.getMergedTraits().xmlFlattened);
    const items = flat ? node : node.branches.get('entry');
    const keyWord = keys.getMergedTraits().xmlName ?? 'key';
    const valueWord = values.getMergedTraits().xmlName ?? 'value';
    return Object.fromEntries(
      (items === undefined ? [] : numbered(items)).flatMap(([n, item]) => {
        const key = item.branches.get(keyWord)?.value;
        const value = item.branches.get(valueWord);
        return key === undefined || value === undefined ? [] : [[key, read(values, value, `${path}.${n}`)] as const];
      }),
    );
  };

  const struct = (of: NormalizedSchema, node: Node, path: string): Readonly<Record<string, unknown>> => {
    const members = new Map([...of.structIterator()].map(([name, member]) => [wireName(name, member, form), name]));
    const schemas = new Map(of.structIterator());
    const input: Record<string, unknown> = {};
    for (const [word, branch] of node.branches) {
      const name = members.get(word);
      const at = path === '' ? word : `${path}.${word}`;
      if (name === undefined) strange(branch, at);
      else input[name] = read(schemas.get(name)!, branch, at);
    }
    // A structure without a value has no parameter on the wire: where there must be one, it is empty.
    for (const name of requiredIn(of)) if (schemas.get(name)!.isStructSchema()) input[name] ??= {};
    return input;
  };

  const read = (of: NormalizedSchema, node: Node, path: string): unknown =>
    of.isListSchema()
      ? list(of, node, path)
      : of.isMapSchema()
        ? map(of, node, path)
        : of.isStructSchema()
          ? struct(of, node, path)
          : scalar(of, node.value ?? '', path, form);

  return { input: schema.isUnitSchema() ? {} : struct(schema, treeOf(params), ''), unknown };
};
