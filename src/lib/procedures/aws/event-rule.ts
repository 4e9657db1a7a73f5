import { api, type Output } from '../../core/aws.ts';
import { unlessAbsent } from '../../core/errors.ts';
import type { ReadContext, Step, Values } from '../../core/procedure.ts';
import { tagsOf } from '../../domain/tags.ts';
import { part, resource } from '../kit/resource.ts';

export interface RuleOptions {
  /** `yellow`: the step is `rule/yellow`, its ARN is in that slot. */
  readonly name: string;
  /** Its name at EventBridge. */
  readonly rule: string;
  readonly description: string;
  /** JSON text. */
  readonly pattern: string;
}

const same = (one: string, other: string): boolean => {
  try {
    return JSON.stringify(JSON.parse(one)) === JSON.stringify(JSON.parse(other));
  } catch {
    return false;
  }
};

type Rule = Output<'events', 'DescribeRule'> & { readonly tags: Output<'events', 'ListTagsForResource'>['Tags'] };

/** @param name or ARN of it */
const ruleNamed = async ({ aws }: ReadContext, name: string): Promise<Rule | undefined> => {
  const found = await unlessAbsent(aws.ask('events', 'DescribeRule', { Name: name.split('/').at(-1)! }));
  if (found === undefined) return undefined;
  const tags = (await unlessAbsent(aws.ask('events', 'ListTagsForResource', { ResourceARN: found.Arn! })))?.Tags;
  return { ...found, tags };
};

/** A rule on the default bus. Its name is in the slot `rule/NAME/name`: an adopted one has its own. */
export const eventRule = (site: string, { name, rule, description, pattern }: RuleOptions): Step => {
  const key = `rule/${name}`;
  const put = (tagged: boolean) =>
    api('events', 'PutRule', {
      Name: rule,
      Description: description,
      EventPattern: pattern,
      State: 'ENABLED',
      ...(tagged ? { Tags: tagsOf(site, key) } : {}),
    });
  return resource<Rule>(site, {
    key,
    title: `rule ${rule}`,
    kind: 'rule',
    name: rule,
    byId: ruleNamed,
    byName: (context) => ruleNamed(context, rule),
    id: ({ Arn }) => Arn!,
    tags: ({ tags }) => tags,
    outputs: ({ Name }) => ({ [nameSlot(name)]: Name! }),
    diff: ({ EventPattern = '', State }) => [
      ...(same(EventPattern, pattern) ? [] : [{ field: 'event pattern' }]),
      ...(State === 'ENABLED' ? [] : [{ field: 'rule', is: 'disabled' }]),
    ],
    create: () => [put(true)],
    idPath: 'RuleArn',
    // Tags go only with a creation: EventBridge ignores them later.
    update: () => [put(false)],
    delete: () => [api('events', 'DeleteRule', { Name: rule })],
  });
};

const nameSlot = (name: string): string => `rule/${name}/name`;

/** Where the events of a rule go. @param targets slots whose ids are ARNs, by the target's id. */
export const ruleTargets = (
  { name, rule }: Pick<RuleOptions, 'name' | 'rule'>,
  targets: Readonly<Record<string, string>>,
): Step => {
  const ruleOf = (values: Values): string => (values.has(nameSlot(name)) ? values(nameSlot(name)) : rule);
  const put = (values: Values) => [
    api('events', 'PutTargets', {
      Rule: ruleOf(values),
      Targets: Object.entries(targets).map(([Id, slot]) => ({ Id, Arn: values(slot) })),
    }),
  ];
  return part<readonly { readonly Id?: string | undefined; readonly Arn?: string | undefined }[]>({
    key: `targets/${name}`,
    title: `targets of rule ${rule}`,
    parent: `rule/${name}`,
    async read({ aws, values, adopted }) {
      const all =
        (await unlessAbsent(aws.all('events', 'ListTargetsByRule', { Rule: ruleOf(values) }, 'Targets'))) ?? [];
      // The targets of an adopted rule have ids of their own, and go by what they are.
      const wanted = Object.entries(targets);
      const mine = adopted.has(`rule/${name}`)
        ? wanted.flatMap(([Id, slot]) => all.filter(({ Arn }) => Arn === values(slot)).map((one) => ({ ...one, Id })))
        : all.filter(({ Id }) => Object.hasOwn(targets, Id!));
      return mine.length === 0 ? undefined : mine;
    },
    id: (is) => is.map(({ Id }) => Id).join(', '),
    diff: (is, values) =>
      Object.entries(targets).flatMap(([id, slot]) => {
        const one = is.find(({ Id }) => Id === id);
        if (one === undefined) return [{ field: 'targets', wanted: id }];
        return values.has(slot) && one.Arn !== values(slot)
          ? [{ field: `target ${id}`, is: one.Arn ?? 'nothing', wanted: values(slot) }]
          : [];
      }),
    create: put,
    update: put,
    delete: (values) => [api('events', 'RemoveTargets', { Rule: ruleOf(values), Ids: Object.keys(targets) })],
  });
};
