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
import type { ServiceDescriptor } from './service.ts';

export const sns: ServiceDescriptor = {
  name: 'sns',
  title: 'SNS',
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
  errors: {
    absent: ['NotFound', 'ResourceNotFound'],
    conflict: ['ConcurrentAccess'],
    invalid: ['InvalidParameter', 'InvalidParameterValue', 'ParameterValueInvalid', 'OptedOut', 'EndpointDisabled'],
  },
};
