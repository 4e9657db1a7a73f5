import { describe, expect, it } from 'vitest';
import { fixture, testCloud } from '../../helpers/cloud.ts';
import { ec2 } from '../../helpers/ec2.ts';

const VPC = 'vpc-0d5a1b2c3d4e5f607';
const open = async () => ec2(await testCloud(fixture('lab')));
const made = async (name = 'gateways') => {
  const cloud = await open();
  const { GroupId } = await cloud.ask('CreateSecurityGroup', {
    GroupName: name,
    Description: 'VPN gateways',
    VpcId: VPC,
    TagSpecifications: [{ ResourceType: 'security-group', Tags: [{ Key: 'hybridctl:site', Value: 'demo' }] }],
  });
  return { ...cloud, id: GroupId! };
};
const range = (CidrIp: string, Description?: string) => [
  { CidrIp, ...(Description === undefined ? {} : { Description }) },
];

describe('security groups', () => {
  it('lets everything out when new, and shows rules as EC2 bundles them', async () => {
    const { ask, id } = await made();
    const { SecurityGroupRules } = await ask('AuthorizeSecurityGroupIngress', {
      GroupId: id,
      IpPermissions: [
        {
          IpProtocol: 'udp',
          FromPort: 500,
          ToPort: 500,
          IpRanges: [...range('198.51.100.77/32', 'rtr-1 IKE'), ...range('198.51.100.140/32')],
        },
        { IpProtocol: '17', FromPort: 4500, ToPort: 4500, IpRanges: range('198.51.100.77/32') },
        { IpProtocol: '50', FromPort: 1, ToPort: 2, IpRanges: range('198.51.100.77/32') },
        { IpProtocol: '-1', IpRanges: range('172.16.3.9/16'), UserIdGroupPairs: [{ GroupId: id }] },
      ],
      TagSpecifications: [{ ResourceType: 'security-group-rule', Tags: [{ Key: 'why', Value: 'ike' }] }],
    });
    expect(
      SecurityGroupRules?.map(({ IpProtocol, FromPort, CidrIpv4, IsEgress, Tags }) => [
        IpProtocol,
        FromPort,
        CidrIpv4,
        IsEgress,
        Tags?.length,
      ]),
    ).toEqual([
      ['udp', 500, '198.51.100.77/32', false, 1],
      ['udp', 500, '198.51.100.140/32', false, 1],
      ['udp', 4500, '198.51.100.77/32', false, 1],
      ['50', -1, '198.51.100.77/32', false, 1],
      ['-1', -1, '172.16.0.0/16', false, 1],
      ['-1', -1, undefined, false, 1],
    ]);
    const { SecurityGroups } = await ask('DescribeSecurityGroups', {
      Filters: [{ Name: 'tag:hybridctl:site', Values: ['demo'] }],
    });
    expect(SecurityGroups).toEqual([
      {
        GroupId: id,
        GroupName: 'gateways',
        Description: 'VPN gateways',
        VpcId: VPC,
        OwnerId: '123456789012',
        SecurityGroupArn: `arn:aws-cn:ec2:cn-north-1:123456789012:security-group/${id}`,
        Tags: [{ Key: 'hybridctl:site', Value: 'demo' }],
        IpPermissions: [
          {
            IpProtocol: 'udp',
            FromPort: 500,
            ToPort: 500,
            IpRanges: [...range('198.51.100.77/32', 'rtr-1 IKE'), ...range('198.51.100.140/32')],
            Ipv6Ranges: [],
            PrefixListIds: [],
            UserIdGroupPairs: [],
          },
          {
            IpProtocol: 'udp',
            FromPort: 4500,
            ToPort: 4500,
            IpRanges: range('198.51.100.77/32'),
            Ipv6Ranges: [],
            PrefixListIds: [],
            UserIdGroupPairs: [],
          },
          {
            IpProtocol: '50',
            IpRanges: range('198.51.100.77/32'),
            Ipv6Ranges: [],
            PrefixListIds: [],
            UserIdGroupPairs: [],
          },
          {
            IpProtocol: '-1',
            IpRanges: range('172.16.0.0/16'),
            Ipv6Ranges: [],
            PrefixListIds: [],
            UserIdGroupPairs: [{ GroupId: id, UserId: '123456789012' }],
          },
        ],
        IpPermissionsEgress: [
          { IpProtocol: '-1', IpRanges: range('0.0.0.0/0'), Ipv6Ranges: [], PrefixListIds: [], UserIdGroupPairs: [] },
        ],
      },
    ]);
  });

  const IKE = { IpProtocol: 'udp', FromPort: 500, ToPort: 500, IpRanges: range('198.51.100.77/32') };
  const REFUSED: readonly (readonly [string, object, string])[] = [
    ['the same rule again', IKE, 'InvalidPermission.Duplicate'],
    [
      'the same rule by number, in other words',
      { ...IKE, IpProtocol: '17', IpRanges: range('198.51.100.77/32', 'again') },
      'InvalidPermission.Duplicate',
    ],
    [
      'one twice in a request',
      { ...IKE, IpRanges: [...range('192.0.2.1/32'), ...range('192.0.2.1/32')] },
      'InvalidParameterValue',
    ],
    ['UDP without ports', { IpProtocol: 'udp', IpRanges: range('192.0.2.1/32') }, 'InvalidParameterValue'],
    ['ports upside down', { ...IKE, FromPort: 4500 }, 'InvalidParameterValue'],
    ['no such protocol', { ...IKE, IpProtocol: 'esp' }, 'InvalidParameterValue'],
    ['no peer', { IpProtocol: '50' }, 'MissingParameter'],
    ['no CIDR', { ...IKE, IpRanges: range('198.51.100.77') }, 'InvalidParameterValue'],
    [
      'a group that is not there',
      { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: 'sg-0123456789abcdef0' }] },
      'InvalidGroup.NotFound',
    ],
    [
      'a prefix list that is not there',
      { IpProtocol: '-1', PrefixListIds: [{ PrefixListId: 'pl-0123456789abcdef0' }] },
      'InvalidPrefixListID.NotFound',
    ],
    ['words that EC2 does not take', { ...IKE, IpRanges: range('192.0.2.1/32', 'über') }, 'InvalidParameterValue'],
    [
      "a group of another account's name",
      { IpProtocol: '-1', UserIdGroupPairs: [{ GroupName: 'default' }] },
      'UnknownParameter',
    ],
  ];
  it('refuses rules as EC2 does, and then adds none of the request', async () => {
    const { ask, code, id } = await made();
    await ask('AuthorizeSecurityGroupIngress', { GroupId: id, IpPermissions: [IKE] });
    const answers: string[] = [];
    for (const [what, permission] of REFUSED)
      answers.push(
        `${what}: ${await code('AuthorizeSecurityGroupIngress', { GroupId: id, IpPermissions: [{ ...IKE, FromPort: 4500, ToPort: 4500 }, permission] })}`,
      );
    expect(answers).toEqual(REFUSED.map(([what, , wanted]) => `${what}: ${wanted}`));
    expect(
      (await ask('DescribeSecurityGroupRules', { Filters: [{ Name: 'group-id', Values: [id] }] })).SecurityGroupRules,
    ).toHaveLength(2);
  });

  it('revokes by what a rule says or by its id, and says where there is none', async () => {
    const { ask, code, id } = await made();
    const { SecurityGroupRules } = await ask('AuthorizeSecurityGroupIngress', {
      GroupId: id,
      IpPermissions: [{ ...IKE, IpRanges: [...range('192.0.2.1/32'), ...range('192.0.2.2/32')] }],
    });
    await ask('RevokeSecurityGroupIngress', {
      GroupId: id,
      IpPermissions: [{ ...IKE, IpRanges: range('192.0.2.1/32') }],
    });
    expect(
      await code('RevokeSecurityGroupIngress', {
        GroupId: id,
        IpPermissions: [{ ...IKE, IpRanges: range('192.0.2.1/32') }],
      }),
    ).toBe('InvalidPermission.NotFound');
    expect(
      await code('RevokeSecurityGroupEgress', {
        GroupId: id,
        SecurityGroupRuleIds: [SecurityGroupRules![1]!.SecurityGroupRuleId!],
      }),
    ).toBe('InvalidSecurityGroupRuleId.NotFound');
    await ask('RevokeSecurityGroupIngress', {
      GroupId: id,
      SecurityGroupRuleIds: [SecurityGroupRules![1]!.SecurityGroupRuleId!],
    });
    await ask('RevokeSecurityGroupEgress', {
      GroupId: id,
      IpPermissions: [{ IpProtocol: '-1', IpRanges: range('0.0.0.0/0') }],
    });
    const { SecurityGroups } = await ask('DescribeSecurityGroups', { GroupIds: [id] });
    expect(
      SecurityGroups?.map(({ IpPermissions, IpPermissionsEgress }) => [IpPermissions, IpPermissionsEgress]),
    ).toEqual([[[], []]]);
  });

  it('has one name once in a VPC, and is deleted only when nothing needs it', async () => {
    const { ask, code, id } = await made();
    const create = (GroupName: string, Description = 'd', VpcId = VPC) =>
      code('CreateSecurityGroup', { GroupName, Description, VpcId });
    expect([
      await create('gateways'),
      await create('sg-1'),
      await create('other', 'über'),
      await create('other', 'd', 'vpc-0ffffffff'),
      await create('default'),
    ]).toEqual([
      'InvalidGroup.Duplicate',
      'InvalidParameterValue',
      'InvalidParameterValue',
      'InvalidVpcID.NotFound',
      'InvalidParameterValue',
    ]);
    const { NetworkInterfaces } = await ask('DescribeNetworkInterfaces', {});
    const eni = NetworkInterfaces![0]!.NetworkInterfaceId!;
    await ask('ModifyNetworkInterfaceAttribute', { NetworkInterfaceId: eni, Groups: [id] });
    expect(await code('DeleteSecurityGroup', { GroupId: id })).toBe('DependencyViolation');
    const { SecurityGroups } = await ask('DescribeSecurityGroups', {
      Filters: [{ Name: 'group-name', Values: ['default'] }],
    });
    const byDefault = SecurityGroups![0]!.GroupId!;
    await ask('ModifyNetworkInterfaceAttribute', { NetworkInterfaceId: eni, Groups: [byDefault] });
    await ask('AuthorizeSecurityGroupIngress', {
      GroupId: byDefault,
      IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: id }] }],
    });
    expect(await code('DeleteSecurityGroup', { GroupId: id })).toBe('DependencyViolation');
    await ask('RevokeSecurityGroupIngress', {
      GroupId: byDefault,
      IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: id }] }],
    });
    expect([
      await code('DeleteSecurityGroup', { GroupId: id }),
      await code('DeleteSecurityGroup', { GroupId: id }),
      await code('DeleteSecurityGroup', { GroupId: byDefault }),
    ]).toEqual(['ok', 'InvalidGroup.NotFound', 'CannotDelete']);
    expect((await ask('DescribeTags', { Filters: [{ Name: 'key', Values: ['hybridctl:site'] }] })).Tags).toEqual([]);
  });

  it("of the site's gateways let the tunnels in", async () => {
    const { ask } = await open();
    const { SecurityGroups } = await ask('DescribeSecurityGroups', {
      Filters: [{ Name: 'group-name', Values: ['demo-gateways'] }],
    });
    expect(
      SecurityGroups![0]!.IpPermissions?.map(({ IpProtocol, FromPort, IpRanges }) => [
        IpProtocol,
        FromPort,
        IpRanges?.map(({ CidrIp }) => CidrIp),
      ]),
    ).toEqual([
      ['udp', 500, ['198.51.100.77/32', '198.51.100.140/32']],
      ['udp', 4500, ['198.51.100.77/32', '198.51.100.140/32']],
      ['50', undefined, ['198.51.100.77/32', '198.51.100.140/32']],
      ['-1', undefined, ['172.16.0.0/16']],
    ]);
  });
});
