import { api } from '../../core/aws.ts';
import type { Step } from '../../core/procedure.ts';
import { isOurs, tagsOf } from '../../domain/tags.ts';
import { refuseForeign, unlessNone } from './names.ts';

const NONE = /^ResourceNotFoundException$/;

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

/** A rule on the default bus. */
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
  return {
    key,
    title: `rule ${rule}`,
    async read({ aws }) {
      const found = await unlessNone(aws.ask('events', 'DescribeRule', { Name: rule }), NONE);
      if (found === undefined) return { state: 'absent' };
      const tags = (await unlessNone(aws.ask('events', 'ListTagsForResource', { ResourceARN: found.Arn! }), NONE))
        ?.Tags;
      refuseForeign('a rule', rule, tags, site, key);
      const what = { id: found.Arn!, owned: isOurs(tags, site, key) };
      const differences = [
        ...(same(found.EventPattern ?? '', pattern) ? [] : ['its pattern is another']),
        ...(found.State === 'ENABLED' ? [] : ['it is disabled']),
      ];
      return differences.length === 0
        ? { state: 'ready', found: what }
        : { state: 'differs', found: what, differences };
    },
    create: () => [put(true)],
    idPath: 'RuleArn',
    // Tags go only with a creation: EventBridge ignores them later.
    update: () => [put(false)],
    delete: () => [api('events', 'DeleteRule', { Name: rule })],
  };
};

/** Where the events of a rule go. @param targets slots whose ids are ARNs, by the target's id. */
export const ruleTargets = (
  { name, rule }: Pick<RuleOptions, 'name' | 'rule'>,
  targets: Readonly<Record<string, string>>,
): Step => {
  const key = `targets/${name}`;
  const put = (value: (slot: string) => string) =>
    api('events', 'PutTargets', {
      Rule: rule,
      Targets: Object.entries(targets).map(([Id, slot]) => ({ Id, Arn: value(slot) })),
    });
  return {
    key,
    title: `targets of rule ${rule}`,
    needs: [`rule/${name}`],
    async read({ aws, values }) {
      const there = (await unlessNone(aws.all('events', 'ListTargetsByRule', { Rule: rule }, 'Targets'), NONE)) ?? [];
      const mine = there.filter(({ Id }) => Object.hasOwn(targets, Id!));
      if (mine.length === 0) return { state: 'absent' };
      const found = { id: mine.map(({ Id }) => Id).join(', '), owned: true };
      const differences = Object.entries(targets).flatMap(([id, slot]) => {
        const one = mine.find(({ Id }) => Id === id);
        return one === undefined
          ? [`${id} is not there`]
          : values.has(slot) && one.Arn !== values(slot)
            ? [`${id} is ${one.Arn}`]
            : [];
      });
      return differences.length === 0 ? { state: 'ready', found } : { state: 'differs', found, differences };
    },
    create: (values) => [put(values)],
    update: (values) => [put(values)],
    delete: () => [api('events', 'RemoveTargets', { Rule: rule, Ids: Object.keys(targets) })],
  };
};
