import * as sdk from '@aws-sdk/client-sns';
import { awsQuery } from '../../codec/query.ts';
import { ApiError } from '../../error.ts';
import type { CloudModel } from '../../model.ts';
import { cloudService, op, type Operations } from '../../service.ts';
import { withoutNamed } from '../../slice.ts';
import { idOf, type CloudState } from '../../state.ts';
import { tagList, tagsFrom } from '../../tags.ts';
import { counted } from '../cloudwatch/state.ts';
import { policyText, withMessage } from '../messages.ts';
import { ownerPolicy, topicArn, topics, withTopic, type Topic } from './state.ts';

const invalid = (message: string): ApiError => new ApiError('InvalidParameter', `Invalid parameter: ${message}`);

const find = (state: CloudState, wanted: string | undefined): Topic => {
  const found = topics.of(state).find(({ name }) => topicArn(state, name) === wanted);
  if (found === undefined) throw new ApiError('NotFound', 'Topic does not exist', 404);
  return found;
};
const put = (cloud: CloudModel, step: (state: CloudState) => Topic): CloudState =>
  cloud.change((state) => withTopic(state, step(state)));

const operations = {
  CreateTopic: op(sdk.CreateTopic$, ({ Name: name, Tags, Attributes }, cloud) => {
    if (!/^[A-Za-z0-9_-]{1,256}$/.test(name)) throw invalid('Topic Name');
    const tags = tagsFrom(Tags);
    const before = topics.of(cloud.state).find((topic) => topic.name === name);
    if (before !== undefined && JSON.stringify(before.tags) !== JSON.stringify(tags))
      throw invalid('Tags Reason: Topic already exists with different tags');
    if (before === undefined)
      put(cloud, (state) => ({
        name,
        attributes: { Policy: ownerPolicy(state, name), ...Attributes },
        tags,
        subscriptions: [],
        messages: [],
      }));
    return { TopicArn: topicArn(cloud.state, name) };
  }),
  GetTopicAttributes: op(sdk.GetTopicAttributes$, ({ TopicArn }, { state }) => {
    const topic = find(state, TopicArn);
    const pending = topic.subscriptions.filter(({ confirmed }) => !confirmed).length;
    return {
      Attributes: {
        ...topic.attributes,
        TopicArn: topicArn(state, topic.name),
        Owner: state.owner,
        SubscriptionsPending: String(pending),
        SubscriptionsConfirmed: String(topic.subscriptions.length - pending),
        SubscriptionsDeleted: '0',
      },
    };
  }),
  SetTopicAttributes: op(
    sdk.SetTopicAttributes$,
    ({ TopicArn, AttributeName: name, AttributeValue: value = '' }, cloud) => {
      if (!['Policy', 'DisplayName', 'DeliveryPolicy', 'KmsMasterKeyId'].includes(name)) throw invalid('AttributeName');
      if (name === 'Policy') policyText(value, (message) => new ApiError('InvalidParameter', message));
      put(cloud, (state) => {
        const topic = find(state, TopicArn);
        return { ...topic, attributes: { ...topic.attributes, [name]: value } };
      });
      return {};
    },
  ),
  DeleteTopic: op(sdk.DeleteTopic$, ({ TopicArn }, cloud) => {
    cloud.change((state) => topics.put(state, withoutNamed(topics.of(state), TopicArn.split(':')[5] ?? '')));
    return {};
  }),
  ListTagsForResource: op(sdk.ListTagsForResource$, ({ ResourceArn }, { state }) => {
    const found = topics.of(state).find(({ name }) => topicArn(state, name) === ResourceArn);
    if (found === undefined) throw new ApiError('ResourceNotFound', 'Resource does not exist', 404);
    return { Tags: tagList(found.tags) };
  }),
  Subscribe: op(sdk.Subscribe$, ({ TopicArn, Protocol: protocol, Endpoint: endpoint }, cloud) => {
    if (endpoint === undefined || endpoint === '') throw invalid('Endpoint');
    if (!['email', 'email-json', 'sms', 'sqs', 'lambda', 'https', 'http'].includes(protocol)) throw invalid('Protocol');
    // The same again is the same subscription.
    const id = idOf('sub', protocol, endpoint).slice(4);
    const confirmed = ['sms', 'sqs', 'lambda'].includes(protocol);
    put(cloud, (state) => {
      const topic = find(state, TopicArn);
      return topic.subscriptions.some((one) => one.id === id)
        ? topic
        : { ...topic, subscriptions: [...topic.subscriptions, { id, protocol, endpoint, confirmed }] };
    });
    return { SubscriptionArn: confirmed ? `${TopicArn}:${id}` : 'pending confirmation' };
  }),
  ListSubscriptionsByTopic: op(sdk.ListSubscriptionsByTopic$, ({ TopicArn }, { state }) => {
    const { name, subscriptions } = find(state, TopicArn);
    return {
      Subscriptions: subscriptions.map(({ id, protocol, endpoint, confirmed }) => ({
        SubscriptionArn: confirmed ? `${topicArn(state, name)}:${id}` : 'PendingConfirmation',
        Owner: state.owner,
        Protocol: protocol,
        Endpoint: endpoint,
        TopicArn: topicArn(state, name),
      })),
    };
  }),
  Publish: op(sdk.Publish$, ({ TopicArn, Message: body, Subject: subject }, cloud) => {
    const { name } = find(cloud.state, TopicArn);
    const at = cloud.now();
    cloud.change((state) =>
      counted(
        withTopic(state, withMessage(find(state, TopicArn), { at, body, subject })),
        'AWS/SNS',
        'NumberOfMessagesPublished',
        { TopicName: name },
        at,
      ),
    );
    return { MessageId: idOf('m', name, String(at)).slice(2) };
  }),
} satisfies Operations<'sns'>;

export const service = cloudService('sns', {
  protocol: awsQuery('http://sns.amazonaws.com/doc/2010-03-31/'),
  operations,
});
