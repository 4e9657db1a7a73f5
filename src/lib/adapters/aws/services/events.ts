import {
  DeleteRuleCommand as DeleteRule,
  DescribeRuleCommand as DescribeRule,
  ListTagsForResourceCommand as ListTagsForResource,
  ListTargetsByRuleCommand as ListTargetsByRule,
  PutEventsCommand as PutEvents,
  PutRuleCommand as PutRule,
  PutTargetsCommand as PutTargets,
  RemoveTargetsCommand as RemoveTargets,
  EventBridgeClient,
} from '@aws-sdk/client-eventbridge';
import type { ServiceDescriptor } from './service.ts';

export const events: ServiceDescriptor = {
  name: 'events',
  title: 'EventBridge',
  client: (config) => new EventBridgeClient(config),
  commands: {
    DeleteRule,
    DescribeRule,
    ListTagsForResource,
    ListTargetsByRule,
    PutEvents,
    PutRule,
    PutTargets,
    RemoveTargets,
  },
  errors: {
    absent: ['ResourceNotFound'],
    exists: ['ResourceAlreadyExists'],
    conflict: ['ConcurrentModification'],
  },
};
