import { describe, expect, it } from 'vitest';
import { EXIT, missing } from '../../src/lib/core/errors.ts';
import type { Aws } from '../../src/lib/core/aws.ts';
import { fixture, testCloud, type TestCloud } from '../helpers/cloud.ts';

interface Found {
  readonly check: string;
  readonly level: string;
  readonly subject: string;
  readonly found: string;
  readonly case: number | null;
  readonly fix: readonly string[];
}

const GW1 = 'i-0e1466e8a5dd4892c';
const ENI1 = 'eni-023fbd87a1b2c3d4e';
const [TABLE1, TABLE2] = ['rtb-0468f52220000000a', 'rtb-04b8f522f0000000b'];
const VGW = 'vgw-078bcc55';
/** What is wrong in the cloud: the two checks of the site's own files are left out. */
const OF_FILES = ['keys', 'certificates'];
const trouble = async (cloud: TestCloud, flags = '', options: Parameters<TestCloud['run']>[1] = {}) => {
  const ran = await cloud.run(`vpn doctor --cloud --json ${flags}`, options);
  const { findings, fixed } = ran.json() as { findings: readonly Found[]; fixed: readonly string[] };
  return {
    exit: ran.exit,
    fixed,
    findings: findings.filter(({ level, check }) => level !== 'ok' && !OF_FILES.includes(check)),
  };
};
const brief = ({ check, level, subject, found, case: number }: Found) =>
  `${level} ${check} ${subject}: ${found} [${number ?? '-'}]`;
const groupOf = async (aws: Aws) =>
  (await aws.ask('ec2', 'DescribeInstances', { InstanceIds: [GW1] })).Reservations![0]!.Instances![0]!
    .SecurityGroups![0]!.GroupId!;
const revoke = (IpProtocol: string, CidrIp: string, port?: number) => async (aws: Aws) =>
  aws.ask('ec2', 'RevokeSecurityGroupIngress', {
    GroupId: await groupOf(aws),
    IpPermissions: [
      { IpProtocol, ...(port === undefined ? {} : { FromPort: port, ToPort: port }), IpRanges: [{ CidrIp }] },
    ],
  });
const route =
  (RouteTableId: string, DestinationCidrBlock: string, NetworkInterfaceId = ENI1) =>
  (aws: Aws) =>
    aws.ask('ec2', 'CreateRoute', { RouteTableId, DestinationCidrBlock, NetworkInterfaceId });

const withoutDx = fixture('lab')
  .replace(/^ *- \{ name: dx-1,.*\n/m, '')
  .replaceAll('dx-1, ', '');

/** The lab's cloud, with what BGP would have brought. */
const healthy = async (): Promise<TestCloud> => {
  const cloud = await testCloud(fixture('lab'));
  cloud.cloud.setPropagated(VGW, ['10.10.0.0/16']);
  return cloud;
};

describe('vpn doctor, the cloud side', () => {
  it('finds nothing where all is well, by reading alone', async () => {
    const cloud = await healthy();
    expect(await trouble(cloud)).toEqual({ exit: EXIT.ok, fixed: [], findings: [] });
    expect((await cloud.calls()).filter((call) => !call.startsWith('Describe'))).toEqual([]);
  });

  it('calls nothing well that it could not look at: a gateway that is not there', async () => {
    const cloud = await testCloud(fixture('lab'));
    const site = fixture('lab').replace(GW1, 'i-0aaaaaaaaaaaaaaaa').replace('    eni: eni-023fbd87a1b2c3d4e\n', '');
    const { findings, exit } = await trouble(cloud, '', { files: { 'hybridctl.yaml': site } });
    expect(findings.filter(({ subject }) => subject === 'gw-1').map(({ level, check }) => `${level} ${check}`)).toEqual(
      [
        'error instance',
        'skipped source-dest-check',
        'skipped elastic-ip',
        'skipped security-group',
        'skipped network-acl',
      ],
    );
    expect(exit).toBe(EXIT.failed);
  });

  it.each<[string, (aws: Aws) => Promise<unknown>, readonly string[]]>([
    [
      'the source/dest check on',
      (aws) => aws.ask('ec2', 'ModifyInstanceAttribute', { InstanceId: GW1, SourceDestCheck: { Value: true } }),
      [
        'error source-dest-check gw-1: the source/dest check is on: EC2 drops every packet that the gateway forwards [2]',
      ],
    ],
    [
      'UDP 500 shut (case 1)',
      revoke('udp', '198.51.100.77/32', 500),
      [
        'error security-group gw-1: the security group does not let in UDP 500 from 198.51.100.77/32: the peer can not begin IKE [1]',
      ],
    ],
    [
      'UDP 4500 shut',
      revoke('udp', '198.51.100.140/32', 4500),
      [
        'error security-group gw-2: the security group does not let in UDP 4500 from 198.51.100.140/32: behind an Elastic IP all of IKE and ESP moves to this port [1]',
      ],
    ],
    [
      'ESP shut',
      revoke('50', '198.51.100.77/32'),
      [
        'warning security-group gw-1: the security group does not let in ESP (protocol 50) from 198.51.100.77/32: a peer that sends ESP without UDP is dropped [1]',
      ],
    ],
    [
      'the VPC shut out (case 2)',
      revoke('-1', '172.16.0.0/16'),
      ['gw-1', 'gw-2'].map(
        (name) =>
          `error security-group ${name}: the security group does not let in everything from 172.16.0.0/16: what the VPC sends through the tunnel is dropped before the gateway [2]`,
      ),
    ],
    [
      'no propagation',
      (aws) => aws.ask('ec2', 'DisableVgwRoutePropagation', { RouteTableId: TABLE1, GatewayId: VGW }),
      [
        'error routes private-1 10.10.0.0/16: there is no route to it [2]',
        `error propagation private-1: it takes no routes from ${VGW}: what Direct Connect learns by BGP never gets here [2]`,
      ],
    ],
    [
      'a longer prefix',
      route(TABLE2, '10.10.3.0/24'),
      [
        'warning routes private-2 10.10.0.0/16: 10.10.3.0/24 is a longer prefix inside it and leads elsewhere: a move of 10.10.0.0/16 does not move it [2]',
      ],
    ],
    [
      'a static route over Direct Connect',
      route(TABLE1, '10.10.0.0/16'),
      [
        `warning dx-over-vpn private-1 10.10.0.0/16: a static route is over the one that ${VGW} propagates: Direct Connect is there and is not used [-]`,
      ],
    ],
    [
      'a stopped gateway that a route points at',
      async (aws) => {
        await route(TABLE1, '10.10.0.0/16')(aws);
        await aws.ask('ec2', 'StopInstances', { InstanceIds: [GW1], Force: true });
      },
      [
        'error instance gw-1: the instance is stopped [1]',
        `error routes private-1 10.10.0.0/16: its route is a blackhole: ${ENI1} is gone or stopped [2]`,
        `warning dx-over-vpn private-1 10.10.0.0/16: a static route is over the one that ${VGW} propagates: Direct Connect is there and is not used [-]`,
      ],
    ],
    [
      'a free Elastic IP',
      async (aws) =>
        aws.ask('ec2', 'DisassociateAddress', {
          AssociationId: (await aws.ask('ec2', 'DescribeAddresses', { PublicIps: ['203.0.113.11'] })).Addresses![0]!
            .AssociationId!,
        }),
      ['error elastic-ip gw-1: its Elastic IP 203.0.113.11 is attached to nothing [1]'],
    ],
  ])('%s: exactly that', async (_what, breakIt, expected) => {
    const cloud = await healthy();
    await breakIt(cloud.aws());
    await expect
      .poll(async () => (await trouble(cloud)).findings.map(brief), { timeout: 3_000 })
      .toEqual([...expected].sort(byLevel));
    expect((await trouble(cloud)).exit).toBe(expected.some((line) => line.startsWith('error')) ? EXIT.failed : EXIT.ok);
  });

  it('fixes what is safe after a yes, looks again, and leaves the rest for a person', async () => {
    const cloud = await healthy();
    const aws = cloud.aws();
    await aws.ask('ec2', 'ModifyInstanceAttribute', { InstanceId: GW1, SourceDestCheck: { Value: true } });
    await aws.ask('ec2', 'DisassociateAddress', {
      AssociationId: (await aws.ask('ec2', 'DescribeAddresses', { PublicIps: ['203.0.113.11'] })).Addresses![0]!
        .AssociationId!,
    });
    await revoke('udp', '198.51.100.77/32', 500)(aws);
    await route(TABLE2, '10.10.3.0/24')(aws);
    const before = (await cloud.calls()).length;

    const refused = await cloud.run('vpn doctor --cloud --fix');
    expect([refused.exit, refused.err]).toEqual([EXIT.usage, expect.stringContaining('--yes')]);
    const planned = await trouble(cloud, '--fix --dry-run');
    expect(planned.fixed.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'aws ec2 modify-instance-attribute',
      'aws ec2 associate-address',
    ]);
    expect(
      (await cloud.calls()).slice(before).filter((call) => !call.startsWith('Describe')),
      'nothing was changed',
    ).toEqual([]);

    const fixed = await trouble(cloud, '--fix --yes');
    expect(
      fixed.findings.map(({ check }) => check),
      'a group that is not ours, and a route',
    ).toEqual(['security-group', 'routes']);
    await aws.ask('ec2', 'CreateTags', {
      Resources: [await groupOf(aws)],
      Tags: [{ Key: 'hybridctl:site', Value: 'demo' }],
    });
    expect((await trouble(cloud, '--fix --yes')).findings.map(({ check }) => check)).toEqual(['routes']);
    expect((await trouble(cloud, '--fix --yes')).fixed).toEqual([]);
  });

  it('says what it was not allowed to look at, and never that it is well', async () => {
    const cloud = await healthy();
    const denied = async () => {
      throw missing('not allowed to call ec2:DescribeSecurityGroups in cn-north-1', { next: 'allow it' });
    };
    const blind = {
      ...cloud.aws(),
      all: (async (service, operation, ...rest) =>
        operation === 'DescribeSecurityGroups' ? denied() : cloud.aws().all(service, operation, ...rest)) as Aws['all'],
    };
    expect((await trouble(cloud, '', { ports: { aws: async () => blind } })).findings.map(brief)).toEqual([
      'skipped security-group cn-north-1: not allowed to call ec2:DescribeSecurityGroups in cn-north-1 [-]',
    ]);
    const nothing = { region: 'cn-north-1', all: denied, ask: denied, send: denied };
    const tables = { ...cloud.routeTables(), readThere: denied };
    const seen = await trouble(cloud, '', { ports: { aws: async () => nothing, routeTables: async () => tables } });
    expect([seen.exit, new Set(seen.findings.map(({ level }) => level))]).toEqual([EXIT.missing, new Set(['skipped'])]);
  });

  it('tells once that there are no credentials, with what it would have checked, and exits 4', async () => {
    const cloud = await healthy();
    const denied = async () => {
      throw missing('no usable AWS credentials', { next: 'give --profile' });
    };
    const nothing = { region: 'cn-north-1', all: denied, ask: denied, send: denied };
    const tables = { ...cloud.routeTables(), readThere: denied };
    // Without Direct Connect two checks have nothing to look at: that is not the same as well.
    const ran = await cloud.run('vpn doctor --cloud', {
      files: { 'hybridctl.yaml': withoutDx },
      ports: { aws: async () => nothing, routeTables: async () => tables },
    });
    expect([ran.exit, ran.out.match(/no usable AWS credentials/g)]).toEqual([
      EXIT.missing,
      ['no usable AWS credentials'],
    ]);
    expect(ran.out).toContain('  fix   give --profile\n');
    expect(ran.out).toContain('  would check  every gateway is an instance that runs and passes its status checks\n');
    expect(ran.out).toContain('skipped propagation, dx-over-vpn: the site has no Direct Connect\n');
    expect(ran.out.trim().split('\n').at(-1)).toBe(
      '1 check passed, 0 errors, 2 warnings, 10 skipped (cloud side only)',
    );
  });

  it('skips what a site does not have, and is well all the same', async () => {
    const site = withoutDx.replace(/^route_tables:[^]*?(?=^\S|(?![^]))/m, '');
    const { findings, exit } = await trouble(await testCloud(site), '', { files: { 'hybridctl.yaml': site } });
    expect([exit, findings.map(({ level, check, found }) => `${level} ${check}: ${found}`)]).toEqual([
      EXIT.ok,
      [
        'skipped routes: the site file names no route table',
        'skipped propagation: the site has no Direct Connect',
        'skipped dx-over-vpn: the site has no Direct Connect',
      ],
    ]);
  });

  it('names a network ACL that denies', async () => {
    const cloud = await healthy();
    const entry = (
      RuleNumber: number,
      Protocol: string,
      CidrBlock: string,
      RuleAction: 'allow' | 'deny',
      Egress: boolean,
    ) => ({ RuleNumber, Protocol, CidrBlock, RuleAction, Egress });
    const acl = async (aws: Aws) => ({
      NetworkAclId: 'acl-1',
      Associations: (await aws.all('ec2', 'DescribeSubnets', {}, 'Subnets')).map(({ SubnetId }) => ({ SubnetId })),
      Entries: [
        { ...entry(90, '17', '198.51.100.0/25', 'deny', false), PortRange: { From: 4000, To: 5000 } },
        entry(100, '-1', '0.0.0.0/0', 'allow', false),
        entry(100, '-1', '0.0.0.0/0', 'allow', true),
      ],
    });
    const real = cloud.aws();
    const shut = {
      ...real,
      all: (async (service, operation, ...rest) =>
        operation === 'DescribeNetworkAcls' ? [await acl(real)] : real.all(service, operation, ...rest)) as Aws['all'],
    };
    expect((await trouble(cloud, '', { ports: { aws: async () => shut } })).findings.map(brief)).toEqual([
      'error network-acl gw-1: the network ACL denies UDP 4500 from 198.51.100.77/32 [1]',
    ]);
  });
});

const byLevel = (a: string, b: string): number => Number(b.startsWith('error')) - Number(a.startsWith('error'));
