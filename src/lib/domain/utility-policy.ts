import { tellingStatements } from './gateway-policy.ts';
import { policyDocument, type PolicyDocument, type Statement } from './iam.ts';
import { arn } from './partition.ts';
import { destinationsOf } from './routes.ts';
import type { Site } from './site.ts';

export interface UtilityPolicy {
  /** Twelve digits. */
  readonly account: string;
  /** `bucket/key` of the package, where it lies in S3. */
  readonly object: string | undefined;
  /** Sessions by Systems Manager in place of SSH. */
  readonly sessions: boolean;
}

/**
 * What the utility instance may do: see routes, write those of the site's override tables, tell whom the monitor tells.
 * Sources: "Actions, resources, and condition keys" for EC2, SNS, CloudWatch and Session Manager (service authorization
 * reference).
 */
export const utilityPolicy = (site: Site, { account, object, sessions }: UtilityPolicy): PolicyDocument => {
  const { region } = site.cloud;
  const ec2 = (resource: string): string => arn(region, 'ec2', account, resource);
  const tables = site.route_tables.filter(({ mode }) => mode === 'override');
  const lists = [...new Set(tables.flatMap((table) => destinationsOf(site, table)))].filter((destination) =>
    destination.startsWith('pl-'),
  );
  return policyDocument(
    { Sid: 'Look', Effect: 'Allow', Action: ['ec2:DescribeRouteTables'], Resource: ['*'] },
    {
      Sid: 'MoveRoutes',
      Effect: 'Allow',
      Action: ['ec2:CreateRoute', 'ec2:DeleteRoute', 'ec2:ReplaceRoute'],
      Resource: [
        ...tables.map(({ id }) => ec2(`route-table/${id}`)),
        ...lists.map((list) => ec2(`prefix-list/${list}`)),
      ],
    },
    ...tellingStatements(site),
    ...(object === undefined
      ? []
      : [
          {
            Sid: 'FetchPackage',
            Effect: 'Allow' as const,
            Action: ['s3:GetObject'],
            Resource: [arn(region, 's3', '', object, '')],
          },
        ]),
    ...(sessions ? session(ec2('instance/*')) : []),
  );
};

/** The smallest set that Session Manager names; its channels have no resource that a policy could name. */
const session = (instances: string): readonly Statement[] => [
  { Sid: 'Report', Effect: 'Allow', Action: ['ssm:UpdateInstanceInformation'], Resource: [instances] },
  {
    Sid: 'Sessions',
    Effect: 'Allow',
    Action: [
      'ssmmessages:CreateControlChannel',
      'ssmmessages:CreateDataChannel',
      'ssmmessages:OpenControlChannel',
      'ssmmessages:OpenDataChannel',
    ],
    Resource: ['*'],
  },
];
