import { nearest, show } from '../core/words.ts';

/**
 * Regions that may be named, and what their zones are called. A region newer than this list is let through by the
 * variable HYBRIDCTL_ALLOW_REGION, so that nobody has to wait for a new release.
 */

/** Source: the partitions of @aws-sdk/core 3.981.2, 2026-11-30; a test holds the two lists against each other. */
export const AWS_REGIONS: readonly string[] = [
  ...['af-south-1', 'ap-east-1', 'ap-east-2', 'ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-south-1'],
  ...['ap-south-2', 'ap-southeast-1', 'ap-southeast-2', 'ap-southeast-3', 'ap-southeast-4', 'ap-southeast-5'],
  ...['ap-southeast-6', 'ap-southeast-7', 'ca-central-1', 'ca-west-1', 'eu-central-1', 'eu-central-2', 'eu-north-1'],
  ...['eu-south-1', 'eu-south-2', 'eu-west-1', 'eu-west-2', 'eu-west-3', 'il-central-1', 'me-central-1', 'me-south-1'],
  ...['me-west-1', 'mx-central-1', 'sa-east-1', 'sa-west-1', 'us-east-1', 'us-east-2', 'us-west-1', 'us-west-2'],
  // The partition aws-cn.
  ...['cn-north-1', 'cn-northwest-1'],
  // The partition aws-us-gov.
  ...['us-gov-east-1', 'us-gov-west-1'],
];

/** Source: "Regions and zones" of Elastic Compute Service, alibabacloud.com/help/en/ecs, 2026-11-30. */
export const ALIYUN_REGIONS: readonly string[] = [
  ...['cn-qingdao', 'cn-beijing', 'cn-zhangjiakou', 'cn-huhehaote', 'cn-wulanchabu', 'cn-hangzhou', 'cn-shanghai'],
  ...['cn-nanjing', 'cn-fuzhou', 'cn-wuhan-lr', 'cn-zhengzhou-jva', 'cn-shenzhen', 'cn-heyuan', 'cn-guangzhou'],
  ...['cn-chengdu', 'cn-zhongwei', 'cn-hongkong', 'ap-northeast-1', 'ap-northeast-2', 'ap-southeast-1'],
  ...['ap-southeast-2', 'ap-southeast-3', 'ap-southeast-5', 'ap-southeast-6', 'ap-southeast-7', 'us-east-1'],
  ...['us-west-1', 'us-southeast-1', 'na-south-1', 'eu-central-1', 'eu-west-1', 'me-east-1', 'me-central-1'],
  // Finance Cloud and Government Cloud.
  ...['cn-hangzhou-finance', 'cn-shanghai-finance-1', 'cn-shenzhen-finance-1', 'cn-beijing-finance-1'],
  ...['cn-north-2-gov-1'],
];

export type RegionsOf = 'aws' | 'aliyun' | 'any';

export const regionsOf = (cloud: RegionsOf): readonly string[] =>
  cloud === 'aws'
    ? AWS_REGIONS
    : cloud === 'aliyun'
      ? ALIYUN_REGIONS
      : [...new Set([...AWS_REGIONS, ...ALIYUN_REGIONS])];

/** The variable that lets a region through that is newer than the list; several are separated by commas. */
export const ALLOW_REGION = 'HYBRIDCTL_ALLOW_REGION';

/** What every region looks like, of either cloud: it becomes a part of host names. */
const SHAPE = /^[a-z]{2,4}(-[a-z]+)+(-\d{1,2}){0,1}(-[a-z]+-\d{1,2})?$/;

const HINT: Readonly<Record<RegionsOf, string>> = {
  aws: 'cn-north-1 or us-east-1',
  aliyun: 'cn-hangzhou or ap-southeast-1',
  any: 'cn-north-1 or us-east-1',
};

/** @returns why a region is refused, in one line; undefined when it is in the list or allowed. */
export const regionProblem = (
  text: string,
  cloud: RegionsOf,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined => {
  const known = regionsOf(cloud);
  if (known.includes(text)) return undefined;
  if (!SHAPE.test(text))
    return zoneOf(text, known) === undefined
      ? `${show(text)} is not a region: write it like ${HINT[cloud]}`
      : `${text} is a zone: its region is ${zoneOf(text, known)}`;
  if ((env[ALLOW_REGION] ?? '').split(/[\s,]+/).includes(text)) return undefined;
  const meant = nearest(text, known);
  return meant === undefined
    ? `${show(text)} is not a region that is known here: if it is a new one, set ${ALLOW_REGION}=${text.slice(0, 40)}`
    : `${show(text)} is not a known region: did you mean ${meant}? If it is a new one, set ${ALLOW_REGION}=${text}`;
};

/** The region of an availability zone or Local Zone: the longest known name that it begins with. */
const zoneOf = (zone: string, regions: readonly string[]): string | undefined =>
  regions.filter((region) => isZoneOf(zone, region)).sort((a, b) => b.length - a.length)[0];

/**
 * `us-east-1a`, the Local Zone `us-west-2-lax-1a`, the Wavelength zone `us-east-1-wl1-bos-wlz-1`, or Alibaba's `cn-hangzhou-i`. AWS's letters go to f (us-east-1).
 * Source: "AWS Availability Zones", "Local Zones" and "Wavelength Zones" in the AWS global infrastructure guide.
 */
export const isZoneOf = (zone: string, region: string): boolean =>
  zone.startsWith(region) &&
  /^([a-f]|-[a-z]{3,4}-\d[a-f]|-wl\d-[a-z]{3,4}-wlz-\d|-[a-z])$/.test(zone.slice(region.length));

/** @returns why a zone does not fit its region, in one line; undefined when it does. */
export const zoneProblem = (zone: string, region: string): string | undefined => {
  if (isZoneOf(zone, region)) return undefined;
  const own = zoneOf(
    zone,
    regionsOf('any').filter((one) => one !== region),
  );
  return own === undefined
    ? `${show(zone)} is not a zone of ${region}: it looks like ${/\d$/.test(region) ? `${region}a` : `${region}-a`}`
    : `${zone} is a zone of ${own}, not of ${region}`;
};
