import { policyDocument, type PolicyDocument, type Statement } from './iam.ts';
import { arn, partitionOf } from './partition.ts';
import { destinationsOf } from './routes.ts';
import type { Site } from './site.ts';
import { SITE_TAG } from './tags.ts';

/** Where a tunnel's key lies in Parameter Store. Names there may begin with neither aws nor ssm. */
export const keyPath = (site: string, tunnel: string): string => `/hybridctl/${site}/${tunnel}/psk`;

const OURS = (site: Site) => ({ StringEquals: { [`aws:ResourceTag/${SITE_TAG}`]: site.site } });

/**
 * What a gateway may do: read its keys; move routes in the site's tables; stop, start and repair the site's own
 * gateways. Everything that changes something names what it may change, by ARN, and by the site's tag where ARNs are
 * not known before.
 * @param account twelve digits. Source: "Actions, resources, and condition keys for Amazon EC2" (service authorization
 * reference).
 */
export const gatewayPolicy = (site: Site, account: string): PolicyDocument => {
  const { region } = site.cloud;
  const ec2 = (resource: string): string => arn(region, 'ec2', account, resource);
  const withKey = site.tunnels.filter(({ auth }) => auth === 'psk');
  const keys = withKey.map(({ name }) => arn(region, 'ssm', account, `parameter${keyPath(site.site, name)}`));
  const lists = [...new Set(site.route_tables.flatMap((table) => destinationsOf(site, table)))].filter((destination) =>
    destination.startsWith('pl-'),
  );
  return policyDocument(
    {
      Sid: 'Look',
      Effect: 'Allow',
      Action: [
        'ec2:DescribeAddresses',
        'ec2:DescribeInstances',
        'ec2:DescribeInstanceStatus',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeRouteTables',
      ],
      Resource: ['*'],
    },
    { Sid: 'ReadKeys', Effect: 'Allow', Action: ['ssm:GetParameter'], Resource: keys },
    {
      Sid: 'OpenKeys',
      Effect: 'Allow',
      Action: ['kms:Decrypt'],
      Resource: [arn(region, 'kms', account, 'key/*')],
      // Through Parameter Store, for these parameters, and no other key of the account.
      Condition: {
        StringEquals: {
          'kms:ViaService': `ssm.${region}.${partitionOf(region).suffix}`,
          'kms:EncryptionContext:PARAMETER_ARN': keys,
        },
      },
    },
    ...(site.route_tables.length === 0
      ? []
      : [
          {
            Sid: 'MoveRoutes',
            Effect: 'Allow' as const,
            Action: ['ec2:CreateRoute', 'ec2:DeleteRoute', 'ec2:ReplaceRoute'],
            Resource: [
              ...site.route_tables.map(({ id }) => ec2(`route-table/${id}`)),
              ...lists.map((list) => ec2(`prefix-list/${list}`)),
            ],
          },
        ]),
    {
      Sid: 'HealGateways',
      Effect: 'Allow',
      Action: ['ec2:StartInstances', 'ec2:StopInstances'],
      Resource: [ec2('instance/*')],
      Condition: OURS(site),
    },
    {
      Sid: 'ForwardAgain',
      Effect: 'Allow',
      Action: ['ec2:ModifyInstanceAttribute'],
      Resource: [ec2('instance/*')],
      Condition: { StringEquals: { ...OURS(site).StringEquals, 'ec2:Attribute': 'SourceDestCheck' } },
    },
    {
      Sid: 'AddressAgain',
      Effect: 'Allow',
      Action: ['ec2:AssociateAddress'],
      Resource: [ec2('elastic-ip/*'), ec2('instance/*'), ec2('network-interface/*')],
      Condition: OURS(site),
    },
    ...tellingStatements(site),
  );
};

/** What the records of a monitor need: topics, phones, metrics. */
export const tellingStatements = ({ monitor, cloud }: Site): readonly Statement[] => {
  const { alerts, cloudwatch } = monitor?.records ?? {};
  return [
    ...(alerts === undefined || alerts.topics.length === 0
      ? []
      : [{ Sid: 'TellTopics', Effect: 'Allow' as const, Action: ['sns:Publish'], Resource: alerts.topics }]),
    ...(alerts === undefined || alerts.phones.length === 0
      ? []
      : [
          {
            Sid: 'TellPhones',
            Effect: 'Allow' as const,
            Action: ['sns:Publish'],
            NotResource: [arn(cloud.region, 'sns', '*', '*', '*')],
          },
        ]),
    // CloudWatch knows no resource here; the namespace is the fence.
    ...(cloudwatch === undefined
      ? []
      : [
          {
            Sid: 'Measure',
            Effect: 'Allow' as const,
            Action: ['cloudwatch:PutMetricData'],
            Resource: ['*'],
            Condition: { StringEquals: { 'cloudwatch:namespace': cloudwatch.namespace } },
          },
        ]),
  ];
};
