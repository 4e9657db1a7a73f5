import type { Step } from '../../src/lib/core/procedure.ts';
import { s3Bucket } from '../../src/lib/procedures/aws/bucket.ts';
import { customerGateway } from '../../src/lib/procedures/aws/customer-gateway.ts';
import { elasticIp } from '../../src/lib/procedures/aws/elastic-ip.ts';
import { instanceProfile } from '../../src/lib/procedures/aws/instance-profile.ts';
import { vpc } from '../../src/lib/procedures/aws/lookups.ts';
import { secretParameter } from '../../src/lib/procedures/aws/parameter.ts';
import { role, rolePolicy } from '../../src/lib/procedures/aws/role.ts';
import { securityGroup } from '../../src/lib/procedures/aws/security-group.ts';
import { user, userPolicy } from '../../src/lib/procedures/aws/user.ts';
import { vpnGateway } from '../../src/lib/procedures/aws/vpn-gateway.ts';
import type { Row } from '../helpers/resources.ts';
import { allowing, eventRows } from './resources.events.ts';
import { aliyunRows, gatewayRows } from './resources.gateways.ts';
import { logRows } from './resources.logs.ts';
import { vpnRows } from './resources.vpn.ts';

const [SITE, REGION, VPC] = ['contract', 'cn-north-1', 'vpc-0d5a1b2c3d4e5f607'] as const;

const gateways = (service = 'ec2'): Step =>
  role(SITE, { name: 'gateways', service, region: REGION, description: 'for a contract' });
const TRUST = JSON.stringify({ Version: '2012-10-17', Statement: [] });

/** One row a resource. Made anew for each case, for steps may remember what they read. */
export const rows = (): readonly Row[] => [
  {
    what: 'Elastic IP',
    steps: [elasticIp(SITE, { name: 'gw-1' })],
    foreign: async ({ aws }) => (await aws.ask('ec2', 'AllocateAddress', { Domain: 'vpc' })).AllocationId!,
    unadopted: 'unseen',
  },
  {
    what: 'customer gateway',
    steps: [customerGateway(SITE, { name: 'rtr-9', address: '198.51.100.9', asn: 65_009 })],
    foreign: async ({ aws }) =>
      (
        await aws.ask('ec2', 'CreateCustomerGateway', {
          Type: 'ipsec.1',
          IpAddress: '198.51.100.9',
          BgpAsn: 65_009,
        })
      ).CustomerGateway!.CustomerGatewayId!,
    unadopted: 'used',
  },
  {
    what: 'role with its policy',
    steps: [gateways(), rolePolicy(SITE, { name: 'gateways', needs: [], document: () => allowing('ec2:Describe*') })],
    drift: {
      make: async ({ aws }, RoleName) => {
        await aws.ask('iam', 'UpdateAssumeRolePolicy', { RoleName, PolicyDocument: TRUST });
        await aws.ask('iam', 'PutRolePolicy', {
          RoleName,
          PolicyName: RoleName,
          PolicyDocument: JSON.stringify(allowing('s3:*')),
        });
      },
      fields: ['trust policy', 'what it allows'],
      calls: ['UpdateAssumeRolePolicy', 'PutRolePolicy'],
    },
    foreign: async ({ aws }) =>
      (
        await aws.ask('iam', 'CreateRole', {
          RoleName: `hybridctl-${SITE}-gateways`,
          AssumeRolePolicyDocument: TRUST,
        })
      ).Role!.RoleName!,
    adopted: 'told',
  },
  {
    what: 'instance profile',
    setup: [gateways()],
    steps: [instanceProfile(SITE, 'gateways')],
    drift: {
      make: async ({ aws }, InstanceProfileName) => {
        await aws.ask('iam', 'CreateRole', { RoleName: 'another', AssumeRolePolicyDocument: TRUST });
        await aws.ask('iam', 'RemoveRoleFromInstanceProfile', {
          InstanceProfileName,
          RoleName: `hybridctl-${SITE}-gateways`,
        });
        await aws.ask('iam', 'AddRoleToInstanceProfile', { InstanceProfileName, RoleName: 'another' });
      },
      fields: ['role is another'],
      calls: ['RemoveRoleFromInstanceProfile', 'AddRoleToInstanceProfile'],
    },
    foreign: async ({ aws }) =>
      (await aws.ask('iam', 'CreateInstanceProfile', { InstanceProfileName: `hybridctl-${SITE}-gateways` }))
        .InstanceProfile!.InstanceProfileName!,
    adopted: 'told',
  },
  {
    what: 'user with its policy',
    steps: [user(SITE, 'mount'), userPolicy(SITE, 'mount', allowing('s3:GetObject'))],
    drift: {
      make: ({ aws }, UserName) =>
        aws.ask('iam', 'PutUserPolicy', {
          UserName,
          PolicyName: `hybridctl-${SITE}-mount`,
          PolicyDocument: JSON.stringify(allowing('s3:*')),
        }),
      fields: ['what it allows'],
      calls: ['PutUserPolicy'],
    },
    foreign: async ({ aws }) =>
      (await aws.ask('iam', 'CreateUser', { UserName: `hybridctl-${SITE}-mount` })).User!.UserName!,
    adopted: 'told',
  },
  {
    what: 'security group with its rules',
    setup: [vpc('172.16.0.0/16', VPC)],
    steps: securityGroup(SITE, {
      name: 'gateways',
      description: 'for a contract',
      ingress: [
        { protocol: 'udp', port: 500, cidr: '198.51.100.9/32', why: 'IKE' },
        { protocol: '50', cidr: '198.51.100.9/32', why: 'ESP' },
      ],
    }),
    drift: {
      make: ({ aws }, GroupId) =>
        aws.ask('ec2', 'RevokeSecurityGroupIngress', {
          GroupId,
          IpPermissions: [{ IpProtocol: 'udp', FromPort: 500, ToPort: 500, IpRanges: [{ CidrIp: '198.51.100.9/32' }] }],
        }),
      fields: ['ingress lacks udp 500 from 198.51.100.9/32'],
      calls: ['AuthorizeSecurityGroupIngress'],
    },
    foreign: async ({ aws }) =>
      (
        await aws.ask('ec2', 'CreateSecurityGroup', {
          GroupName: `hybridctl-${SITE}-gateways`,
          Description: 'theirs',
          VpcId: VPC,
        })
      ).GroupId!,
    adopted: 'refused',
  },
  {
    what: 'virtual private gateway',
    steps: [vpnGateway(SITE, undefined)[0]!],
    foreign: async ({ aws }) =>
      (await aws.ask('ec2', 'CreateVpnGateway', { Type: 'ipsec.1' })).VpnGateway!.VpnGatewayId!,
    unadopted: 'unseen',
  },
  {
    what: 'parameter',
    steps: [
      secretParameter(SITE, { name: 'vpn1', title: 'key', path: `/hybridctl/${SITE}/psk`, value: 'never-shown' }),
    ],
    drift: {
      make: ({ aws }, Name) =>
        aws.ask('ssm', 'PutParameter', { Name, Type: 'SecureString', Value: 'another-one', Overwrite: true }),
      fields: ['key is not the one of the file here'],
      calls: ['PutParameter'],
    },
    foreign: async ({ aws }) => {
      const Name = `/hybridctl/${SITE}/psk`;
      await aws.ask('ssm', 'PutParameter', { Name, Type: 'SecureString', Value: 'not-ours-1' });
      return Name;
    },
    // Another key than ours would bring no tunnel up.
    adopted: 'refused',
  },
  ...eventRows(),
  ...logRows(),
  ...vpnRows(),
  ...gatewayRows(),
  ...aliyunRows(),
  {
    what: 'bucket',
    steps: [s3Bucket(SITE, { bucket: 'contract-bucket', region: REGION, create: true, foreign: false })],
    foreign: async ({ aws }) => {
      await aws.ask('s3', 'CreateBucket', {
        Bucket: 'contract-bucket',
        CreateBucketConfiguration: { LocationConstraint: REGION },
      });
      return 'contract-bucket';
    },
    unadopted: 'used',
    // Of a run that dies between the creation and the tags: nobody can say whose it is, so it stays.
    lost: 1,
  },
];
