import type { ReadResult, Step } from '../../src/lib/core/procedure.ts';
import { elasticIpAssociation } from '../../src/lib/procedures/aws/elastic-ip-association.ts';
import { elasticIp } from '../../src/lib/procedures/aws/elastic-ip.ts';
import { newestImage } from '../../src/lib/procedures/aws/image.ts';
import { instanceProfile } from '../../src/lib/procedures/aws/instance-profile.ts';
import { ec2Instance } from '../../src/lib/procedures/aws/instance.ts';
import { subnetOf, vpc } from '../../src/lib/procedures/aws/lookups.ts';
import { role } from '../../src/lib/procedures/aws/role.ts';
import { gatewayRoute } from '../../src/lib/procedures/aws/route.ts';
import { securityGroup } from '../../src/lib/procedures/aws/security-group.ts';
import { accessKey, user } from '../../src/lib/procedures/aws/user.ts';
import { routePropagation, vpnGateway } from '../../src/lib/procedures/aws/vpn-gateway.ts';
import { faasAccessSteps } from '../../src/lib/procedures/fpga/faas-access.ts';
import { aliyun } from '../../src/lib/core/aliyun.ts';
import type { Row } from '../helpers/resources.ts';
import { freeVpc } from './resources.vpn.ts';

const [SITE, REGION, VPC] = ['contract', 'cn-north-1', 'vpc-0d5a1b2c3d4e5f607'] as const;
const TABLE = 'rtb-0468f52220000000a';
const [ENI, OLD_ENI] = ['eni-023fbd87a1b2c3d4e', 'eni-02d75e6061b2c3d4e'] as const;
const NEW_NETWORK = '10.99.0.0/16';

const IKE = { protocol: 'udp', port: 500, cidr: '198.51.100.9/32', why: 'IKE' } as const;

/** Something that is there, with further slots. */
const given = (key: string, id: string, outputs: Readonly<Record<string, string>> = {}): Step => ({
  key,
  title: key,
  read: async (): Promise<ReadResult> => ({ state: 'ready', found: { id, outputs, owned: false } }),
  create: () => [],
});

const machine = (): Step =>
  ec2Instance(SITE, {
    name: 'gw-9',
    type: 'c5.large',
    privateIp: '172.16.11.9',
    profile: 'profile/gateways',
    securityGroup: 'security-group/gateways',
  });

const below = (): readonly Step[] => [
  vpc('172.16.0.0/16', VPC),
  role(SITE, { name: 'gateways', service: 'ec2', region: REGION, description: 'for a contract' }),
  instanceProfile(SITE, 'gateways'),
  ...securityGroup(SITE, { name: 'gateways', description: 'for a contract', ingress: [IKE] }),
  newestImage('al2023', 'c5.large'),
  subnetOf('gw-9', '172.16.11.9', 'cn-north-1a'),
];

/** Machines, their addresses and keys, and the routes that lead to them. */
export const gatewayRows = (): readonly Row[] => [
  {
    what: 'instance',
    setup: below(),
    steps: [machine()],
    drift: {
      make: async ({ aws }, id) => {
        await aws.ask('ec2', 'StopInstances', { InstanceIds: [id] });
        for (;;) {
          const { Reservations } = await aws.ask('ec2', 'DescribeInstances', { InstanceIds: [id] });
          if (Reservations?.[0]?.Instances?.[0]?.State?.Name === 'stopped') return;
          await new Promise((done) => setTimeout(done, 20));
        }
      },
      fields: ['state is stopped'],
      calls: ['StartInstances'],
    },
  },
  {
    what: 'association of an Elastic IP',
    setup: [...below(), elasticIp(SITE, { name: 'gw-9' }), machine()],
    steps: [elasticIpAssociation(SITE, 'gw-9')],
  },
  {
    what: 'access key',
    setup: [user(SITE, 'mount', 'f00dcafe')],
    steps: [
      accessKey({
        name: 'mount',
        path: '/root/.passwd',
        machine: 'f00dcafe',
        format: '%s:%s\\n',
        idIn: (text) => /^(\w+):/.exec(text)?.[1],
      }),
    ],
    drift: {
      // Replaced by hand: the file's key is no key of the user any more.
      make: async ({ aws }, AccessKeyId) => {
        const UserName = `hybridctl-${SITE}-mount`;
        await aws.ask('iam', 'DeleteAccessKey', { UserName, AccessKeyId });
        await aws.ask('iam', 'CreateAccessKey', { UserName });
      },
      fields: ['secret is not in /root/.passwd'],
      calls: ['DeleteAccessKey', 'CreateAccessKey'],
    },
  },
  {
    what: 'route to a gateway',
    setup: [given('instance/gw-1', 'i-0e1466e8a5dd4892c', { 'instance/gw-1/eni': ENI, 'instance/gw-1/made': 'yes' })],
    steps: [
      gatewayRoute(SITE, {
        table: 'private-1',
        id: TABLE,
        destination: NEW_NETWORK,
        to: { name: 'gw-1', eni: OLD_ENI },
        gateways: [{ name: 'gw-1', eni: OLD_ENI }],
      }),
    ],
    drift: {
      make: ({ tables }) => tables.replaceRoute(TABLE, NEW_NETWORK, { kind: 'eni', id: OLD_ENI }),
      fields: [`target is ${OLD_ENI}, which gw-1 has no more`],
      calls: ['ReplaceRoute'],
    },
  },
  {
    what: 'route propagation',
    setup: [...freeVpc(), ...vpnGateway(SITE, undefined)],
    steps: [
      routePropagation(SITE, (values) => values('vgw'), { id: TABLE, name: 'private-1' }, ['vgw', 'vgw/attachment']),
    ],
    stays: true,
  },
];

const faas = (): readonly Step[] =>
  faasAccessSteps({
    role: 'AliyunFAASDefaultRole',
    policy: 'faasPolicy',
    bucket: 'contract-bucket',
    makeBucket: true,
    kmsKey: undefined,
  });

/** Alibaba Cloud's. */
export const aliyunRows = (): readonly Row[] => [
  { what: "FaaS's bucket and folder", steps: faas().slice(0, 2), stays: true },
  {
    what: "FaaS's role with its policy",
    setup: faas().slice(0, 2),
    steps: faas().slice(2),
    drift: {
      make: async ({ aliyun: api }) => {
        const nothing = JSON.stringify({ Version: '1', Statement: [] });
        await api.send(
          aliyun('ram', 'UpdateRole', { RoleName: 'AliyunFAASDefaultRole', NewAssumeRolePolicyDocument: nothing }),
        );
        await api.send(
          aliyun('ram', 'CreatePolicyVersion', {
            PolicyName: 'faasPolicy',
            PolicyDocument: nothing,
            SetAsDefault: 'true',
          }),
        );
      },
      fields: ['trust policy', 'policy'],
      calls: ['UpdateRole', 'CreatePolicyVersion'],
    },
  },
];
