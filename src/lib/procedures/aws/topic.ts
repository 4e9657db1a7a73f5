import { api, type Output } from '../../core/aws.ts';
import { unlessAbsent } from '../../core/errors.ts';
import type { ReadContext, Step, Values } from '../../core/procedure.ts';
import { includesDocument, sameDocument, type PolicyDocument } from '../../domain/iam.ts';
import { arn } from '../../domain/partition.ts';
import { tagsOf } from '../../domain/tags.ts';
import { part, resource } from '../kit/resource.ts';

export interface Topic {
  /** `alarms`: the step is `topic/alarms`, its ARN is in that slot. */
  readonly name: string;
  /** Its name at SNS. */
  readonly topic: string;
  readonly region: string;
}

interface Found {
  readonly arn: string;
  readonly tags: Output<'sns', 'ListTagsForResource'>['Tags'];
}

const topicWith = async ({ aws }: ReadContext, TopicArn: string): Promise<Found | undefined> => {
  if ((await unlessAbsent(aws.ask('sns', 'GetTopicAttributes', { TopicArn }))) === undefined) return undefined;
  const { Tags } = (await unlessAbsent(aws.ask('sns', 'ListTagsForResource', { ResourceArn: TopicArn }))) ?? {};
  return { arn: TopicArn, tags: Tags };
};

/** An SNS topic. Needs the account in the slot `account`. It can be adopted by its ARN or its name. */
export const snsTopic = (site: string, { name, topic, region }: Topic): Step => {
  const key = `topic/${name}`;
  const arnOf = (values: Values, named: string) =>
    named.startsWith('arn:') ? named : arn(region, 'sns', values('account'), named);
  return resource<Found>(site, {
    key,
    title: `topic ${topic}`,
    needs: ['account'],
    kind: 'topic',
    name: topic,
    byId: (context, id) => topicWith(context, arnOf(context.values, id)),
    byName: (context) => topicWith(context, arnOf(context.values, topic)),
    id: (is) => is.arn,
    tags: ({ tags }) => tags,
    create: () => [api('sns', 'CreateTopic', { Name: topic, Tags: tagsOf(site, key) })],
    idPath: 'TopicArn',
    delete: (_values, id) => [api('sns', 'DeleteTopic', { TopicArn: id })],
  });
};

/**
 * Who may do what with the topic in the slot `topic/NAME`: the whole policy, since SNS knows no other. It goes with the
 * topic. An adopted topic may allow more than what is needed.
 */
export const topicPolicy = (
  name: string,
  needs: readonly string[],
  document: (value: (slot: string) => string) => PolicyDocument,
): Step => {
  const slot = `topic/${name}`;
  const set = (values: Values) => [
    api('sns', 'SetTopicAttributes', {
      TopicArn: values(slot),
      AttributeName: 'Policy',
      AttributeValue: JSON.stringify(document(values)),
    }),
  ];
  return part<string>({
    key: `topic-policy/${name}`,
    title: `who may publish to topic ${name}`,
    parent: slot,
    needs,
    read: async ({ aws, values }) =>
      (await aws.ask('sns', 'GetTopicAttributes', { TopicArn: values(slot) })).Attributes?.['Policy'] ?? '',
    id: () => name,
    diff: (policy, values, owned) =>
      (owned ? sameDocument : includesDocument)(policy, document(values)) ? [] : [{ field: 'access policy' }],
    create: set,
    update: set,
  });
};

/** A mailbox that is told; it has to say yes by the link in its first mail. It goes with the topic. */
export const mailSubscription = (topic: string, mail: string): Step => {
  const slot = `topic/${topic}`;
  return part<{ readonly SubscriptionArn?: string | undefined }>({
    key: `mail/${mail}`,
    title: `mail to ${mail}`,
    parent: slot,
    async read({ aws, values }) {
      const all =
        (await unlessAbsent(aws.all('sns', 'ListSubscriptionsByTopic', { TopicArn: values(slot) }, 'Subscriptions'))) ??
        [];
      return all.find(({ Protocol, Endpoint }) => Protocol === 'email' && Endpoint === mail);
    },
    id: () => mail,
    notes: ({ SubscriptionArn }) =>
      SubscriptionArn?.startsWith('arn:') === true ? [] : ['the mailbox has yet to say yes: see its mail from SNS'],
    create: (values) => [api('sns', 'Subscribe', { TopicArn: values(slot), Protocol: 'email', Endpoint: mail })],
  });
};
