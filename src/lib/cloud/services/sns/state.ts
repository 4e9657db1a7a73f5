import { arn } from '../../../domain/partition.ts';
import { slice, withNamed } from '../../slice.ts';
import type { CloudState } from '../../state.ts';
import type { Message } from '../messages.ts';

export interface Topic {
  readonly name: string;
  /** As SetTopicAttributes has set them. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly subscriptions: readonly Subscription[];
  readonly messages: readonly Message[];
}

export interface Subscription {
  readonly id: string;
  readonly protocol: string;
  readonly endpoint: string;
  /** A mailbox has to say yes first. */
  readonly confirmed: boolean;
}

export const topics = slice<readonly Topic[]>('sns', []);

export const withTopic = (state: CloudState, topic: Topic): CloudState =>
  topics.put(state, withNamed(topics.of(state), topic));

export const topicArn = ({ region, owner }: CloudState, name: string): string => arn(region, 'sns', owner, name);

/** SNS's own: whoever is of the account may use the topic. It names no service. */
export const ownerPolicy = (state: CloudState, name: string): string =>
  JSON.stringify({
    Version: '2008-10-17',
    Id: '__default_policy_ID',
    Statement: [
      {
        Sid: '__default_statement_ID',
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: ['SNS:GetTopicAttributes', 'SNS:SetTopicAttributes', 'SNS:DeleteTopic', 'SNS:Subscribe', 'SNS:Publish'],
        Resource: topicArn(state, name),
        Condition: { StringEquals: { 'AWS:SourceOwner': state.owner } },
      },
    ],
  });
