import { describe, expect, it } from 'vitest';
import type { Input } from '../../../src/lib/core/aws.ts';
import { EC2_TIMES, fixture, standingClock, testCloud } from '../../helpers/cloud.ts';
import { ec2 } from '../../helpers/ec2.ts';

const VPC = 'vpc-0d5a1b2c3d4e5f607';
const GW1 = 'i-0e1466e8a5dd4892c';
const open = async () => {
  const clock = standingClock();
  const cloud = await testCloud(fixture('lab'), { clock, times: EC2_TIMES });
  const api = ec2(cloud);
  const { Subnets } = await api.ask('DescribeSubnets', { Filters: [{ Name: 'tag:Name', Values: ['public-1'] }] });
  const { Images } = await api.ask('DescribeImages', {
    Owners: ['amazon'],
    Filters: [{ Name: 'name', Values: ['al2023-ami-2023.*-x86_64'] }],
  });
  const base = {
    ImageId: Images![0]!.ImageId!,
    InstanceType: 't3.micro',
    MinCount: 1,
    MaxCount: 1,
    SubnetId: Subnets![0]!.SubnetId!,
  } satisfies Input<'ec2', 'RunInstances'>;
  const launch = async (more: Partial<Input<'ec2', 'RunInstances'>> = {}) =>
    (await api.ask('RunInstances', { ...base, ...more } as Input<'ec2', 'RunInstances'>)).Instances!;
  const state = async (id: string) =>
    (await api.ask('DescribeInstances', { InstanceIds: [id] })).Reservations![0]!.Instances![0]!.State!.Name;
  return { ...api, cloud, base, launch, state, pass: clock.pass };
};
type Opened = Awaited<ReturnType<typeof open>>;
/** A minute later. */
const settled = async ({ state, pass }: Opened, id: string, wanted: string) => {
  pass(60_000);
  expect(await state(id)).toBe(wanted);
};

describe('images', () => {
  it('are found by owner, name, processor and date; strangers use the same names', async () => {
    const { ask, code } = await open();
    const find = async (name: string, architecture: string, owners?: string[]) =>
      (
        await ask('DescribeImages', {
          ...(owners === undefined ? {} : { Owners: owners }),
          Filters: [
            { Name: 'name', Values: [name] },
            { Name: 'architecture', Values: [architecture] },
            { Name: 'state', Values: ['available'] },
            { Name: 'root-device-type', Values: ['ebs'] },
          ],
        })
      ).Images!.map(({ Name, OwnerId, CreationDate }) => [Name, OwnerId, CreationDate?.slice(0, 10)]);
    expect(await find('al2023-ami-2023.*', 'x86_64', ['amazon'])).toEqual([
      ['al2023-ami-2023.6.20241010.0-kernel-6.1-x86_64', '141808717104', '2024-10-10'],
      ['al2023-ami-2023.9.20251027.0-kernel-6.1-x86_64', '141808717104', '2025-10-27'],
    ]);
    expect(await find('debian-12-arm64-*', 'arm64', ['336777782633'])).toHaveLength(2);
    expect(await find('debian-12-amd64-*', 'x86_64')).toHaveLength(3);
    expect(await find('debian-12-amd64-*', 'x86_64', ['136693071363'])).toEqual([]);
    expect(await code('DescribeImages', { ImageIds: ['ami-0123456789abcdef0'] })).toBe('InvalidAMIID.NotFound');
  });
});

describe('an instance', () => {
  it('is pending, then runs; carries what it was launched with; and is gone with its interface and tags', async () => {
    const opened = await open();
    const { ask, code, base, launch, cloud } = opened;
    await ask('CreateKeyPair', { KeyName: 'ops' });
    const userData = Buffer.from('#!/bin/sh\necho hello\n').toString('base64');
    const [instance] = await launch({
      PrivateIpAddress: '172.16.1.20',
      KeyName: 'ops',
      UserData: userData,
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 10, VolumeType: 'gp3', Encrypted: true } }],
      TagSpecifications: [
        {
          ResourceType: 'instance',
          Tags: [
            { Key: 'Name', Value: 'gw-3' },
            { Key: 'hybridctl:site', Value: 'demo' },
          ],
        },
        { ResourceType: 'volume', Tags: [{ Key: 'hybridctl:site', Value: 'demo' }] },
      ],
    });
    const id = instance!.InstanceId!;
    expect(instance).toMatchObject({
      State: { Name: 'pending', Code: 0 },
      ImageId: base.ImageId,
      InstanceType: 't3.micro',
      KeyName: 'ops',
      PrivateIpAddress: '172.16.1.20',
      VpcId: VPC,
      SourceDestCheck: true,
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
      SecurityGroups: [{ GroupName: 'default' }],
    });
    await settled(opened, id, 'running');
    expect((await ask('DescribeInstanceAttribute', { InstanceId: id, Attribute: 'userData' })).UserData?.Value).toBe(
      userData,
    );
    expect(
      (await ask('DescribeTags', { Filters: [{ Name: 'tag:hybridctl:site', Values: ['demo'] }] })).Tags?.map(
        ({ ResourceType }) => ResourceType,
      ),
    ).toEqual(['instance', 'volume']);
    await ask('ModifyInstanceAttribute', { InstanceId: id, SourceDestCheck: { Value: false } });
    await ask('CreateRoute', {
      RouteTableId: 'rtb-0468f52220000000a',
      DestinationCidrBlock: '10.30.0.0/16',
      InstanceId: id,
    });
    const route = () =>
      cloud.cloud.table('rtb-0468f52220000000a').routes.find(({ destination }) => destination === '10.30.0.0/16');
    expect(route()).toMatchObject({
      target: { kind: 'eni', id: instance!.NetworkInterfaces![0]!.NetworkInterfaceId },
      state: 'active',
    });
    const { AllocationId, PublicIp } = await ask('AllocateAddress', { Domain: 'vpc' });
    await ask('AssociateAddress', {
      AllocationId,
      NetworkInterfaceId: instance!.NetworkInterfaces![0]!.NetworkInterfaceId,
    });
    expect(
      (await ask('DescribeInstances', { Filters: [{ Name: 'ip-address', Values: [PublicIp!] }] })).Reservations?.[0]
        ?.Instances?.[0]?.InstanceId,
    ).toBe(id);
    expect(await code('ReleaseAddress', { AllocationId })).toBe('InvalidIPAddress.InUse');
    expect((await ask('TerminateInstances', { InstanceIds: [id] })).TerminatingInstances).toEqual([
      {
        InstanceId: id,
        CurrentState: { Code: 32, Name: 'shutting-down' },
        PreviousState: { Code: 16, Name: 'running' },
      },
    ]);
    expect([
      route()?.state,
      await code('StartInstances', { InstanceIds: [id] }),
      await code('TerminateInstances', { InstanceIds: [id] }),
    ]).toEqual(['blackhole', 'IncorrectInstanceState', 'ok']);
    await settled(opened, id, 'terminated');
    const { Reservations } = await ask('DescribeInstances', { InstanceIds: [id] });
    expect(Reservations![0]!.Instances![0]).not.toHaveProperty('SubnetId');
    expect((await ask('DescribeNetworkInterfaces', {})).NetworkInterfaces).toHaveLength(2);
    expect((await ask('DescribeAddresses', { AllocationIds: [AllocationId!] })).Addresses![0]).not.toHaveProperty(
      'AssociationId',
    );
    expect(await code('ReleaseAddress', { AllocationId })).toBe('ok');
  });

  it('is forgotten some time after its end', async () => {
    const opened = await open();
    const [instance] = await opened.launch();
    await settled(opened, instance!.InstanceId!, 'running');
    await opened.ask('TerminateInstances', { InstanceIds: [instance!.InstanceId!] });
    await settled(opened, instance!.InstanceId!, 'terminated');
    opened.pass(3_600_000);
    expect(await opened.code('DescribeInstances', { InstanceIds: [instance!.InstanceId!] })).toBe(
      'InvalidInstanceID.NotFound',
    );
  });

  it('is launched once under one client token', async () => {
    const opened = await open();
    const { launch, code, base, ask } = opened;
    const ids = async () => (await launch({ ClientToken: 'once' })).map(({ InstanceId }) => InstanceId);
    const [first, again] = [await ids(), await ids()];
    expect(again).toEqual(first);
    expect(await code('RunInstances', { ...base, ClientToken: 'once', InstanceType: 't3.small' })).toBe(
      'IdempotentParameterMismatch',
    );
    expect((await launch({ ClientToken: 'other' }))[0]?.InstanceId).not.toBe(first[0]);
    await settled(opened, first[0]!, 'running');
    await ask('TerminateInstances', { InstanceIds: [first[0]!] });
    await settled(opened, first[0]!, 'terminated');
    expect(await code('RunInstances', { ...base, ClientToken: 'once' })).toBe('IdempotentInstanceTerminated');
  });

  it('is not seen at once where reads are stale', async () => {
    const opened = await open();
    await opened.cloud.fault({ DescribeInstances: { stale_ms: 1_500 } });
    const [instance] = await opened.launch();
    expect(await opened.code('DescribeInstances', { InstanceIds: [instance!.InstanceId!] })).toBe(
      'InvalidInstanceID.NotFound',
    );
    opened.pass(1_500);
    expect(await opened.code('DescribeInstances', { InstanceIds: [instance!.InstanceId!] })).toBe('ok');
  });

  it('is not known at once to every part of the cloud, nor is its profile', async () => {
    const opened = await open();
    const { cloud, code, launch, base, pass } = opened;
    await cloud.fault({ CreateTags: { stale_ms: 1_500 }, RunInstances: { stale_ms: 1_500 } });
    await cloud.aws().ask('iam', 'CreateRole', { RoleName: 'r', AssumeRolePolicyDocument: '{"Statement":[]}' });
    await cloud.aws().ask('iam', 'CreateInstanceProfile', { InstanceProfileName: 'p' });
    await cloud.aws().ask('iam', 'AddRoleToInstanceProfile', { InstanceProfileName: 'p', RoleName: 'r' });
    expect(await code('RunInstances', { ...base, IamInstanceProfile: { Name: 'p' } })).toBe('InvalidParameterValue');
    pass(1_500);
    const [instance] = await launch({ IamInstanceProfile: { Name: 'p' } });
    const tag = () => code('CreateTags', { Resources: [instance!.InstanceId!], Tags: [{ Key: 'a', Value: 'b' }] });
    expect(await tag()).toBe('InvalidInstanceID.NotFound');
    pass(1_500);
    expect(await tag()).toBe('ok');
    // What is in the way now still is: only what is too young is not seen.
    expect(await code('CreateTags', { Resources: [GW1], Tags: [{ Key: 'aws:a', Value: 'b' }] })).toBe(
      'InvalidParameterValue',
    );
  });

  const REFUSED: readonly (readonly [string, object, string])[] = [
    ['an image that is not there', { ImageId: 'ami-0123456789abcdef0' }, 'InvalidAMIID.NotFound'],
    ['no image id', { ImageId: 'debian' }, 'InvalidAMIID.Malformed'],
    ['a type for another processor', { InstanceType: 't4g.micro' }, 'InvalidParameterValue'],
    ['no type', { InstanceType: 'small' }, 'InvalidParameterValue'],
    ['a subnet that is not there', { SubnetId: 'subnet-0ffffffff' }, 'InvalidSubnetID.NotFound'],
    ['an address of another', { PrivateIpAddress: '172.16.1.157' }, 'InvalidIPAddress.InUse'],
    ['an address outside', { PrivateIpAddress: '10.0.0.9' }, 'InvalidParameterValue'],
    ['an address that EC2 keeps', { PrivateIpAddress: '172.16.1.1' }, 'InvalidParameterValue'],
    ['a group that is not there', { SecurityGroupIds: ['sg-0123456789abcdef0'] }, 'InvalidGroup.NotFound'],
    ['a key pair that is not there', { KeyName: 'none' }, 'InvalidKeyPair.NotFound'],
    ['a profile that is not there', { IamInstanceProfile: { Name: 'none' } }, 'InvalidParameterValue'],
    ['user data that is too long', { UserData: Buffer.alloc(16_385, 'a').toString('base64') }, 'InvalidParameterValue'],
    ['user data that is not base64', { UserData: '#!/bin/sh' }, 'InvalidParameterValue'],
    ['more than the quota', { MinCount: 100, MaxCount: 100 }, 'InstanceLimitExceeded'],
    [
      'more than there are addresses for the one given',
      { MaxCount: 2, MinCount: 2, PrivateIpAddress: '172.16.1.30' },
      'InvalidParameterCombination',
    ],
    [
      'groups in both places',
      {
        NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: 'subnet-0ffffffff' }],
        SecurityGroupIds: ['sg-0123456789abcdef0'],
      },
      'InvalidParameterCombination',
    ],
    [
      'tags of what it does not make',
      { TagSpecifications: [{ ResourceType: 'elastic-ip', Tags: [{ Key: 'a', Value: 'b' }] }] },
      'InvalidParameterValue',
    ],
    [
      "tags of AWS's own",
      { TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'aws:x', Value: 'b' }] }] },
      'InvalidParameterValue',
    ],
    ['what the endpoint does not carry out', { HibernationOptions: { Configured: true } }, 'UnknownParameter'],
  ];
  it('is refused as EC2 refuses, with nothing made', async () => {
    const { code, base, ask, cloud } = await open();
    await cloud.fault({ RunInstances: { bucket: { size: 100, perSecond: 100 } } });
    const answers: string[] = [];
    for (const [what, more] of REFUSED) answers.push(`${what}: ${await code('RunInstances', { ...base, ...more })}`);
    expect(answers).toEqual(REFUSED.map(([what, , wanted]) => `${what}: ${wanted}`));
    expect((await ask('DescribeInstances', {})).Reservations).toHaveLength(2);
    expect((await ask('DescribeTags', { Filters: [{ Name: 'key', Values: ['a', 'aws:x'] }] })).Tags).toEqual([]);
  });

  it('takes a profile that has a role, at its launch or later', async () => {
    const opened = await open();
    const { cloud, ask, code, launch } = opened;
    const iam = cloud.aws();
    await iam.ask('iam', 'CreateRole', { RoleName: 'r', AssumeRolePolicyDocument: '{"Statement":[]}' });
    await iam.ask('iam', 'CreateInstanceProfile', { InstanceProfileName: 'p' });
    expect(await code('AssociateIamInstanceProfile', { InstanceId: GW1, IamInstanceProfile: { Name: 'p' } })).toBe(
      'InvalidParameterValue',
    );
    await iam.ask('iam', 'AddRoleToInstanceProfile', { InstanceProfileName: 'p', RoleName: 'r' });
    const arn = 'arn:aws-cn:iam::123456789012:instance-profile/p';
    const [instance] = await launch({ IamInstanceProfile: { Arn: arn } });
    expect(instance?.IamInstanceProfile?.Arn).toBe(arn);
    await ask('AssociateIamInstanceProfile', { InstanceId: GW1, IamInstanceProfile: { Name: 'p' } });
    expect(await code('AssociateIamInstanceProfile', { InstanceId: GW1, IamInstanceProfile: { Name: 'p' } })).toBe(
      'IncorrectState',
    );
    const { IamInstanceProfileAssociations } = await ask('DescribeIamInstanceProfileAssociations', {
      Filters: [{ Name: 'instance-id', Values: [GW1] }],
    });
    expect(IamInstanceProfileAssociations).toMatchObject([
      { InstanceId: GW1, State: 'associated', IamInstanceProfile: { Arn: arn } },
    ]);
  });

  it('with a borrowed public address has another one after a stop and start', async () => {
    const opened = await open();
    const { ask, base, state } = opened;
    const { SubnetId, ...rest } = base;
    const { Instances } = await ask('RunInstances', {
      ...rest,
      NetworkInterfaces: [{ DeviceIndex: 0, SubnetId, AssociatePublicIpAddress: true }],
    });
    const id = Instances![0]!.InstanceId!;
    const address = async () =>
      (await ask('DescribeInstances', { InstanceIds: [id] })).Reservations![0]!.Instances![0]!.PublicIpAddress;
    await settled(opened, id, 'running');
    const before = await address();
    await ask('StopInstances', { InstanceIds: [id] });
    await settled(opened, id, 'stopped');
    expect([await address(), await state(id)]).toEqual([undefined, 'stopped']);
    await ask('StartInstances', { InstanceIds: [id] });
    await settled(opened, id, 'running');
    const after = await address();
    expect(after).toBeDefined();
    expect(after).not.toBe(before);
    expect((await ask('DescribeInstanceStatus', { InstanceIds: [id] })).InstanceStatuses).toMatchObject([
      { InstanceStatus: { Status: 'ok' }, SystemStatus: { Status: 'ok' } },
    ]);
  });
});
