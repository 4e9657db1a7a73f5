import type { ErrorKind } from '../core/errors.ts';

/**
 * Which answers of a service are of a kind: an exact code, or all codes with one end (`*.NotFound`) or one beginning
 * (`Throttling*`). Where one code stands for several things, the words of the message tell them apart, and where that
 * is not enough, the operation.
 */
export type ErrorRule =
  | string
  | { readonly code: string; readonly says: RegExp; readonly operations?: readonly string[] };

export type ErrorRules = Readonly<Partial<Record<ErrorKind, readonly ErrorRule[]>>>;

export interface ServiceAnswer {
  readonly code: string;
  readonly operation: string;
  readonly message: string;
}

/** The SDK calls `NoSuchEntity` of the wire NoSuchEntityException where its model knows it: both are one code to us. */
export const withoutSuffix = (code: string): string => code.replace(/Exception$/, '');

const isCode = (rule: string, code: string): boolean =>
  rule.startsWith('*')
    ? code.endsWith(rule.slice(1))
    : rule.endsWith('*')
      ? code.startsWith(rule.slice(0, -1))
      : withoutSuffix(rule) === code;

const applies = (rule: ErrorRule, { code, operation, message }: ServiceAnswer): boolean =>
  typeof rule === 'string'
    ? isCode(rule, code)
    : isCode(rule.code, code) && rule.says.test(message) && (rule.operations?.includes(operation) ?? true);

/**
 * What an answer means, or undefined where no rule knows it. A rule that looks at the words goes before one that knows
 * the code alone, whichever kind it belongs to.
 */
export const kindOf = (tables: readonly ErrorRules[], answer: ServiceAnswer): ErrorKind | undefined => {
  const plain = { ...answer, code: withoutSuffix(answer.code) };
  const all = tables.flatMap((table) => Object.entries(table) as [ErrorKind, readonly ErrorRule[]][]);
  for (const withWords of [true, false])
    for (const [kind, rules] of all)
      if (rules.some((rule) => (typeof rule !== 'string') === withWords && applies(rule, plain))) return kind;
  return undefined;
};
