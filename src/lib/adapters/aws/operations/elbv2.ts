import {
  DeleteLoadBalancerCommand as DeleteLoadBalancer,
  DeleteTargetGroupCommand as DeleteTargetGroup,
  DescribeLoadBalancersCommand as DescribeLoadBalancers,
  DescribeTagsCommand as DescribeTags,
  DescribeTargetGroupsCommand as DescribeTargetGroups,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Operations } from './types.ts';

export const elbv2: Operations = {
  client: (config) => new ElasticLoadBalancingV2Client(config),
  commands: { DeleteLoadBalancer, DeleteTargetGroup, DescribeLoadBalancers, DescribeTags, DescribeTargetGroups },
};
