import {
  DeleteLoadBalancerCommand as DeleteLoadBalancer,
  DeleteTargetGroupCommand as DeleteTargetGroup,
  DescribeLoadBalancersCommand as DescribeLoadBalancers,
  DescribeTagsCommand as DescribeTags,
  DescribeTargetGroupsCommand as DescribeTargetGroups,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ServiceDescriptor } from './service.ts';

export const elbv2: ServiceDescriptor = {
  name: 'elbv2',
  title: 'Elastic Load Balancing',
  iamPrefix: 'elasticloadbalancing',
  client: (config) => new ElasticLoadBalancingV2Client(config),
  commands: { DeleteLoadBalancer, DeleteTargetGroup, DescribeLoadBalancers, DescribeTags, DescribeTargetGroups },
  errors: {
    absent: ['LoadBalancerNotFound', 'TargetGroupNotFound'],
    exists: ['DuplicateLoadBalancerName', 'DuplicateTargetGroupName'],
    conflict: ['ResourceInUse'],
  },
};
