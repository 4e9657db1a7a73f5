/**
 * EventBridge's event patterns: a field's list of values one of which it must have; `{ prefix }`, `{ suffix }`,
 * `{ exists }`, `{ "anything-but" }` and `{ numeric }` in place of a value. Source: "Event patterns" in the EventBridge
 * user guide.
 */
export type Pattern = { readonly [field: string]: Pattern | readonly unknown[] };

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const COMPARE: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

const numeric = (tests: readonly unknown[], value: unknown): boolean => {
  if (typeof value !== 'number') return false;
  for (let at = 0; at + 1 < tests.length; at += 2)
    if (COMPARE[String(tests[at])]?.(value, Number(tests[at + 1])) !== true) return false;
  return true;
};

const one = (wanted: unknown, value: unknown): boolean => {
  if (!isObject(wanted)) return wanted === value;
  if ('exists' in wanted) return (value !== undefined) === wanted['exists'];
  if ('prefix' in wanted) return typeof value === 'string' && value.startsWith(String(wanted['prefix']));
  if ('suffix' in wanted) return typeof value === 'string' && value.endsWith(String(wanted['suffix']));
  if ('anything-but' in wanted) return value !== undefined && ![wanted['anything-but']].flat().includes(value);
  if ('numeric' in wanted) return numeric(wanted['numeric'] as readonly unknown[], value);
  return false;
};

export const matches = (pattern: Pattern, event: unknown): boolean =>
  Object.entries(pattern).every(([field, wanted]) => {
    const value = isObject(event) ? event[field] : undefined;
    if (!Array.isArray(wanted)) return matches(wanted as Pattern, value);
    return wanted.some((test) => (Array.isArray(value) ? value.some((item) => one(test, item)) : one(test, value)));
  });

/** @returns what is wrong, or undefined. A leaf has to be a list that is not empty. */
export const patternProblem = (text: string): string | undefined => {
  const wrong = (pattern: unknown): boolean =>
    !isObject(pattern) ||
    Object.keys(pattern).length === 0 ||
    Object.values(pattern).some((value) => (Array.isArray(value) ? value.length === 0 : wrong(value)));
  try {
    return wrong(JSON.parse(text))
      ? 'Event pattern is not valid. Reason: match value must be an array that is not empty'
      : undefined;
  } catch {
    return 'Event pattern is not valid. Reason: Unrecognized token';
  }
};
