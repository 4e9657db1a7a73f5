import * as sdk from '@aws-sdk/client-sqs';
import { partitionOf } from '../../../domain/partition.ts';
import { AWS_JSON_10 } from '../../codec/json.ts';
import { ApiError } from '../../error.ts';
import { cloudService, op, type Operations } from '../../service.ts';
import { withoutNamed } from '../../slice.ts';
import type { CloudState } from '../../state.ts';
import { policyText } from '../messages.ts';
import { queueArn, queues, withQueue, type Queue } from './state.ts';

const INVALID = 'InvalidParameterValue';
const SETTABLE = [
  'Policy',
  'VisibilityTimeout',
  'MessageRetentionPeriod',
  'MaximumMessageSize',
  'DelaySeconds',
  'ReceiveMessageWaitTimeSeconds',
  'RedrivePolicy',
  'SqsManagedSseEnabled',
  'KmsMasterKeyId',
];

const urlOf = ({ region, owner }: CloudState, name: string): string =>
  `https://sqs.${region}.${partitionOf(region).suffix}/${owner}/${name}`;

const named = (state: CloudState, name: string): Queue => {
  const found = queues.of(state).find((queue) => queue.name === name);
  if (found === undefined) throw new ApiError('QueueDoesNotExist', 'The specified queue does not exist.');
  return found;
};
const at = (state: CloudState, url: string): Queue => named(state, url.split('/').at(-1)!);

const checked = (given: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => {
  const wrong = Object.keys(given).find((name) => !SETTABLE.includes(name));
  if (wrong !== undefined) throw new ApiError('InvalidAttributeName', `Unknown Attribute ${wrong}.`);
  if (given['Policy'] !== undefined && given['Policy'] !== '')
    policyText(given['Policy'], () => new ApiError(INVALID, 'Invalid value for the parameter Policy.'));
  return given;
};

const operations = {
  CreateQueue: op(sdk.CreateQueue$, ({ QueueName: name, Attributes, tags = {} }, cloud) => {
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(name))
      throw new ApiError(
        INVALID,
        'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
      );
    const attributes = checked(Attributes as Readonly<Record<string, string>>);
    const before = queues.of(cloud.state).find((queue) => queue.name === name);
    if (before !== undefined && Object.entries(attributes).some(([key, value]) => before.attributes[key] !== value))
      throw new ApiError(
        'QueueNameExists',
        'A queue already exists with the same name and a different value for attribute Policy',
      );
    if (before === undefined)
      cloud.change((state) => withQueue(state, { name, attributes, tags, messages: [], createdAt: cloud.now() }));
    return { QueueUrl: urlOf(cloud.state, name) };
  }),
  GetQueueUrl: op(sdk.GetQueueUrl$, ({ QueueName }, { state }) => ({
    QueueUrl: urlOf(state, named(state, QueueName).name),
  })),
  GetQueueAttributes: op(sdk.GetQueueAttributes$, ({ QueueUrl, AttributeNames: names = [] }, { state }) => {
    const queue = at(state, QueueUrl);
    const all: Readonly<Record<string, string>> = {
      ...queue.attributes,
      QueueArn: queueArn(state, queue.name),
      ApproximateNumberOfMessages: String(queue.messages.length),
      ApproximateNumberOfMessagesNotVisible: '0',
      ApproximateNumberOfMessagesDelayed: '0',
      CreatedTimestamp: String(Math.floor(queue.createdAt / 1_000)),
    };
    return {
      Attributes: Object.fromEntries(
        Object.entries(all).filter(([name]) => names.includes('All') || names.includes(name as never)),
      ),
    };
  }),
  SetQueueAttributes: op(sdk.SetQueueAttributes$, ({ QueueUrl, Attributes }, cloud) => {
    const attributes = checked(Attributes as Readonly<Record<string, string>>);
    cloud.change((state) => {
      const queue = at(state, QueueUrl);
      return withQueue(state, { ...queue, attributes: { ...queue.attributes, ...attributes } });
    });
    return {};
  }),
  ListQueueTags: op(sdk.ListQueueTags$, ({ QueueUrl }, { state }) => ({ Tags: at(state, QueueUrl).tags })),
  DeleteQueue: op(sdk.DeleteQueue$, ({ QueueUrl }, cloud) => {
    cloud.change((state) => queues.put(state, withoutNamed(queues.of(state), at(state, QueueUrl).name)));
    return {};
  }),
} satisfies Operations<'sqs'>;

export const service = cloudService('sqs', {
  protocol: AWS_JSON_10,
  missing: INVALID,
  operations,
});
