import { arn } from '../domain/partition.ts';
import type { Action } from './actions.ts';
import type { Balanced } from './balancer-state.ts';
import { structures } from './params.ts';
import { list, members, optional, required, type Params, type Xml } from './protocol.ts';
import { Ec2Error, findSubnet, findVpc, fresh, type CloudState } from './state.ts';

const ABSENT: Readonly<Record<Balanced['kind'], string>> = {
  loadbalancer: 'LoadBalancerNotFound',
  targetgroup: 'TargetGroupNotFound',
};
/** Pages are short, so that whoever reads the first alone is found out. */
const PAGE = 5;

const make =
  (kind: Balanced['kind'], path: string): ((call: Parameters<Action>[0], vpc: string) => string) =>
  ({ cloud, params }, vpc) => {
    const tags = Object.fromEntries(
      structures(params, 'Tags.member').map((tag) => [required(tag, 'Key'), tag.get('Value') ?? '']),
    );
    const name = required(params, 'Name');
    const [, made] = cloud.make((state) => {
      const [serial, next] = fresh(state, 'elb');
      const id = arn(state.region, 'elasticloadbalancing', state.owner, `${path}/${name}/${serial.slice(-16)}`);
      return [{ ...next, balanced: [...next.balanced, { arn: id, kind, name, vpc, tags }] }, id];
    });
    return made;
  };

const page = (
  state: CloudState,
  params: Params,
  kind: Balanced['kind'],
  field: string,
  xml: (one: Balanced) => Xml,
): Xml => {
  const from = Number(optional(params, 'Marker') ?? 0);
  const all = state.balanced.filter((one) => one.kind === kind);
  return {
    [field]: members(all.slice(from, from + PAGE).map(xml)),
    NextMarker: from + PAGE < all.length ? String(from + PAGE) : undefined,
  };
};

/** What is gone is no error to delete, as on AWS. */
const drop = ({ cloud }: Parameters<Action>[0], gone: string): Xml => {
  cloud.change((state) => ({ ...state, balanced: state.balanced.filter((one) => one.arn !== gone) }));
  return {};
};

/** `elbv2`: enough to have load balancers and target groups, to see whose they are, and to remove them. */
export const BALANCER_ACTIONS: Readonly<Record<string, Action>> = {
  CreateLoadBalancer(call) {
    const [subnet] = list(call.params, 'Subnets.member');
    return {
      LoadBalancers: members([
        { LoadBalancerArn: make('loadbalancer', 'loadbalancer/app')(call, findSubnet(call.state, subnet ?? '').vpc) },
      ]),
    };
  },
  CreateTargetGroup: (call) => ({
    TargetGroups: members([
      {
        TargetGroupArn: make('targetgroup', 'targetgroup')(
          call,
          findVpc(call.state, required(call.params, 'VpcId')).id,
        ),
      },
    ]),
  }),
  DescribeLoadBalancers: ({ state, params }) =>
    page(state, params, 'loadbalancer', 'LoadBalancers', ({ arn: id, name, vpc }) => ({
      LoadBalancerArn: id,
      LoadBalancerName: name,
      VpcId: vpc,
      Type: 'application',
      Scheme: 'internet-facing',
      State: { Code: 'active' },
    })),
  DescribeTargetGroups: ({ state, params }) =>
    page(state, params, 'targetgroup', 'TargetGroups', ({ arn: id, name, vpc }) => ({
      TargetGroupArn: id,
      TargetGroupName: name,
      VpcId: vpc,
      Protocol: 'HTTP',
      Port: 80,
      TargetType: 'instance',
    })),
  DescribeTags({ state, params }) {
    const arns = list(params, 'ResourceArns.member');
    if (arns.length > 20) throw new Ec2Error('ValidationError', 'Up to 20 resources can be described at a time');
    return {
      TagDescriptions: members(
        arns.map((wanted) => {
          const found = state.balanced.find((one) => one.arn === wanted);
          if (found === undefined)
            throw new Ec2Error(
              ABSENT[wanted.includes(':targetgroup/') ? 'targetgroup' : 'loadbalancer'],
              `One or more elements not found: ${wanted}`,
            );
          return {
            ResourceArn: wanted,
            Tags: members(Object.entries(found.tags).map(([Key, Value]) => ({ Key, Value }))),
          };
        }),
      ),
    };
  },
  DeleteLoadBalancer: (call) => drop(call, required(call.params, 'LoadBalancerArn')),
  DeleteTargetGroup: (call) => drop(call, required(call.params, 'TargetGroupArn')),
};
