import { partitionOf } from '../domain/partition.ts';
import type { Action } from './actions.ts';
import { jsonFields } from './json-params.ts';
import { policyText, queueArn, type Queue } from './message-state.ts';
import { Ec2Error, type CloudState } from './state.ts';
import { withNamed, withoutNamed } from './watch-state.ts';

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

const named = ({ watch }: CloudState, name: string): Queue => {
  const found = watch.queues.find((queue) => queue.name === name);
  if (found === undefined) throw new Ec2Error('QueueDoesNotExist', 'The specified queue does not exist.');
  return found;
};
const at = (state: CloudState, url: string): Queue => named(state, url.split('/').at(-1)!);

const attributesIn = (given: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
  const wrong = Object.keys(given).find((name) => !SETTABLE.includes(name));
  if (wrong !== undefined) throw new Ec2Error('InvalidAttributeName', `Unknown Attribute ${wrong}.`);
  if (given['Policy'] !== undefined && given['Policy'] !== '')
    policyText(given['Policy'], () => new Ec2Error(INVALID, 'Invalid value for the parameter Policy.'));
  return given;
};

export const SQS_ACTIONS: Readonly<Record<string, Action>> = {
  CreateQueue: ({ cloud, json }) => {
    const fields = jsonFields(json, INVALID);
    const name = fields.word('QueueName');
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(name))
      throw fields.refuse('Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length');
    const attributes = attributesIn(fields.map('Attributes'));
    const before = cloud.stateAt(0).watch.queues.find((queue) => queue.name === name);
    if (before !== undefined && Object.entries(attributes).some(([key, value]) => before.attributes[key] !== value))
      throw new Ec2Error(
        'QueueNameExists',
        'A queue already exists with the same name and a different value for attribute Policy',
      );
    if (before === undefined)
      cloud.change((state) => ({
        ...state,
        watch: {
          ...state.watch,
          queues: withNamed(state.watch.queues, {
            name,
            attributes,
            tags: fields.map('tags'),
            messages: [],
            createdAt: cloud.now(),
          }),
        },
      }));
    return { QueueUrl: urlOf(cloud.stateAt(0), name) };
  },
  GetQueueUrl: ({ state, json }) => ({
    QueueUrl: urlOf(state, named(state, jsonFields(json, INVALID).word('QueueName')).name),
  }),
  GetQueueAttributes: ({ state, json }) => {
    const fields = jsonFields(json, INVALID);
    const queue = at(state, fields.word('QueueUrl'));
    const all: Readonly<Record<string, string>> = {
      ...queue.attributes,
      QueueArn: queueArn(state, queue.name),
      ApproximateNumberOfMessages: String(queue.messages.length),
      ApproximateNumberOfMessagesNotVisible: '0',
      ApproximateNumberOfMessagesDelayed: '0',
      CreatedTimestamp: String(Math.floor(queue.createdAt / 1_000)),
    };
    const names = fields.list<string>('AttributeNames');
    return {
      Attributes: Object.fromEntries(
        Object.entries(all).filter(([name]) => names.includes('All') || names.includes(name)),
      ),
    };
  },
  SetQueueAttributes: ({ cloud, json }) => {
    const fields = jsonFields(json, INVALID);
    const attributes = attributesIn(fields.map('Attributes'));
    cloud.change((state) => {
      const queue = at(state, fields.word('QueueUrl'));
      return {
        ...state,
        watch: {
          ...state.watch,
          queues: withNamed(state.watch.queues, { ...queue, attributes: { ...queue.attributes, ...attributes } }),
        },
      };
    });
    return {};
  },
  ListQueueTags: ({ state, json }) => ({ Tags: at(state, jsonFields(json, INVALID).word('QueueUrl')).tags }),
  DeleteQueue: ({ cloud, json }) => {
    const url = jsonFields(json, INVALID).word('QueueUrl');
    cloud.change((state) => ({
      ...state,
      watch: { ...state.watch, queues: withoutNamed(state.watch.queues, at(state, url).name) },
    }));
    return {};
  },
};
