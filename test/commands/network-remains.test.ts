import {
  ElasticLoadBalancingV2Client,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { expect, test } from 'vitest';
import { tagsOf } from '../../src/lib/domain/tags.ts';
import { fixture, testCloud } from '../helpers/cloud.ts';
import { ec2 } from '../helpers/ec2.ts';

const at = '--name office --region cn-north-1';
const CHANGING = /^(Create|Delete|Execute|Detach|Disassociate|Release|Terminate)/;

/** What a stack leaves behind that was deleted with its resources retained, and beside it a VPC of somebody else's. */
const withRemains = async () => {
  const cloud = await testCloud(fixture('lab'), { quotas: { addresses: 9 } });
  const { ask } = ec2(cloud);
  const tagged = (
    ResourceType:
      | 'vpc'
      | 'subnet'
      | 'route-table'
      | 'internet-gateway'
      | 'elastic-ip'
      | 'natgateway'
      | 'launch-template'
      | 'security-group',
    key: string,
    site = 'office',
  ) => ({ TagSpecifications: [{ ResourceType, Tags: tagsOf(site, `network/${key}`) }] });
  const { Vpc } = await ask('CreateVpc', { CidrBlock: '10.40.0.0/16', ...tagged('vpc', 'vpc') });
  const VpcId = Vpc!.VpcId!;
  const other = await ask('CreateVpc', { CidrBlock: '10.41.0.0/16', ...tagged('vpc', 'vpc', 'branch') });
  const { Subnet } = await ask('CreateSubnet', {
    VpcId,
    CidrBlock: '10.40.1.0/24',
    AvailabilityZone: 'cn-north-1a',
    ...tagged('subnet', 'public-1'),
  });
  const { InternetGateway } = await ask('CreateInternetGateway', tagged('internet-gateway', 'internet'));
  await ask('AttachInternetGateway', { VpcId, InternetGatewayId: InternetGateway!.InternetGatewayId! });
  const { RouteTable } = await ask('CreateRouteTable', { VpcId, ...tagged('route-table', 'public') });
  await ask('AssociateRouteTable', { RouteTableId: RouteTable!.RouteTableId!, SubnetId: Subnet!.SubnetId! });
  const { AllocationId } = await ask('AllocateAddress', { Domain: 'vpc', ...tagged('elastic-ip', 'nat-1') });
  await ask('CreateNatGateway', { SubnetId: Subnet!.SubnetId!, AllocationId, ...tagged('natgateway', 'nat-1') });
  await ask('CreateLaunchTemplate', {
    LaunchTemplateName: 'office-metadata',
    LaunchTemplateData: { InstanceType: 't3.micro' },
    ...tagged('launch-template', 'metadata'),
  });
  await ask('CreateSecurityGroup', {
    GroupName: 'office-web',
    Description: 'web',
    VpcId,
    ...tagged('security-group', 'web'),
  });
  const elb = new ElasticLoadBalancingV2Client({
    endpoint: cloud.url,
    region: 'cn-north-1',
    credentials: { accessKeyId: 'lab', secretAccessKey: 'never-shown' },
  });
  // More than a page of other people's, so that ours is on the second.
  for (let index = 0; index < 6; index += 1)
    await elb.send(new CreateTargetGroupCommand({ Name: `other-${index}`, VpcId, Protocol: 'HTTP', Port: 80 }));
  await elb.send(
    new CreateTargetGroupCommand({
      Name: 'office',
      VpcId,
      Protocol: 'HTTP',
      Port: 80,
      Tags: tagsOf('office', 'network/web'),
    }),
  );
  await elb.send(
    new CreateLoadBalancerCommand({
      Name: 'office',
      Subnets: [Subnet!.SubnetId!],
      Tags: tagsOf('office', 'network/balancer'),
    }),
  );
  const left = async () => {
    const vpcs = (await ask('DescribeVpcs', {})).Vpcs!.map(({ VpcId: id }) => id);
    return {
      ours: vpcs.includes(VpcId),
      others: vpcs.includes(other.Vpc!.VpcId),
      addresses: (await ask('DescribeAddresses', { Filters: [{ Name: 'tag:hybridctl:site', Values: ['office'] }] }))
        .Addresses!.length,
    };
  };
  const changing = async () => (await cloud.calls()).filter((call) => CHANGING.test(call));
  return { cloud, ask, VpcId, subnet: Subnet!.SubnetId!, left, changing };
};

test('what no stack takes away goes in its order, and nothing of others', { timeout: 60_000 }, async () => {
  const { cloud, left, changing } = await withRemains();
  const before = (await changing()).length;
  const planned = await cloud.run(`network destroy ${at} --dry-run --detailed-exitcode --json`);
  expect([
    planned.exit,
    planned.json().steps.map(({ key, action }: { key: string; action: string }) => `${action} ${key}`),
  ]).toEqual([
    3,
    [
      'remove network/balancer',
      'remove network/web',
      'remove network/metadata',
      'remove network/nat-1',
      'remove network/nat-1',
      'remove network/public',
      'remove network/public-1',
      'remove network/internet',
      'remove network/web',
      'remove network/vpc',
    ],
  ]);
  expect((await cloud.run(`network destroy ${at}`)).exit).toBe(2);
  expect((await changing()).length).toBe(before);
  const gone = await cloud.run(`network destroy ${at} --yes`);
  expect([gone.exit, await left()]).toEqual([0, { ours: false, others: true, addresses: 0 }]);
  expect((await changing()).slice(before)).toEqual([
    'DeleteLoadBalancer',
    'DeleteTargetGroup',
    'DeleteLaunchTemplate',
    'DeleteNatGateway',
    'ReleaseAddress',
    'DisassociateRouteTable',
    'DeleteRouteTable',
    'DeleteSubnet',
    'DetachInternetGateway',
    'DeleteInternetGateway',
    'DeleteSecurityGroup',
    'DeleteVpc',
  ]);
  expect((await cloud.run(`network destroy ${at} --yes`)).out).toContain('nothing to do');
});

test.each(
  ['DeleteNatGateway', 'DetachInternetGateway', 'DeleteVpc'].flatMap((action) =>
    (['drop', 'drop-after'] as const).map((how) => [action, how] as const),
  ),
)('broken off at %s (%s) it is finished by the next run', { timeout: 60_000 }, async (action, how) => {
  const { cloud, left } = await withRemains();
  // As a kill: nothing after it comes through.
  await cloud.fault({ [action]: { break: how } });
  await cloud.run(`network destroy ${at} --yes`, {
    tuning: { attempts: 1 },
    ports: { clock: { now: quick(), sleep: async () => undefined } },
  });
  await cloud.fault({});
  expect([(await cloud.run(`network destroy ${at} --yes`)).exit, await left()]).toEqual([
    0,
    { ours: false, others: true, addresses: 0 },
  ]);
});

/** A clock that is five seconds on at each look: patience ends soon. */
const quick = () => {
  let now = 1_795_200_000_000;
  return () => (now += 5_000);
};

test('an interface in the way is named, exit 5; the rest is gone', { timeout: 60_000 }, async () => {
  const { cloud, ask, subnet, left } = await withRemains();
  const { Images } = await ask('DescribeImages', { Owners: ['amazon'] });
  await ask('RunInstances', {
    ImageId: Images![0]!.ImageId!,
    InstanceType: 't3.micro',
    MinCount: 1,
    MaxCount: 1,
    SubnetId: subnet,
  });
  const { exit, err } = await cloud.run(`network destroy ${at} --yes`, {
    ports: { clock: { now: quick(), sleep: async () => undefined } },
  });
  expect(exit).toBe(5);
  expect(err).toContain('ec2:DeleteSubnet: DependencyViolation');
  expect(err).toMatch(/in the way: eni-\w+ in subnet-/);
  expect(await left()).toMatchObject({ ours: true, others: true, addresses: 0 });
});

test('a permission that is missing is named before anything is removed', async () => {
  const { cloud, changing, left } = await withRemains();
  const before = await changing();
  await cloud.fault({ DescribeTargetGroups: { break: 'error', code: 'AccessDenied', status: 403 } });
  expect(await cloud.run(`network destroy ${at} --yes`)).toMatchObject({
    exit: 4,
    err: expect.stringContaining('elasticloadbalancing:DescribeTargetGroups'),
  });
  expect([await changing(), (await left()).ours]).toEqual([before, true]);
});

test('a stack and what no stack takes away go in one run', { timeout: 60_000 }, async () => {
  const { cloud, left } = await withRemains();
  await cloud.run(`network create ${at} --bastion no --yes`);
  const { exit, err } = await cloud.run(`network destroy ${at} --yes`);
  expect([
    exit,
    await left(),
    err.indexOf('hybridctl-office-network: gone') < err.indexOf('of the network are in no stack'),
  ]).toEqual([0, { ours: false, others: true, addresses: 0 }, true]);
});
