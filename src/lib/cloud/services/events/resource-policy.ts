/** Whether a policy that hangs on a resource (queue, topic, function) lets a service do something to it. */

interface Statement {
  readonly Effect?: string;
  readonly Principal?: string | Readonly<Record<string, string | readonly string[]>>;
  readonly Action?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface Asked {
  /** `events.amazonaws.com`. */
  readonly service: string;
  /** `sqs:SendMessage`. */
  readonly action: string;
  readonly resource: string;
  /** On whose behalf: the rule's ARN. */
  readonly source: string;
}

const listed = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;
const like = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    'i',
  ).test(text);

const holds = (
  [operator, tests]: readonly [string, Readonly<Record<string, string | readonly string[]>>],
  { source }: Asked,
): boolean =>
  Object.entries(tests).every(([key, wanted]) => {
    const value =
      key.toLowerCase() === 'aws:sourcearn'
        ? source
        : key.toLowerCase() === 'aws:sourceaccount'
          ? source.split(':')[4]!
          : undefined;
    if (value === undefined) return false;
    if (/^(ArnEquals|ArnLike|StringLike)$/.test(operator)) return listed(wanted).some((one) => like(one, value));
    return operator === 'StringEquals' && listed(wanted).includes(value);
  });

const fits = ({ Principal, Action, Resource, Condition }: Statement, asked: Asked): boolean =>
  (Principal === '*' || (typeof Principal === 'object' && listed(Principal['Service']).includes(asked.service))) &&
  listed(Action).some((one) => like(one, asked.action)) &&
  listed(Resource).some((one) => like(one, asked.resource)) &&
  Object.entries(Condition ?? {}).every((test) => holds(test, asked));

/**
 * Nothing is allowed that no statement allows, and nothing that one denies. @param policy JSON text; undefined: none.
 */
export const allowsService = (policy: string | undefined, asked: Asked): boolean => {
  if (policy === undefined) return false;
  const { Statement = [] } = JSON.parse(policy) as { Statement?: Statement | readonly Statement[] };
  const fitting = (Array.isArray(Statement) ? (Statement as readonly Statement[]) : [Statement as Statement]).filter(
    (one) => fits(one, asked),
  );
  return fitting.some(({ Effect }) => Effect === 'Allow') && !fitting.some(({ Effect }) => Effect === 'Deny');
};
