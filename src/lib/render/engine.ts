import Handlebars from 'handlebars';

/**
 * What a template may see: text, numbers, booleans, lists and nested views. Decisions are made before, never in a
 * template.
 */
export type ViewValue = string | number | boolean | readonly ViewValue[] | View;
export interface View {
  readonly [key: string]: ViewValue;
}

/**
 * A control character in a value would become a line that no view decided: the last gate after the schema's
 * allow-lists.
 */
const CONTROL = /[\u0000-\u001f\u007f\u0085\u2028\u2029]/;

/**
 * @returns the path of the first text with a control character, or undefined. Run on every view, so it builds the path
 * only then.
 */
const controlIn = (value: ViewValue): string | undefined => {
  if (typeof value === 'string') return CONTROL.test(value) ? '' : undefined;
  if (typeof value !== 'object') return undefined;
  for (const key in value) {
    const inner = controlIn((value as View)[key]!);
    if (inner !== undefined) return `.${key}${inner}`;
  }
  return undefined;
};

/**
 * Compiles a template. Text, `{{value}}`, `{{#each}}` and `{{#if present}}` only; an unknown name is an error, and
 * nothing is escaped (these are configuration files, not HTML).
 */
export const template = (source: string): ((view: View) => string) => {
  const compiled = Handlebars.compile(source, {
    strict: true,
    noEscape: true,
    knownHelpersOnly: true,
    knownHelpers: { each: true, if: true },
  });
  return (view) => {
    const where = controlIn(view);
    if (where !== undefined) throw new RangeError(`view${where}: control characters can't be rendered`);
    return compiled(view);
  };
};
