import { arn, partitionOf } from './partition.ts';
import type { Site } from './site.ts';

/** One CloudWatch alarm on any published metric, in the API's words where it has them. */
export interface Alarm {
  /** Unique among the alarms of the site: letters, digits and dashes. */
  readonly name: string;
  readonly description: string;
  readonly namespace: string;
  readonly metric: string;
  /** A value, or the slot whose id it is. */
  readonly dimensions: Readonly<Record<string, string | { readonly slot: string }>>;
  readonly statistic: (typeof STATISTICS)[number];
  /** s: 10, 20, 30 or a multiple of 60. */
  readonly period: number;
  readonly periods: number;
  /** Of the periods, how many must be over the threshold. */
  readonly datapoints: number;
  readonly threshold: number;
  readonly comparison: keyof typeof COMPARISONS;
  readonly missing: (typeof MISSING)[number];
  /** Done to the instance of the dimension InstanceId. */
  readonly ec2?: (typeof EC2_ACTIONS)[number] | undefined;
  /** ARNs of scaling policies. */
  readonly scaling?: readonly string[] | undefined;
}

export const STATISTICS = ['Average', 'Sum', 'Minimum', 'Maximum', 'SampleCount'] as const;
export const MISSING = ['missing', 'ignore', 'breaching', 'notBreaching'] as const;
export const EC2_ACTIONS = ['stop', 'terminate', 'reboot', 'recover'] as const;
export const COMPARISONS = {
  gt: { operator: 'GreaterThanThreshold', sign: '>' },
  ge: { operator: 'GreaterThanOrEqualToThreshold', sign: '>=' },
  lt: { operator: 'LessThanThreshold', sign: '<' },
  le: { operator: 'LessThanOrEqualToThreshold', sign: '<=' },
} as const;

/**
 * `arn:aws-cn:automate:cn-north-1:ec2:recover`: CloudWatch's own way to act on an instance (PutMetricAlarm,
 * AlarmActions).
 */
export const ec2ActionArn = (region: string, action: (typeof EC2_ACTIONS)[number]): string =>
  arn(region, 'automate', 'ec2', action);

const SCALING =
  /^arn:(aws|aws-cn|aws-us-gov):autoscaling:([a-z0-9-]{1,30}):\d{12}:scalingPolicy:[0-9a-f-]{36}:autoScalingGroupName\/[\x21-\x7e]{1,255}:policyName\/[\x21-\x7e]{1,255}$/;
const TOPIC = /^arn:(aws|aws-cn|aws-us-gov):sns:([a-z0-9-]{1,30}):\d{12}:[A-Za-z0-9_-]{1,256}$/;

/**
 * What is wrong with an ARN of an action for an alarm in a region, or undefined. Both must be of the alarm's own
 * region.
 */
const arnProblem =
  (shape: RegExp, what: string, example: string) =>
  (text: string, region: string): string | undefined => {
    const [, partition, where] = shape.exec(text) ?? [];
    if (partition === undefined) return `is not the ARN of ${what}: it looks like ${example}`;
    if (partition !== partitionOf(region).id)
      return `is of the partition ${partition}, and ${region} is in ${partitionOf(region).id}`;
    return where === region
      ? undefined
      : `is in ${where}, the alarm in ${region}: an alarm acts in its own region alone`;
  };
export const topicProblem = arnProblem(TOPIC, 'an SNS topic', 'arn:aws-cn:sns:cn-north-1:123456789012:alarms');
export const scalingProblem = arnProblem(
  SCALING,
  'a scaling policy',
  'arn:aws-cn:autoscaling:cn-north-1:123456789012:scalingPolicy:UUID:autoScalingGroupName/web:policyName/out',
);

/**
 * What CloudWatch would refuse, or accept and never do. @returns the field and why, or undefined. Source:
 * "PutMetricAlarm", and "Create alarms that stop, terminate, reboot, or recover an EC2 instance".
 */
export const alarmProblem = ({
  period,
  periods,
  datapoints,
  ec2,
  dimensions,
  namespace,
  metric,
}: Alarm): { readonly field: string; readonly why: string } | undefined => {
  if (![10, 20, 30].includes(period) && (period < 60 || period % 60 !== 0))
    return { field: '--period', why: `${period} s is neither 10, 20, 30 nor a multiple of 60` };
  if (period < 60 && namespace.startsWith('AWS/'))
    return { field: '--period', why: 'metrics of AWS services have no finer grain than 60 s' };
  if (periods * period > 7 * 86_400) return { field: '--periods', why: 'an alarm looks back seven days at most' };
  if (period < 3_600 && periods * period > 86_400)
    return { field: '--periods', why: 'with a period below an hour an alarm looks back one day at most' };
  if (datapoints > periods)
    return { field: '--datapoints', why: `${datapoints} of ${periods} periods can never be over the threshold` };
  if (ec2 !== undefined && !Object.hasOwn(dimensions, 'InstanceId'))
    return { field: '--ec2', why: 'the metric has no dimension InstanceId, so there is no instance to act on' };
  if (ec2 === 'recover' && (namespace !== 'AWS/EC2' || metric !== 'StatusCheckFailed_System'))
    return {
      field: '--ec2',
      why: 'recover goes with AWS/EC2 StatusCheckFailed_System only: it moves the instance to other hardware',
    };
  return undefined;
};

export const SETS = ['gateways', 'tunnels', 'links', 'certificates'] as const;
export type AlarmSet = (typeof SETS)[number];

const COMMON = { statistic: 'Maximum', period: 60, comparison: 'ge', missing: 'missing' } as const;
const over = (periods: number): Pick<Alarm, 'periods' | 'datapoints'> => ({ periods, datapoints: periods });

/**
 * Ready alarms. Gateways: broken hardware (recover: same instance, address and disk elsewhere, after two minutes), an
 * instance that does not answer (reboot, after three, so that a recovery is not cut off by it; AWS advises the two
 * numbers) and a processor that is full, which is where ESP ends. The others rest on metrics that "vpn traffic",
 * "route monitor" and "vpn pki status" publish.
 */
const OF_SET: Readonly<Record<AlarmSet, (site: Site) => readonly Alarm[]>> = {
  gateways: ({ gateways }) =>
    gateways.flatMap(({ name }): readonly Alarm[] => {
      const instance = {
        ...COMMON,
        namespace: 'AWS/EC2',
        dimensions: { InstanceId: { slot: `instance/${name}` } },
        threshold: 1,
      };
      return [
        {
          ...instance,
          name: `${name}-system`,
          description: `${name}: its hardware or network is broken`,
          metric: 'StatusCheckFailed_System',
          ...over(2),
          ec2: 'recover',
        },
        {
          ...instance,
          name: `${name}-instance`,
          description: `${name}: the instance does not answer`,
          metric: 'StatusCheckFailed_Instance',
          ...over(3),
          ec2: 'reboot',
        },
        {
          ...instance,
          name: `${name}-cpu`,
          description: `${name}: its processor is full, packets will be lost`,
          metric: 'CPUUtilization',
          statistic: 'Average',
          period: 300,
          ...over(3),
          threshold: 80,
        },
      ];
    }),
  tunnels: (site) =>
    site.tunnels.flatMap(({ name }): readonly Alarm[] => {
      const tunnel = { ...COMMON, namespace: namespaceOf(site), dimensions: { Site: site.site, Tunnel: name } };
      return [
        {
          ...tunnel,
          name: `${name}-down`,
          description: `${name}: no security association, or nobody measures it`,
          metric: 'TunnelState',
          comparison: 'lt',
          threshold: 1,
          ...over(3),
          missing: 'breaching',
        },
        {
          ...tunnel,
          name: `${name}-silent`,
          description: `${name}: nothing came in for ten minutes`,
          metric: 'TunnelDataIn',
          statistic: 'Sum',
          period: 300,
          comparison: 'le',
          threshold: 0,
          ...over(2),
        },
      ];
    }),
  links: (site) =>
    site.links.map(
      ({ name }): Alarm => ({
        ...COMMON,
        name: `${name}-path`,
        description: `${name}: the path is dead most of the time, or nobody watches it`,
        namespace: namespaceOf(site),
        metric: 'PathHealth',
        dimensions: { Site: site.site, Link: name },
        statistic: 'Average',
        comparison: 'lt',
        threshold: 0.5,
        ...over(2),
        missing: 'breaching',
      }),
    ),
  certificates: (site) =>
    [...site.gateways, ...site.onprem.routers]
      .map(({ name }) => name)
      .filter((name) =>
        site.tunnels.some(({ auth, gateway, router }) => auth === 'cert' && [gateway, router].includes(name)),
      )
      .map(
        (name): Alarm => ({
          ...COMMON,
          name: `${name}-certificate`,
          description: `${name}: its certificate expires within 30 days or is revoked, or nobody measures it`,
          namespace: namespaceOf(site),
          metric: CERTIFICATE_METRIC,
          dimensions: { Site: site.site, Device: name },
          statistic: 'Minimum',
          period: 86_400,
          comparison: 'lt',
          threshold: 30,
          // Two days: what measures it daily may be an hour late once.
          ...over(2),
          missing: 'breaching',
        }),
      ),
};

/** Days until a certificate expires, by "vpn pki status --publish"; below zero: expired; 0: revoked or none. */
export const CERTIFICATE_METRIC = 'CertificateDaysLeft';

export const namespaceOf = ({ monitor }: Pick<Site, 'monitor'>): string =>
  monitor?.records?.cloudwatch?.namespace ?? 'hybridctl';

export const alarmsOf = (site: Site, set: AlarmSet): readonly Alarm[] => OF_SET[set](site);

/** `Average CPUUtilization >= 80 for 3 of 3 x 300 s`. */
export const conditionOf = ({
  statistic,
  metric,
  comparison,
  threshold,
  datapoints,
  periods,
  period,
}: Pick<Alarm, 'statistic' | 'metric' | 'comparison' | 'threshold' | 'datapoints' | 'periods' | 'period'>): string =>
  `${statistic} ${metric} ${COMPARISONS[comparison].sign} ${threshold} for ${datapoints === periods ? '' : `${datapoints} of `}${periods} x ${period} s`;
