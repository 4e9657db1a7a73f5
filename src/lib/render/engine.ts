import Handlebars from 'handlebars';

/** What a template may see: text, numbers, booleans, lists and nested views. Decisions are made before, never in a template. */
export type ViewValue = string | number | boolean | readonly ViewValue[] | View;
export interface View {
  readonly [key: string]: ViewValue;
}

/** A control character in a value would become a line that no view decided: the last gate after the schema's allow-lists. */
const CONTROL = /[\u0000-\u001f\u007f\u0085\u2028\u2029]/;

const refuseControl = (value: ViewValue, where: string): void => {
  if (typeof value === 'string') {
    if (CONTROL.test(value)) throw new RangeError(`${where}: control characters can't be rendered`);
  } else if (typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) refuseControl(inner as ViewValue, `${where}.${key}`);
  }
};

/**
 * Compiles a template. Text, `{{value}}`, `{{#each}}` and `{{#if present}}` only; an unknown name is an error, and nothing
 * is escaped (these are configuration files, not HTML).
 */
export const template = (source: string): ((view: View) => string) => {
  const compiled = Handlebars.compile(source, {
    strict: true,
    noEscape: true,
    knownHelpersOnly: true,
    knownHelpers: { each: true, if: true },
  });
  return (view) => {
    refuseControl(view, 'view');
    return compiled(view);
  };
};
