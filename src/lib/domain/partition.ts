/** `cn-north-1`, `us-gov-west-1`; not a zone, which ends in a letter. */
export const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;

/**
 * What differs between AWS partitions, by region. Sources: "AWS service endpoints" and "Amazon Web Services in China"
 * user guides.
 */
export interface Partition {
  readonly id: 'aws' | 'aws-cn' | 'aws-us-gov';
  /** Ending of service endpoints. */
  readonly suffix: 'amazonaws.com' | 'amazonaws.com.cn';
}

export const partitionOf = (region: string): Partition => {
  if (region.startsWith('cn-')) return { id: 'aws-cn', suffix: 'amazonaws.com.cn' };
  return { id: region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws', suffix: 'amazonaws.com' };
};

/**
 * `arn:aws-cn:ec2:cn-north-1:123456789012:route-table/rtb-…`; an empty account or region where the service has none.
 */
export const arn = (
  region: string,
  service: string,
  account: string,
  resource: string,
  where: string = region,
): string => `arn:${partitionOf(region).id}:${service}:${where}:${account}:${resource}`;

/**
 * Services whose principal carries the partition's ending in China. The others keep `.amazonaws.com` there too: a
 * suffix put on blindly is a trust policy that trusts nobody. Source: "AWS service principals" in the China user guide.
 */
const SUFFIXED: ReadonlySet<string> = new Set(['ec2']);

/** The name by which a role trusts a service: `ec2.amazonaws.com.cn` in China, `lambda.amazonaws.com` everywhere. */
export const servicePrincipal = (service: string, region: string): string => {
  if (service === 'logs' && partitionOf(region).id === 'aws-cn') return `logs.${region}.amazonaws.com.cn`;
  return `${service}.${SUFFIXED.has(service) ? partitionOf(region).suffix : 'amazonaws.com'}`;
};
