import {
  CreateTopicCommand as CreateTopic,
  DeleteTopicCommand as DeleteTopic,
  GetTopicAttributesCommand as GetTopicAttributes,
  ListSubscriptionsByTopicCommand as ListSubscriptionsByTopic,
  ListTagsForResourceCommand as ListTagsForResource,
  SetTopicAttributesCommand as SetTopicAttributes,
  SubscribeCommand as Subscribe,
  SNSClient,
} from '@aws-sdk/client-sns';
import type { Operations } from './types.ts';

export const sns: Operations = {
  client: (config) => new SNSClient(config),
  commands: {
    CreateTopic,
    DeleteTopic,
    GetTopicAttributes,
    ListSubscriptionsByTopic,
    ListTagsForResource,
    SetTopicAttributes,
    Subscribe,
  },
};
