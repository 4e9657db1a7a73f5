import { api } from '../../core/aws.ts';
import { failure } from '../../core/errors.ts';
import type { Step } from '../../core/procedure.ts';
import { sameDocument, type PolicyDocument } from '../../domain/iam.ts';
import { arn } from '../../domain/partition.ts';
import { isOurs, tagsOf } from '../../domain/tags.ts';
import { refuseForeign, unlessNone } from './names.ts';

const NONE = /^(NotFound|NotFoundException|ResourceNotFound|ResourceNotFoundException)$/;

export interface Topic {
  /** `alarms`: the step is `topic/alarms`, its ARN is in that slot. */
  readonly name: string;
  /** Its name at SNS. */
  readonly topic: string;
  readonly region: string;
}

/** An SNS topic. Needs the account in the slot `account`. */
export const snsTopic = (site: string, { name, topic, region }: Topic): Step => {
  const key = `topic/${name}`;
  return {
    key,
    title: `topic ${topic}`,
    needs: ['account'],
    async read({ aws, values, adopted }) {
      const id = adopted.get(key) ?? arn(region, 'sns', values('account'), topic);
      const answer = await unlessNone(aws.ask('sns', 'GetTopicAttributes', { TopicArn: id }), NONE);
      if (answer === undefined) {
        if (adopted.has(key)) throw failure(`there is no topic ${id}`, { field: key });
        return { state: 'absent' };
      }
      const tags = (await unlessNone(aws.ask('sns', 'ListTagsForResource', { ResourceArn: id }), NONE))?.Tags;
      if (!adopted.has(key)) refuseForeign('a topic', topic, tags, site, key);
      return { state: 'ready', found: { id, owned: isOurs(tags, site, key) } };
    },
    create: () => [api('sns', 'CreateTopic', { Name: topic, Tags: tagsOf(site, key) })],
    idPath: 'TopicArn',
    delete: (_values, id) => [api('sns', 'DeleteTopic', { TopicArn: id })],
  };
};

/**
 * Who may do what with the topic in the slot `topic/NAME`: the whole policy, since SNS knows no other. It goes with the
 * topic.
 */
export const topicPolicy = (
  name: string,
  needs: readonly string[],
  document: (value: (slot: string) => string) => PolicyDocument,
): Step => {
  const slot = `topic/${name}`;
  const key = `topic-policy/${name}`;
  const set = (value: (slot: string) => string) =>
    api('sns', 'SetTopicAttributes', {
      TopicArn: value(slot),
      AttributeName: 'Policy',
      AttributeValue: JSON.stringify(document(value)),
    });
  return {
    key,
    title: `who may publish to topic ${name}`,
    needs: [slot, ...needs],
    async read({ aws, values, adopted }) {
      const { Attributes } = await aws.ask('sns', 'GetTopicAttributes', { TopicArn: values(slot) });
      const found = { id: name, owned: true };
      if (sameDocument(Attributes?.['Policy'] ?? '', document(values))) return { state: 'ready', found };
      return {
        state: 'differs',
        found,
        differences: [adopted.has(slot) ? `the policy of ${values(slot)} is not ours to change` : 'it lets in others'],
      };
    },
    create: (values) => [set(values)],
    update: (values, _found, [difference]) => {
      if (difference !== 'it lets in others')
        throw failure(difference!, { field: key, next: `add the statements yourself, or leave out --adopt ${slot}` });
      return [set(values)];
    },
  };
};

/** A mailbox that is told; it has to say yes by the link in its first mail. It goes with the topic. */
export const mailSubscription = (topic: string, mail: string): Step => {
  const slot = `topic/${topic}`;
  const key = `mail/${mail}`;
  return {
    key,
    title: `mail to ${mail}`,
    needs: [slot],
    async read({ aws, values }) {
      const all =
        (await unlessNone(
          aws.all('sns', 'ListSubscriptionsByTopic', { TopicArn: values(slot) }, 'Subscriptions'),
          NONE,
        )) ?? [];
      const one = all.find(({ Protocol, Endpoint }) => Protocol === 'email' && Endpoint === mail);
      if (one === undefined) return { state: 'absent' };
      const pending = one.SubscriptionArn?.startsWith('arn:') !== true;
      return {
        state: 'ready',
        found: {
          id: mail,
          owned: true,
          ...(pending ? { notes: ['the mailbox has yet to say yes: see its mail from SNS'] } : {}),
        },
      };
    },
    create: (values) => [api('sns', 'Subscribe', { TopicArn: values(slot), Protocol: 'email', Endpoint: mail })],
  };
};
