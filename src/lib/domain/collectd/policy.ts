import { policyDocument, type PolicyDocument } from '../iam.ts';

/** Who sends metrics from a host: the CloudWatch Agent, or the field document's plugin inside collectd. */
export type Sender = 'agent' | 'python';

export const NAMESPACES: Readonly<Record<Sender, string>> = { agent: 'CWAgent', python: 'collectd' };

/**
 * What a host may do: publish to its sender's namespace. Neither action knows resources. The plugin asks for its Auto
 * Scaling group at each start (modules/client/ec2getclient.py).
 * Source: "Actions, resources, and condition keys" for CloudWatch and EC2 (service authorization reference).
 */
export const senderPolicy = (sender: Sender): PolicyDocument =>
  policyDocument(
    {
      Sid: 'Publish',
      Effect: 'Allow',
      Action: ['cloudwatch:PutMetricData'],
      Resource: ['*'],
      Condition: { StringEquals: { 'cloudwatch:namespace': NAMESPACES[sender] } },
    },
    ...(sender === 'python'
      ? [{ Sid: 'OwnGroup', Effect: 'Allow' as const, Action: ['ec2:DescribeTags'], Resource: ['*'] }]
      : []),
  );

/** What is known of a host before a sender is chosen for it. */
export interface Choice {
  /** The agent is there, or in the repositories of its distribution (Amazon Linux, Red Hat). */
  readonly agent: boolean;
  /** The plugin is there, or its package was given. */
  readonly python: boolean;
}

/**
 * The agent, which is kept up; the plugin, whose last change is of 2021, where the host has only that. undefined:
 * neither can be had.
 */
export const chooseSender = ({ agent, python }: Choice): Sender | undefined =>
  agent ? 'agent' : python ? 'python' : undefined;

/** A metric that every deployed host sends, by which it is proven to publish. */
export const heartbeat = (
  sender: Sender,
  host: string,
): {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: { Name: string; Value: string }[];
} =>
  sender === 'python'
    ? {
        Namespace: NAMESPACES.python,
        MetricName: 'uptime.uptime',
        Dimensions: [
          { Name: 'Host', Value: host },
          { Name: 'PluginInstance', Value: 'NONE' },
        ],
      }
    : {
        Namespace: NAMESPACES.agent,
        MetricName: 'collectd_uptime_value',
        Dimensions: [
          { Name: 'host', Value: host },
          { Name: 'type', Value: 'uptime' },
        ],
      };
