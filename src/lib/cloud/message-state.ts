import { arn } from '../domain/partition.ts';
import type { Ec2Error, CloudState } from './state.ts';

/** Topics and queues, each with its policy and what it was given. */
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

export interface Queue {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly messages: readonly Message[];
  readonly createdAt: number;
}

export interface Message {
  readonly at: number;
  readonly body: string;
  readonly subject?: string | undefined;
}

/** As many as a test can send. */
const MOST_MESSAGES = 5_000;
export const withMessage = <T extends { readonly messages: readonly Message[] }>(item: T, message: Message): T => ({
  ...item,
  messages: [...item.messages, message].slice(-MOST_MESSAGES),
});

export const topicArn = ({ region, owner }: CloudState, name: string): string => arn(region, 'sns', owner, name);
export const queueArn = ({ region, owner }: CloudState, name: string): string => arn(region, 'sqs', owner, name);

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

/** @throws Ec2Error where the text is no policy. */
export const policyText = (text: string, refuse: (message: string) => Ec2Error): string => {
  try {
    const { Statement } = JSON.parse(text) as { Statement?: unknown };
    if (Statement !== undefined) return text;
  } catch {
    // said below
  }
  throw refuse('Invalid parameter: Policy Error: null');
};
