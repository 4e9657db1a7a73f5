import { SUBNETS, type Tier } from './network.ts';
import { att, either, NOTHING, ref, sub, tags, type Resource, type Resources, type Value } from './words.ts';

const ANYWHERE = '0.0.0.0/0';

/** What the resources of a group of rules are for. */
const group = (key: string, condition: string, description: string, ingress: Value): Resource => ({
  Type: 'AWS::EC2::SecurityGroup',
  Condition: condition,
  Properties: { GroupDescription: description, VpcId: ref('Vpc'), SecurityGroupIngress: ingress, Tags: tags(key) },
});
const rule = (protocol: string, port: number, from: Value, why: string): Value => ({
  IpProtocol: protocol,
  FromPort: port,
  ToPort: port,
  ...(from as object),
  Description: why,
});
const network = (value: Value): Value => ({ CidrIp: value });
const groupOf = (id: string): Value => ({ SourceSecurityGroupId: att(id, 'GroupId') });

/** The metadata service answers only to a session: a server tricked into fetching a URL gives away no credentials. */
const launchTemplate: Resource = {
  Type: 'AWS::EC2::LaunchTemplate',
  Condition: 'HasInstances',
  Properties: {
    LaunchTemplateData: {
      MetadataOptions: { HttpTokens: 'required', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 2 },
    },
    TagSpecifications: [{ ResourceType: 'launch-template', Tags: tags('metadata') }],
  },
};

interface Box {
  readonly key: string;
  readonly condition: string;
  readonly type: string;
  readonly subnet: Value;
  readonly group: string;
  readonly more?: { readonly [key: string]: Value };
}

const instance = ({ key, condition, type, subnet, group: of, more = {} }: Box): Resource => ({
  Type: 'AWS::EC2::Instance',
  Condition: condition,
  DependsOn: 'PublicDefaultRoute',
  Properties: {
    ImageId: ref('ImageId'),
    InstanceType: ref(type),
    LaunchTemplate: {
      LaunchTemplateId: ref('InstanceDefaults'),
      Version: att('InstanceDefaults', 'LatestVersionNumber'),
    },
    SubnetId: subnet,
    SecurityGroupIds: [att(of, 'GroupId')],
    KeyName: either('HasKey', ref('KeyName'), NOTHING),
    BlockDeviceMappings: [
      {
        DeviceName: '/dev/xvda',
        Ebs: { Encrypted: true, VolumeType: 'gp3', VolumeSize: 8, DeleteOnTermination: true },
      },
    ],
    PropagateTagsToVolumeOnCreation: true,
    Tags: tags(key),
    ...more,
  },
});

/** Trying again: while an Elastic IP takes the place of the first address, connections break. */
const install = (what: string): string => `until dnf -y install ${what}; do sleep 5; done`;

const NAT_SCRIPT = [
  '#!/bin/sh',
  'set -eu',
  'echo net.ipv4.ip_forward=1 > /etc/sysctl.d/90-nat.conf',
  'sysctl --system',
  install('nftables'),
  "link=$(ip -o route show default | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p' | head -n 1)",
  'cat > /etc/sysconfig/nftables.conf <<END',
  'table ip hybridctl_nat {',
  '  chain postrouting {',
  '    type nat hook postrouting priority srcnat;',
  '    oifname "$link" masquerade',
  '  }',
  '}',
  'END',
  'systemctl enable --now nftables',
  '',
].join('\n');

const WEB_SCRIPT = ['#!/bin/sh', 'set -eu', install('nginx'), 'systemctl enable --now nginx', ''].join('\n');

const script = (text: string): Value => ({ 'Fn::Base64': text });

const natInstance = (number: 1 | 2): Resource =>
  instance({
    key: `nat-${number}`,
    condition: number === 1 ? 'NatInstances' : 'TwoNatInstances',
    type: 'NatInstanceType',
    subnet: ref(`PublicSubnet${number}`),
    group: 'NatSecurityGroup',
    // It forwards what is addressed to others.
    more: { SourceDestCheck: false, UserData: script(NAT_SCRIPT) },
  });

const address = (key: string, condition: string, of: string): Resource => ({
  Type: 'AWS::EC2::EIP',
  Condition: condition,
  DependsOn: 'InternetGatewayAttachment',
  Properties: { Domain: 'vpc', InstanceId: ref(of), Tags: tags(key) },
});

/**
 * What the web server may do: be reached by Session Manager, which needs no open port. The field document gave it the
 * account's admin rights, so that whoever got into nginx had the account. The message channels have no ARN, so IAM
 * takes `*` alone for them.
 */
const webRole: Resource = {
  Type: 'AWS::IAM::Role',
  Condition: 'HasWeb',
  Properties: {
    Description: 'Web server: Session Manager, nothing else',
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: { 'Fn::FindInMap': ['Partitions', ref('AWS::Partition'), 'Ec2Principal'] } },
          Action: 'sts:AssumeRole',
        },
      ],
    },
    Policies: [
      {
        PolicyName: 'session',
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Action: 'ssm:UpdateInstanceInformation',
              Resource: sub('arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:instance/*'),
            },
            {
              Effect: 'Allow',
              Action: [
                'ssmmessages:CreateControlChannel',
                'ssmmessages:CreateDataChannel',
                'ssmmessages:OpenControlChannel',
                'ssmmessages:OpenDataChannel',
              ],
              Resource: '*',
            },
          ],
        },
      },
    ],
    Tags: tags('web'),
  },
};

/** SSH comes by the bastion alone; HTTP by the balancer where there is one, else from anywhere. */
const webIngress = (): Value => {
  const open = [
    either(
      'HasBalancer',
      rule('tcp', 80, groupOf('BalancerSecurityGroup'), 'HTTP from the load balancer'),
      rule('tcp', 80, network(ANYWHERE), 'HTTP'),
    ),
    rule('icmp', -1, network(ref('VpcCidr')), 'ping from the VPC'),
  ];
  // Whole lists: AWS::NoValue as an item is CloudFormation's to drop, and not every endpoint does.
  return either(
    'HasBastion',
    [...open, rule('tcp', 22, groupOf('BastionSecurityGroup'), 'SSH from the bastion')],
    open,
  );
};

/** The private subnets, and the database subnets where they leave by the NAT too. */
const natIngress = (): Value => {
  const from = (tier: Tier): Value[] =>
    SUBNETS.filter((one) => one.tier === tier).map(({ id }) => ({
      IpProtocol: '-1',
      FromPort: -1,
      ToPort: -1,
      CidrIp: ref(`${id}Cidr`),
    }));
  return either('DatabaseApart', from('Private'), [...from('Private'), ...from('Database')]);
};

/** NAT instances, bastion and web server, with their groups, addresses and the one role. */
export const instanceResources = (): Resources => ({
  InstanceDefaults: launchTemplate,
  NatSecurityGroup: group('nat', 'NatInstances', 'NAT instances: everything from the private subnets', natIngress()),
  NatInstance1: natInstance(1),
  NatInstance2: natInstance(2),
  BastionSecurityGroup: group('bastion', 'HasBastion', 'Bastion: SSH from the administrators', [
    rule('tcp', 22, network(ref('AdminCidr')), 'SSH from the administrators'),
  ]),
  BastionHost: instance({
    key: 'bastion',
    condition: 'HasBastion',
    type: 'BastionInstanceType',
    subnet: ref('PublicSubnet1'),
    group: 'BastionSecurityGroup',
  }),
  BastionAddress: address('bastion', 'HasBastion', 'BastionHost'),
  WebSecurityGroup: group('web', 'HasWeb', 'Web server: HTTP, SSH from the bastion', webIngress()),
  WebRole: webRole,
  WebProfile: { Type: 'AWS::IAM::InstanceProfile', Condition: 'HasWeb', Properties: { Roles: [ref('WebRole')] } },
  WebServer: instance({
    key: 'web',
    condition: 'HasWeb',
    type: 'WebInstanceType',
    subnet: either('WebPublic', ref('PublicSubnet1'), ref('PrivateSubnet1')),
    group: 'WebSecurityGroup',
    more: { IamInstanceProfile: ref('WebProfile'), UserData: script(WEB_SCRIPT) },
  }),
  WebAddress: address('web', 'WebPublic', 'WebServer'),
});
