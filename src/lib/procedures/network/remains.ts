import { api, type ApiCall, type Aws } from '../../core/aws.ts';
import { HybridError, partly } from '../../core/errors.ts';
import type { ExecutionContext, Step } from '../../core/procedure.ts';
import { isOurs, KEY_TAG, SITE_TAG, type Tag } from '../../domain/tags.ts';
import { destroySteps } from '../kit/destroy.ts';
import type { StackResource } from './stack.ts';

/**
 * What is the network's and no stack takes away: a stack that was deleted with resources retained, or an update whose
 * clean-up failed, leaves it in the account and, if it is a NAT or a load balancer, on the bill.
 */
export interface Remain {
  /** Of its tag: `network/nat-1`. */
  readonly key: string;
  readonly what: string;
  readonly id: string;
  /** As CloudFormation knows it, where that is another name. */
  readonly alias: string;
  readonly calls: readonly ApiCall[];
}

interface Thing {
  readonly id: string | undefined;
  readonly alias?: string | undefined;
  readonly tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined;
  readonly calls: (id: string) => readonly ApiCall[];
}

interface Kind {
  readonly what: string;
  /** As CloudFormation calls it. */
  readonly type: string;
  /** The filter that finds it by the id that CloudFormation has of it; absent: `list` brings all there are. */
  readonly by?: string;
  /** Until it is gone, ms; default a minute. */
  readonly patienceMs?: number;
  readonly list: (aws: Aws, Filters: { Name: string; Values: string[] }[]) => Promise<readonly Thing[]>;
}

/** `elbv2` tells tags of twenty things at a time. */
const tagged = async <T>(
  aws: Aws,
  items: readonly T[],
  arnOf: (item: T) => string | undefined,
): Promise<readonly (readonly [T, Tag[]])[]> => {
  const tags = new Map<string, Tag[]>();
  for (let from = 0; from < items.length; from += 20) {
    const { TagDescriptions = [] } = await aws.ask('elbv2', 'DescribeTags', {
      ResourceArns: items.slice(from, from + 20).map((item) => arnOf(item)!),
    });
    for (const { ResourceArn, Tags = [] } of TagDescriptions) tags.set(ResourceArn!, Tags as Tag[]);
  }
  return items.map((item) => [item, tags.get(arnOf(item)!) ?? []] as const);
};

/** In the order in which they rest on each other: the last goes first. */
const KINDS: readonly Kind[] = [
  {
    what: 'VPC',
    type: 'AWS::EC2::VPC',
    by: 'vpc-id',
    list: async (aws, Filters) =>
      (await aws.all('ec2', 'DescribeVpcs', { Filters }, 'Vpcs')).map(({ VpcId, Tags }) => ({
        id: VpcId,
        tags: Tags,
        calls: (id) => [api('ec2', 'DeleteVpc', { VpcId: id })],
      })),
  },
  {
    // By key, so that the web server's, which names the bastion's and the balancer's, is the first to go.
    what: 'security group',
    type: 'AWS::EC2::SecurityGroup',
    by: 'group-id',
    list: async (aws, Filters) =>
      (await aws.all('ec2', 'DescribeSecurityGroups', { Filters }, 'SecurityGroups'))
        .map(({ GroupId, Tags }) => ({
          id: GroupId,
          tags: Tags,
          calls: (id: string) => [api('ec2', 'DeleteSecurityGroup', { GroupId: id })],
        }))
        .sort((a, b) => (keyIn(a) < keyIn(b) ? -1 : 1)),
  },
  {
    what: 'internet gateway',
    type: 'AWS::EC2::InternetGateway',
    by: 'internet-gateway-id',
    list: async (aws, Filters) =>
      (await aws.all('ec2', 'DescribeInternetGateways', { Filters }, 'InternetGateways')).map(
        ({ InternetGatewayId, Tags, Attachments = [] }) => ({
          id: InternetGatewayId,
          tags: Tags,
          calls: (id) => [
            ...Attachments.map(({ VpcId }) =>
              api('ec2', 'DetachInternetGateway', { InternetGatewayId: id, VpcId: VpcId! }),
            ),
            api('ec2', 'DeleteInternetGateway', { InternetGatewayId: id }),
          ],
        }),
      ),
  },
  {
    what: 'subnet',
    type: 'AWS::EC2::Subnet',
    by: 'subnet-id',
    list: async (aws, Filters) =>
      (await aws.all('ec2', 'DescribeSubnets', { Filters }, 'Subnets')).map(({ SubnetId, Tags }) => ({
        id: SubnetId,
        tags: Tags,
        calls: (id) => [api('ec2', 'DeleteSubnet', { SubnetId: id })],
      })),
  },
  {
    what: 'route table',
    type: 'AWS::EC2::RouteTable',
    by: 'route-table-id',
    list: async (aws, Filters) =>
      (await aws.all('ec2', 'DescribeRouteTables', { Filters }, 'RouteTables')).map(
        ({ RouteTableId, Tags, Associations = [] }) => ({
          id: RouteTableId,
          tags: Tags,
          calls: (id) => [
            ...Associations.filter(({ Main }) => Main !== true).map(({ RouteTableAssociationId }) =>
              api('ec2', 'DisassociateRouteTable', { AssociationId: RouteTableAssociationId! }),
            ),
            api('ec2', 'DeleteRouteTable', { RouteTableId: id }),
          ],
        }),
      ),
  },
  {
    what: 'Elastic IP',
    type: 'AWS::EC2::EIP',
    by: 'public-ip',
    list: async (aws, Filters) =>
      (await aws.all('ec2', 'DescribeAddresses', { Filters }, 'Addresses')).map(({ AllocationId, PublicIp, Tags }) => ({
        id: AllocationId,
        alias: PublicIp,
        tags: Tags,
        // Nobody is cut off: our own instances are gone by now, and of others' EC2 refuses it.
        calls: (id) => [api('ec2', 'ReleaseAddress', { AllocationId: id })],
      })),
  },
  {
    what: 'NAT gateway',
    type: 'AWS::EC2::NatGateway',
    by: 'nat-gateway-id',
    patienceMs: 300_000,
    list: async (aws, Filter) =>
      (await aws.all('ec2', 'DescribeNatGateways', { Filter }, 'NatGateways'))
        .filter(({ State }) => State !== 'deleted' && State !== 'failed')
        .map(({ NatGatewayId, Tags }) => ({
          id: NatGatewayId,
          tags: Tags,
          calls: (id) => [api('ec2', 'DeleteNatGateway', { NatGatewayId: id })],
        })),
  },
  {
    what: 'launch template',
    type: 'AWS::EC2::LaunchTemplate',
    list: async (aws, Filters) =>
      (await aws.all('ec2', 'DescribeLaunchTemplates', { Filters }, 'LaunchTemplates')).map(
        ({ LaunchTemplateId, Tags }) => ({
          id: LaunchTemplateId,
          tags: Tags,
          calls: (id) => [api('ec2', 'DeleteLaunchTemplate', { LaunchTemplateId: id })],
        }),
      ),
  },
  {
    what: 'instance',
    type: 'AWS::EC2::Instance',
    by: 'instance-id',
    patienceMs: 300_000,
    list: async (aws, Filters) =>
      (await aws.all('ec2', 'DescribeInstances', { Filters }, 'Reservations'))
        .flatMap(({ Instances = [] }) => Instances)
        .filter(({ State }) => State?.Name !== 'terminated')
        .map(({ InstanceId, Tags }) => ({
          id: InstanceId,
          tags: Tags,
          calls: (id) => [api('ec2', 'TerminateInstances', { InstanceIds: [id] })],
        })),
  },
  {
    what: 'target group',
    type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
    list: async (aws) =>
      (
        await tagged(
          aws,
          await aws.all('elbv2', 'DescribeTargetGroups', {}, 'TargetGroups'),
          ({ TargetGroupArn }) => TargetGroupArn,
        )
      ).map(([{ TargetGroupArn }, tags]) => ({
        id: TargetGroupArn,
        tags,
        calls: (id) => [api('elbv2', 'DeleteTargetGroup', { TargetGroupArn: id })],
      })),
  },
  {
    what: 'load balancer',
    type: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
    list: async (aws) =>
      (
        await tagged(
          aws,
          await aws.all('elbv2', 'DescribeLoadBalancers', {}, 'LoadBalancers'),
          ({ LoadBalancerArn }) => LoadBalancerArn,
        )
      ).map(([{ LoadBalancerArn }, tags]) => ({
        id: LoadBalancerArn,
        tags,
        calls: (id) => [api('elbv2', 'DeleteLoadBalancer', { LoadBalancerArn: id })],
      })),
  },
];

const keyIn = ({ tags }: Pick<Thing, 'tags'>): string => tags?.find(({ Key }) => Key === KEY_TAG)?.Value ?? '';

/**
 * Other procedures of the site have tags of the same site: only keys of the network are its, and what its stack had.
 * Not every endpoint gives what a stack makes its tags.
 */
const ofKind = async (
  aws: Aws,
  site: string,
  kind: Kind,
  had: readonly StackResource[],
): Promise<readonly Remain[]> => {
  const keys = new Map(
    had.flatMap(({ type, id, key }) => (type === kind.type && id !== null ? [[id, key] as const] : [])),
  );
  const things = [...(await kind.list(aws, [{ Name: `tag:${SITE_TAG}`, Values: [site] }]))];
  if (kind.by !== undefined && keys.size > 0)
    things.push(...(await kind.list(aws, [{ Name: kind.by, Values: [...keys.keys()] }])));
  const found = things.flatMap((thing): readonly Remain[] => {
    const [id, alias] = [thing.id!, thing.alias ?? thing.id!];
    const key = isOurs(thing.tags, site) && keyIn(thing).startsWith('network/') ? keyIn(thing) : keys.get(alias);
    return key === undefined ? [] : [{ key, what: kind.what, id, alias, calls: thing.calls(id) }];
  });
  return [...new Map(found.map((one) => [one.id, one])).values()];
};

/**
 * All that carries the network's tags now, or was in its stack, in the order of its making. Reads only. @param had of a
 * stack that is gone.
 */
export const remainsOf = async (
  aws: Aws,
  site: string,
  had: readonly StackResource[] = [],
): Promise<readonly Remain[]> => {
  const found: Remain[] = [];
  for (const kind of KINDS) found.push(...(await ofKind(aws, site, kind, had)));
  return found;
};

const stepOf = (site: string, { key, what, id, calls }: Remain, had: readonly StackResource[]): Step => {
  const kind = KINDS.find((one) => one.what === what)!;
  return {
    key: `${key}/${id}`,
    title: `${what} ${id}`,
    read: async ({ aws }) =>
      (await ofKind(aws, site, kind, had)).some((one) => one.id === id)
        ? { state: 'ready', found: { id, owned: true } }
        : { state: 'absent' },
    create: () => [],
    delete: () => calls,
    ...(kind.patienceMs === undefined ? {} : { timeoutMs: kind.patienceMs }),
  };
};

/**
 * Interfaces that others have in a VPC: while one is there, its subnet, and so the VPC, can't go. `eni-0a1b in
 * subnet-0c2d: RDSNetworkInterface`.
 */
export const holdersOf = async (aws: Aws, site: string, vpc: string): Promise<readonly string[]> =>
  (
    await aws.all(
      'ec2',
      'DescribeNetworkInterfaces',
      { Filters: [{ Name: 'vpc-id', Values: [vpc] }] },
      'NetworkInterfaces',
    )
  )
    .filter(({ TagSet }) => !isOurs(TagSet, site))
    .map(
      ({ NetworkInterfaceId, SubnetId, Description }) =>
        `in the way: ${NetworkInterfaceId} in ${SubnetId}${Description === undefined || Description === '' ? '' : `: ${Description}`}`,
    );

/**
 * Removes what no stack takes away, in its order. @throws partly (exit 5) with what stays, why, and what is in the way.
 */
export const removeRemains = async (
  context: ExecutionContext,
  site: string,
  had: readonly StackResource[],
): Promise<void> => {
  const remains = await remainsOf(context.aws, site, had);
  if (remains.length === 0) return;
  context.progress(`${remains.length} of the network ${remains.length === 1 ? 'is' : 'are'} in no stack: removing`);
  try {
    await destroySteps(
      remains.map((one) => stepOf(site, one, had)),
      context,
      { site, adopted: new Map() },
    );
  } catch (error) {
    if (!(error instanceof HybridError) || error.more.length === 0) throw error;
    const vpc = remains.find(({ what }) => what === 'VPC')?.id;
    const holders = vpc === undefined ? [] : await holdersOf(context.aws, site, vpc).catch(() => []);
    throw partly(error.message, {
      more: [...error.more, ...holders],
      next: error.next ?? 'run it again',
      cause: error,
    });
  }
};
