/** JSON data as a table and as names, for `-o table` and `-o name`. */

type Item = Readonly<Record<string, unknown>>;

const isItem = (value: unknown): value is Item => typeof value === 'object' && value !== null && !Array.isArray(value);
const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/**
 * What the data is a list of: its first list of objects that has any, else its first list of objects; of data without
 * one, the data itself.
 */
const itemsOf = (data: unknown, field?: string): readonly Item[] => {
  if (field !== undefined && isItem(data) && field in data) return itemsOf(data[field]);
  if (Array.isArray(data)) return data.filter(isItem);
  if (!isItem(data)) return [];
  const lists = Object.values(data).filter(
    (value): value is readonly Item[] => Array.isArray(value) && value.every(isItem),
  );
  const list = lists.find(({ length }) => length > 0) ?? lists[0];
  if (list !== undefined) return list;
  // A result that is one thing: `{ image: { … } }`.
  const { version: _, ...fields } = data;
  const [only, ...more] = Object.values(fields);
  return [isItem(only) && more.length === 0 ? only : fields];
};

/** By what a thing is called, the better ones first. */
const NAMES = ['name', 'link', 'table', 'id', 'key', 'host', 'path', 'code', 'incident', 'subject', 'unit', 'file'];

const nameOf = (item: Item): string | undefined => {
  for (const key of NAMES) {
    const value = item[key];
    if (typeof value === 'string' && value !== '') return value;
    const inner = isItem(value) ? nameOf(value) : undefined;
    if (inner !== undefined) return inner;
  }
  return undefined;
};

const anyText = (item: Item): string | undefined =>
  Object.values(item).find((value): value is string => typeof value === 'string');

/** @param list the field to look in. @returns the names of what it lists, one for each. */
export const namesIn = (data: unknown, list?: string): readonly string[] =>
  itemsOf(data, list).flatMap((item) => nameOf(item) ?? anyText(item) ?? []);

const cell = (value: unknown): string | undefined => {
  if (value === null || value === undefined) return '-';
  if (isScalar(value)) return String(value).replaceAll('\n', ' ');
  if (Array.isArray(value)) return value.every(isScalar) ? value.join(',') || '-' : undefined;
  return isItem(value) ? nameOf(value) : undefined;
};

/**
 * @returns a column for each field that fits into a cell (of an object its name), a row for each thing. Lists of
 * objects are left out: --json has them.
 */
export const tableOf = (
  data: unknown,
  list?: string,
): { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] } => {
  const items = itemsOf(data, list);
  const keys = [...new Set(items.flatMap((item) => Object.keys(item)))];
  const head = keys.filter(
    (key) => items.every((item) => cell(item[key]) !== undefined) && items.some((item) => item[key] !== undefined),
  );
  return { head, rows: items.map((item) => head.map((key) => cell(item[key])!)) };
};
