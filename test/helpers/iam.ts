import type { PolicyDocument, Statement } from '../../src/lib/domain/iam.ts';

/** A call as IAM judges it. */
export interface Asked {
  readonly action: string;
  readonly resource: string;
  /** Condition keys that the call has: `aws:ResourceTag/hybridctl:site`. */
  readonly context?: Readonly<Record<string, string>>;
}

/** `*` is any text, `?` any one letter (IAM guide, "IAM JSON policy elements: Resource"). */
const fits = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  ).test(text);

/** Every operator and every key must hold, by one of its values; a key that the call does not have holds for none. */
const holds = (condition: Statement['Condition'] = {}, context: Readonly<Record<string, string>>): boolean =>
  Object.entries(condition).every(([operator, keys]) => {
    if (operator !== 'StringEquals') throw new Error(`this evaluator knows no ${operator}`);
    return Object.entries(keys).every(([key, wanted]) => [wanted].flat().includes(context[key]!));
  });

const concerns = (
  { Action, Resource, NotResource, Condition }: Statement,
  { action, resource, context = {} }: Asked,
): boolean =>
  Action.some((pattern) => fits(pattern.toLowerCase(), action.toLowerCase())) &&
  (Resource?.some((pattern) => fits(pattern, resource)) ?? !NotResource!.some((pattern) => fits(pattern, resource))) &&
  holds(Condition, context);

/**
 * Whether a role with this one policy may make the call, by "Policy evaluation logic" of the IAM guide: refused unless
 * allowed, and a denial wins.
 */
export const allows = ({ Statement: statements }: PolicyDocument, asked: Asked): boolean => {
  const about = statements.filter((statement) => concerns(statement, asked));
  return about.some(({ Effect }) => Effect === 'Allow') && !about.some(({ Effect }) => Effect === 'Deny');
};
