import * as sdk from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Tag } from '@aws-sdk/client-elastic-load-balancing-v2';
import { arn } from '../../../domain/partition.ts';
import { awsQuery } from '../../codec/query.ts';
import { ApiError } from '../../error.ts';
import type { CloudModel } from '../../model.ts';
import { cloudService, op, type Operations } from '../../service.ts';
import { findSubnet, findVpc, fresh, type CloudState } from '../../state.ts';
import { tagList, tagsFrom } from '../../tags.ts';
import { balanced, type Balanced } from './state.ts';

const ABSENT: Readonly<Record<Balanced['kind'], string>> = {
  loadbalancer: 'LoadBalancerNotFound',
  targetgroup: 'TargetGroupNotFound',
};
/** Pages are short, so that whoever reads the first alone is found out. */
const PAGE = 5;

const make = (
  cloud: CloudModel,
  one: { readonly kind: Balanced['kind']; readonly path: string; readonly name: string; readonly vpc: string },
  tags: readonly Tag[] | undefined,
): string => {
  const { kind, path, name, vpc } = one;
  const [, made] = cloud.make((state) => {
    const [serial, next] = fresh(state, 'elb');
    const id = arn(state.region, 'elasticloadbalancing', state.owner, `${path}/${name}/${serial.slice(-16)}`);
    return [balanced.put(next, [...balanced.of(next), { arn: id, kind, name, vpc, tags: tagsFrom(tags) }]), id];
  });
  return made;
};

const page = (state: CloudState, kind: Balanced['kind'], marker: string | undefined) => {
  const from = Number(marker ?? 0);
  const all = balanced.of(state).filter((one) => one.kind === kind);
  return {
    items: all.slice(from, from + PAGE),
    next: from + PAGE < all.length ? { NextMarker: String(from + PAGE) } : {},
  };
};

/** What is gone is no error to delete, as on AWS. */
const drop = (cloud: CloudModel, gone: string): Record<never, never> => {
  cloud.change((state) =>
    balanced.put(
      state,
      balanced.of(state).filter((one) => one.arn !== gone),
    ),
  );
  return {};
};

/** Enough to have load balancers and target groups, to see whose they are, and to remove them. */
const operations = {
  CreateLoadBalancer: op(sdk.CreateLoadBalancer$, ({ Name, Subnets: [subnet = ''] = [], Tags }, cloud) => {
    const { vpc } = findSubnet(cloud.state, subnet);
    const made = make(cloud, { kind: 'loadbalancer', path: 'loadbalancer/app', name: Name, vpc }, Tags);
    return { LoadBalancers: [{ LoadBalancerArn: made }] };
  }),
  CreateTargetGroup: op(sdk.CreateTargetGroup$, ({ Name, VpcId = '', Tags }, cloud) => {
    const { id: vpc } = findVpc(cloud.state, VpcId);
    const made = make(cloud, { kind: 'targetgroup', path: 'targetgroup', name: Name, vpc }, Tags);
    return { TargetGroups: [{ TargetGroupArn: made }] };
  }),
  DescribeLoadBalancers: op(sdk.DescribeLoadBalancers$, ({ Marker }, { state }) => {
    const { items, next } = page(state, 'loadbalancer', Marker);
    return {
      LoadBalancers: items.map(({ arn: id, name, vpc }) => ({
        LoadBalancerArn: id,
        LoadBalancerName: name,
        VpcId: vpc,
        Type: 'application' as const,
        Scheme: 'internet-facing' as const,
        State: { Code: 'active' as const },
      })),
      ...next,
    };
  }),
  DescribeTargetGroups: op(sdk.DescribeTargetGroups$, ({ Marker }, { state }) => {
    const { items, next } = page(state, 'targetgroup', Marker);
    return {
      TargetGroups: items.map(({ arn: id, name, vpc }) => ({
        TargetGroupArn: id,
        TargetGroupName: name,
        VpcId: vpc,
        Protocol: 'HTTP' as const,
        Port: 80,
        TargetType: 'instance' as const,
      })),
      ...next,
    };
  }),
  DescribeTags: op(sdk.DescribeTags$, ({ ResourceArns: arns }, { state }) => {
    if (arns.length > 20) throw new ApiError('ValidationError', 'Up to 20 resources can be described at a time');
    return {
      TagDescriptions: arns.map((wanted) => {
        const found = balanced.of(state).find((one) => one.arn === wanted);
        if (found === undefined)
          throw new ApiError(
            ABSENT[wanted.includes(':targetgroup/') ? 'targetgroup' : 'loadbalancer'],
            `One or more elements not found: ${wanted}`,
          );
        return { ResourceArn: wanted, Tags: tagList(found.tags) };
      }),
    };
  }),
  DeleteLoadBalancer: op(sdk.DeleteLoadBalancer$, ({ LoadBalancerArn }, cloud) => drop(cloud, LoadBalancerArn)),
  DeleteTargetGroup: op(sdk.DeleteTargetGroup$, ({ TargetGroupArn }, cloud) => drop(cloud, TargetGroupArn)),
} satisfies Operations<'elbv2'>;

export const service = cloudService('elbv2', {
  protocol: awsQuery('http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/'),
  operations,
});
