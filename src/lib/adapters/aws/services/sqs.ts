import {
  CreateQueueCommand as CreateQueue,
  DeleteQueueCommand as DeleteQueue,
  GetQueueAttributesCommand as GetQueueAttributes,
  GetQueueUrlCommand as GetQueueUrl,
  ListQueueTagsCommand as ListQueueTags,
  SetQueueAttributesCommand as SetQueueAttributes,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { ServiceDescriptor } from './service.ts';

export const sqs: ServiceDescriptor = {
  name: 'sqs',
  title: 'SQS',
  // The queue's URL is a name to us: requests go to the region's endpoint, or to AWS_ENDPOINT_URL.
  client: (config) => new SQSClient({ ...config, useQueueUrlAsEndpoint: false }),
  commands: {
    CreateQueue,
    DeleteQueue,
    GetQueueAttributes,
    GetQueueUrl,
    ListQueueTags,
    SetQueueAttributes,
  },
  // The codes of the query protocol are still sent beside those of JSON.
  errors: {
    absent: ['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'],
    exists: ['QueueNameExists', 'QueueAlreadyExists'],
    notYet: ['QueueDeletedRecently', 'AWS.SimpleQueueService.QueueDeletedRecently'],
  },
};
