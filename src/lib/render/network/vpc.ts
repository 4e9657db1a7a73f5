import { SUBNETS, type Tier } from './network.ts';
import { att, either, NOTHING, ref, tags, type Resource, type Resources, type Value } from './words.ts';

const ANYWHERE = '0.0.0.0/0';

/** Two zones that the account may use; which they are is the region's matter. */
const zone = (number: 1 | 2): Value => ({ 'Fn::Select': [number - 1, { 'Fn::GetAZs': '' }] });

const subnet = (tier: Tier, number: 1 | 2): Resource => ({
  Type: 'AWS::EC2::Subnet',
  Properties: {
    VpcId: ref('Vpc'),
    CidrBlock: ref(`${tier}Subnet${number}Cidr`),
    AvailabilityZone: zone(number),
    // A NAT instance fetches what it needs before its Elastic IP is there.
    MapPublicIpOnLaunch: tier === 'Public',
    Tags: tags(`${tier.toLowerCase()}-${number}`),
  },
});

const table = (key: string, condition?: string): Resource => ({
  Type: 'AWS::EC2::RouteTable',
  ...(condition === undefined ? {} : { Condition: condition }),
  Properties: { VpcId: ref('Vpc'), Tags: tags(key) },
});

/** The table of a subnet. The second private one has its own only where its zone has a NAT of its own. */
const tableOf = (tier: Tier, number: 1 | 2): Value => {
  const behindNat =
    number === 1 ? ref('PrivateRouteTable1') : either('TwoNats', ref('PrivateRouteTable2'), ref('PrivateRouteTable1'));
  if (tier === 'Public') return ref('PublicRouteTable');
  return tier === 'Private' ? behindNat : either('DatabaseApart', ref('DatabaseRouteTable'), behindNat);
};

/**
 * One resource for both kinds of NAT: the move from one to the other then replaces the route's target and never lacks
 * it.
 */
const wayOut = (number: 1 | 2): Resource => ({
  Type: 'AWS::EC2::Route',
  ...(number === 1 ? {} : { Condition: 'TwoNats' }),
  Properties: {
    RouteTableId: ref(`PrivateRouteTable${number}`),
    DestinationCidrBlock: ANYWHERE,
    NatGatewayId: either('NatGateways', ref(`NatGateway${number}`), NOTHING),
    InstanceId: either('NatInstances', ref(`NatInstance${number}`), NOTHING),
  },
});

/** VPC, internet gateway, six subnets in two zones and their route tables. */
export const vpcResources = (): Resources => ({
  Vpc: {
    Type: 'AWS::EC2::VPC',
    Properties: { CidrBlock: ref('VpcCidr'), EnableDnsSupport: true, EnableDnsHostnames: true, Tags: tags('vpc') },
  },
  InternetGateway: { Type: 'AWS::EC2::InternetGateway', Properties: { Tags: tags('internet') } },
  InternetGatewayAttachment: {
    Type: 'AWS::EC2::VPCGatewayAttachment',
    Properties: { VpcId: ref('Vpc'), InternetGatewayId: ref('InternetGateway') },
  },
  ...Object.fromEntries(SUBNETS.map(({ tier, zone: number, id }) => [id, subnet(tier, number)])),
  PublicRouteTable: table('public'),
  PrivateRouteTable1: table('private-1'),
  PrivateRouteTable2: table('private-2', 'TwoNats'),
  DatabaseRouteTable: table('database', 'DatabaseApart'),
  PublicDefaultRoute: {
    Type: 'AWS::EC2::Route',
    DependsOn: 'InternetGatewayAttachment',
    Properties: {
      RouteTableId: ref('PublicRouteTable'),
      DestinationCidrBlock: ANYWHERE,
      GatewayId: ref('InternetGateway'),
    },
  },
  PrivateDefaultRoute1: wayOut(1),
  PrivateDefaultRoute2: wayOut(2),
  ...Object.fromEntries(
    SUBNETS.map(({ tier, zone: number, id }): readonly [string, Resource] => [
      `${id}Routes`,
      {
        Type: 'AWS::EC2::SubnetRouteTableAssociation',
        Properties: { SubnetId: ref(id), RouteTableId: tableOf(tier, number) },
      },
    ]),
  ),
});

const natGateway = (number: 1 | 2): Resource => ({
  Type: 'AWS::EC2::NatGateway',
  Condition: number === 1 ? 'NatGateways' : 'TwoNatGateways',
  DependsOn: 'InternetGatewayAttachment',
  Properties: {
    SubnetId: ref(`PublicSubnet${number}`),
    AllocationId: att(`NatAddress${number}`, 'AllocationId'),
    Tags: tags(`nat-${number}`),
  },
});

/** The address stays over a change from instance to gateway: whoever lets it in need not change a rule. */
const natAddress = (number: 1 | 2): Resource => ({
  Type: 'AWS::EC2::EIP',
  ...(number === 1 ? {} : { Condition: 'TwoNats' }),
  DependsOn: 'InternetGatewayAttachment',
  Properties: {
    Domain: 'vpc',
    InstanceId: either('NatInstances', ref(`NatInstance${number}`), NOTHING),
    Tags: tags(`nat-${number}`),
  },
});

export const natResources = (): Resources => ({
  NatAddress1: natAddress(1),
  NatAddress2: natAddress(2),
  NatGateway1: natGateway(1),
  NatGateway2: natGateway(2),
});
