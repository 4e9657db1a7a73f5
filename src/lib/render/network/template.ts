import { servicePrincipal } from '../../domain/partition.ts';
import { balancerResources } from './balancer.ts';
import { instanceResources } from './instances.ts';
import { BALANCERS, DATABASE_ROUTES, NAT_COUNTS, NATS, SUBNETS, WEB_PLACES, YES_NO, type Network } from './network.ts';
import { natResources, vpcResources } from './vpc.ts';
import { att, either, ref, type Resources, type Value } from './words.ts';

/** A whole template. */
export interface Template {
  readonly AWSTemplateFormatVersion: '2010-09-09';
  readonly Description: string;
  readonly Mappings: Value;
  readonly Parameters: Readonly<Record<string, Parameter>>;
  readonly Rules: Value;
  readonly Conditions: Readonly<Record<string, Value>>;
  readonly Resources: Resources;
  readonly Outputs: Readonly<Record<string, Output>>;
}

interface Parameter {
  readonly Type: string;
  readonly Default?: string;
  readonly AllowedValues?: readonly string[];
  readonly AllowedPattern?: string;
  readonly MinLength?: number;
  readonly Description: string;
}

interface Output {
  readonly Condition?: string;
  readonly Description: string;
  readonly Value: Value;
}

const NETWORK = '^\\d{1,3}(\\.\\d{1,3}){3}/\\d{1,2}$';

/** An image's own id, not the name of a parameter that holds it. */
const isImageId = (image: string): boolean => image.startsWith('ami-');

const parameters = (network: Network): Readonly<Record<string, Parameter>> => {
  const choice = (
    name: keyof Network,
    AllowedValues: readonly string[],
    Description: string,
  ): Readonly<Record<string, Parameter>> => ({
    [name]: { Type: 'String', Default: network[name], AllowedValues, Description },
  });
  const text = (
    name: keyof Network,
    AllowedPattern: string,
    Description: string,
  ): Readonly<Record<string, Parameter>> => ({
    [name]: { Type: 'String', Default: network[name], AllowedPattern, Description },
  });
  const size = '^[a-z][a-z0-9-]*\\.[a-z0-9-]+$';
  return {
    ...text('Site', '^[a-z0-9][a-z0-9-]*$', 'Name of the site: every resource carries it'),
    ...text('VpcCidr', NETWORK, 'Network of the VPC'),
    ...Object.assign(
      {},
      ...SUBNETS.map(({ tier, zone, id }) => text(`${id}Cidr`, NETWORK, `${tier} subnet in zone ${zone}`)),
    ),
    ...choice('Nat', NATS, 'How private subnets reach the internet'),
    ...choice('NatCount', NAT_COUNTS, 'One NAT for both zones, or one in each'),
    ...choice('DatabaseRoute', DATABASE_ROUTES, 'Whether database subnets reach the internet by the NAT'),
    ...choice('Bastion', YES_NO, 'A host to come in by SSH'),
    ...choice(
      'Web',
      WEB_PLACES,
      'Where the web server is: behind the load balancer alone, or with an address of its own',
    ),
    ...choice('LoadBalancer', BALANCERS, 'Application load balancer, classic load balancer, or none'),
    ...text('NatInstanceType', size, 'Type of the NAT instances (x86_64)'),
    ...text('BastionInstanceType', size, 'Type of the bastion (x86_64)'),
    ...text('WebInstanceType', size, 'Type of the web server (x86_64)'),
    ...text('KeyName', '^[A-Za-z0-9 ._@+=-]*$', 'Key pair for SSH; needed by the bastion'),
    ...text('AdminCidr', `^$|${NETWORK}`, 'Network that may come in by SSH; needed by the bastion'),
    ImageId: {
      Type: isImageId(network.ImageId) ? 'AWS::EC2::Image::Id' : 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>',
      Default: network.ImageId,
      Description: 'Amazon Linux 2023 (x86_64)',
    },
  };
};

const is = (name: keyof Network, value: string): Value => ({ 'Fn::Equals': [ref(name), value] });
const not = (condition: Value): Value => ({ 'Fn::Not': [condition] });
const both = (...conditions: readonly string[]): Value => ({
  'Fn::And': conditions.map((Condition) => ({ Condition })),
});

const CONDITIONS: Readonly<Record<string, Value>> = {
  NatGateways: is('Nat', 'gateway'),
  NatInstances: is('Nat', 'instance'),
  TwoNats: is('NatCount', '2'),
  TwoNatGateways: both('NatGateways', 'TwoNats'),
  TwoNatInstances: both('NatInstances', 'TwoNats'),
  DatabaseApart: is('DatabaseRoute', 'none'),
  HasBastion: is('Bastion', 'yes'),
  HasWeb: not(is('Web', 'none')),
  WebPublic: is('Web', 'public'),
  HasAlb: is('LoadBalancer', 'alb'),
  HasElb: is('LoadBalancer', 'elb'),
  HasBalancer: not(is('LoadBalancer', 'none')),
  HasKey: not(is('KeyName', '')),
  HasInstances: { 'Fn::Or': ['NatInstances', 'HasBastion', 'HasWeb'].map((Condition) => ({ Condition })) },
};

/** What a console's user must not forget; the command line says it sooner. */
const needed = (name: 'AdminCidr' | 'KeyName', why: string): Value => ({
  RuleCondition: is('Bastion', 'yes'),
  Assertions: [{ Assert: not(is(name, '')), AssertDescription: why }],
});

/** The ending and principals of a partition; only EC2's differs among those in use here. */
const PARTITIONS = { aws: 'us-east-1', 'aws-cn': 'cn-north-1', 'aws-us-gov': 'us-gov-west-1' } as const;

const joined = (...ids: readonly string[]): Value => ({ 'Fn::Join': [',', ids.map(ref)] });

const OUTPUTS: Readonly<Record<string, Output>> = {
  VpcId: { Description: 'The VPC', Value: ref('Vpc') },
  PublicSubnets: { Description: 'Public subnets', Value: joined('PublicSubnet1', 'PublicSubnet2') },
  PrivateSubnets: { Description: 'Private subnets', Value: joined('PrivateSubnet1', 'PrivateSubnet2') },
  DatabaseSubnets: { Description: 'Database subnets', Value: joined('DatabaseSubnet1', 'DatabaseSubnet2') },
  PublicRouteTable: { Description: 'Route table of the public subnets', Value: ref('PublicRouteTable') },
  PrivateRouteTables: {
    Description: 'Route tables of the private subnets',
    Value: either('TwoNats', joined('PrivateRouteTable1', 'PrivateRouteTable2'), ref('PrivateRouteTable1')),
  },
  NatAddresses: {
    Description: 'What private subnets are seen as',
    Value: either('TwoNats', joined('NatAddress1', 'NatAddress2'), ref('NatAddress1')),
  },
  BastionAddress: { Condition: 'HasBastion', Description: 'Bastion', Value: ref('BastionAddress') },
  WebAddress: { Condition: 'WebPublic', Description: 'Web server', Value: ref('WebAddress') },
  WebUrl: {
    Condition: 'HasBalancer',
    Description: 'By the load balancer',
    Value: either(
      'HasAlb',
      { 'Fn::Join': ['', ['http://', att('ApplicationBalancer', 'DNSName'), '/']] },
      { 'Fn::Join': ['', ['http://', att('ClassicBalancer', 'DNSName'), '/']] },
    ),
  },
};

/**
 * The one-click VPC. The template is the same for every network, in every partition: what differs is said by
 * parameters, whose defaults are `network`'s, so that it can also be uploaded by hand.
 */
export const templateOf = (network: Network): Template => ({
  AWSTemplateFormatVersion: '2010-09-09',
  Description:
    'VPC with six subnets in two zones, NAT, bastion, web server and load balancer; made by hybridctl network',
  Mappings: {
    Partitions: Object.fromEntries(
      Object.entries(PARTITIONS).map(([id, region]) => [id, { Ec2Principal: servicePrincipal('ec2', region) }]),
    ),
  },
  Parameters: parameters(network),
  Rules: {
    AdminIsNamed: needed('AdminCidr', 'the bastion needs AdminCidr: whom to let in by SSH'),
    KeyIsNamed: needed('KeyName', 'the bastion needs KeyName: the key pair to come in with'),
  },
  Conditions: CONDITIONS,
  Resources: { ...vpcResources(), ...natResources(), ...instanceResources(), ...balancerResources() },
  Outputs: OUTPUTS,
});

/** The template as a file: JSON, which CloudFormation takes as it takes YAML. */
export const templateText = (network: Network): string => `${JSON.stringify(templateOf(network), undefined, 2)}\n`;
