import type { Action } from './actions.ts';
import { ownerPolicy, policyText, topicArn, withMessage, type Topic } from './message-state.ts';
import type { CloudModel } from './model.ts';
import { structures } from './params.ts';
import { members, optional, required, type Params, type Xml } from './protocol.ts';
import { Ec2Error, idOf, type CloudState } from './state.ts';
import { counted } from './metric-state.ts';
import { withNamed, withoutNamed } from './watch-state.ts';

const invalid = (message: string): Ec2Error => new Ec2Error('InvalidParameter', `Invalid parameter: ${message}`);

const find = (state: CloudState, wanted: string): Topic => {
  const found = state.watch.topics.find(({ name }) => topicArn(state, name) === wanted);
  if (found === undefined) throw new Ec2Error('NotFound', 'Topic does not exist', 404);
  return found;
};
const put = (cloud: CloudModel, step: (state: CloudState) => Topic): void =>
  void cloud.change((state) => ({
    ...state,
    watch: { ...state.watch, topics: withNamed(state.watch.topics, step(state)) },
  }));

const pairs = (params: Params, list: string, key: string, value: string): Readonly<Record<string, string>> =>
  Object.fromEntries(structures(params, list).map((item) => [required(item, key), item.get(value) ?? '']));

const subscriptionXml = (state: CloudState, topic: Topic): readonly Xml[] =>
  topic.subscriptions.map(({ id, protocol, endpoint, confirmed }) => ({
    SubscriptionArn: confirmed ? `${topicArn(state, topic.name)}:${id}` : 'PendingConfirmation',
    Owner: state.owner,
    Protocol: protocol,
    Endpoint: endpoint,
    TopicArn: topicArn(state, topic.name),
  }));

export const SNS_ACTIONS: Readonly<Record<string, Action>> = {
  CreateTopic: ({ cloud, params }) => {
    const name = required(params, 'Name');
    if (!/^[A-Za-z0-9_-]{1,256}$/.test(name)) throw invalid('Topic Name');
    const tags = pairs(params, 'Tags.member', 'Key', 'Value');
    const before = cloud.stateAt(0).watch.topics.find((topic) => topic.name === name);
    if (before !== undefined && JSON.stringify(before.tags) !== JSON.stringify(tags))
      throw invalid('Tags Reason: Topic already exists with different tags');
    if (before === undefined)
      put(cloud, (state) => ({
        name,
        attributes: { Policy: ownerPolicy(state, name), ...pairs(params, 'Attributes.entry', 'key', 'value') },
        tags,
        subscriptions: [],
        messages: [],
      }));
    return { TopicArn: topicArn(cloud.stateAt(0), name) };
  },
  GetTopicAttributes: ({ state, params }) => {
    const topic = find(state, required(params, 'TopicArn'));
    const pending = topic.subscriptions.filter(({ confirmed }) => !confirmed).length;
    const all = {
      ...topic.attributes,
      TopicArn: topicArn(state, topic.name),
      Owner: state.owner,
      SubscriptionsPending: String(pending),
      SubscriptionsConfirmed: String(topic.subscriptions.length - pending),
      SubscriptionsDeleted: '0',
    };
    return { Attributes: { entry: Object.entries(all).map(([key, value]) => ({ key, value })) } };
  },
  SetTopicAttributes: ({ cloud, params }) => {
    const name = required(params, 'AttributeName');
    const value = optional(params, 'AttributeValue') ?? '';
    if (!['Policy', 'DisplayName', 'DeliveryPolicy', 'KmsMasterKeyId'].includes(name)) throw invalid('AttributeName');
    if (name === 'Policy') policyText(value, (message) => new Ec2Error('InvalidParameter', message));
    put(cloud, (state) => {
      const topic = find(state, required(params, 'TopicArn'));
      return { ...topic, attributes: { ...topic.attributes, [name]: value } };
    });
    return {};
  },
  DeleteTopic: ({ cloud, params }) => {
    const wanted = required(params, 'TopicArn');
    cloud.change((state) => ({
      ...state,
      watch: { ...state.watch, topics: withoutNamed(state.watch.topics, wanted.split(':')[5] ?? '') },
    }));
    return {};
  },
  ListTagsForResource: ({ state, params }) => {
    const found = state.watch.topics.find(({ name }) => topicArn(state, name) === required(params, 'ResourceArn'));
    if (found === undefined) throw new Ec2Error('ResourceNotFound', 'Resource does not exist', 404);
    return { Tags: members(Object.entries(found.tags).map(([Key, Value]) => ({ Key, Value }))) };
  },
  Subscribe: ({ cloud, params }) => {
    const [protocol, endpoint] = [required(params, 'Protocol'), required(params, 'Endpoint')];
    if (!['email', 'email-json', 'sms', 'sqs', 'lambda', 'https', 'http'].includes(protocol)) throw invalid('Protocol');
    // The same again is the same subscription.
    const id = idOf('sub', protocol, endpoint).slice(4);
    const confirmed = ['sms', 'sqs', 'lambda'].includes(protocol);
    put(cloud, (state) => {
      const topic = find(state, required(params, 'TopicArn'));
      return topic.subscriptions.some((one) => one.id === id)
        ? topic
        : { ...topic, subscriptions: [...topic.subscriptions, { id, protocol, endpoint, confirmed }] };
    });
    return { SubscriptionArn: confirmed ? `${required(params, 'TopicArn')}:${id}` : 'pending confirmation' };
  },
  ListSubscriptionsByTopic: ({ state, params }) => ({
    Subscriptions: members(subscriptionXml(state, find(state, required(params, 'TopicArn')))),
  }),
  Publish: ({ cloud, params }) => {
    const { name } = find(cloud.stateAt(0), required(params, 'TopicArn'));
    const at = cloud.now();
    put(cloud, (state) =>
      withMessage(find(state, required(params, 'TopicArn')), {
        at,
        body: required(params, 'Message'),
        subject: optional(params, 'Subject'),
      }),
    );
    cloud.change((state) => ({
      ...state,
      watch: {
        ...state.watch,
        metrics: counted(state.watch.metrics, 'AWS/SNS', 'NumberOfMessagesPublished', { TopicName: name }, at),
      },
    }));
    return { MessageId: idOf('m', name, String(at)).slice(2) };
  },
};
