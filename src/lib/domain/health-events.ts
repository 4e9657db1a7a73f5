import { policyDocument, type PolicyDocument } from './iam.ts';
import { arn, servicePrincipal } from './partition.ts';

/**
 * Reports of an application's health in three colours, after the field document on CloudWatch Events: Green needs
 * nothing done, Yellow (a health check failed) is looked into by a Lambda function, Red (down on a server at least)
 * goes to people by SNS and into an SQS queue for the inspection.
 */
export const LEVELS = ['Green', 'Yellow', 'Red'] as const;
export type Level = (typeof LEVELS)[number];

export const DETAIL_TYPE = 'myCustomHealthStatus';

/** Sources of events are the account's own words; AWS keeps `aws.` for itself. */
export const sourceOf = (name: string): string => `hybridctl.${name}`;

/** Each rule lets through one colour of one application; the three differ in that word alone. */
export const patternOf = (name: string, level: Level): string =>
  JSON.stringify({ source: [sourceOf(name)], 'detail-type': [DETAIL_TYPE], detail: { status: [level] } });

/** What everything is called, by what it does. */
export interface HealthNames {
  readonly function: string;
  readonly topic: string;
  readonly queue: string;
  readonly rules: Readonly<Record<Level, string>>;
}

/** `legacy`: the field document's own names, of which an account and region can hold one set only. */
export const NAMES = ['own', 'legacy'] as const;
export const healthNames = (name: string, style: (typeof NAMES)[number]): HealthNames => {
  const of = (what: string): string => (style === 'legacy' ? what : `hybridctl-${name}-${what}`);
  return {
    function: of('SampleAppDebugger'),
    topic: of('RedHealthNotifier'),
    queue: of('ReportInspectionQueue'),
    rules: {
      Green: of('myCustomHealthStatusGreen'),
      Yellow: of('myCustomHealthStatusYellow'),
      Red: of('myCustomHealthStatusRed'),
    },
  };
};

const events = (region: string) => ({ Service: servicePrincipal('events', region) });

/** One rule may send to the queue. */
export const queueDocument = (region: string, queue: string, rule: string): PolicyDocument =>
  policyDocument({
    Sid: 'Events',
    Effect: 'Allow',
    Principal: events(region),
    Action: ['sqs:SendMessage'],
    Resource: [queue],
    Condition: { ArnEquals: { 'aws:SourceArn': rule } },
  });

/**
 * The account keeps its rights, and EventBridge may publish. No condition on the rule: EventBridge does not take one in
 * a topic's policy ("Amazon SNS permissions" in the EventBridge user guide), and would publish nothing.
 */
export const topicDocument = (region: string, topic: string, account: string): PolicyDocument =>
  policyDocument(
    {
      Sid: 'Owner',
      Effect: 'Allow',
      Principal: { AWS: arn(region, 'iam', account, 'root', '') },
      Action: [
        'sns:GetTopicAttributes',
        'sns:SetTopicAttributes',
        'sns:DeleteTopic',
        'sns:Subscribe',
        'sns:ListSubscriptionsByTopic',
        'sns:Publish',
      ],
      Resource: [topic],
    },
    { Sid: 'Events', Effect: 'Allow', Principal: events(region), Action: ['sns:Publish'], Resource: [topic] },
  );

/** The function writes its own log and nothing else. */
export const functionDocument = (region: string, account: string, name: string): PolicyDocument =>
  policyDocument(
    {
      Sid: 'Log',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: [arn(region, 'logs', account, `log-group:/aws/lambda/${name}:*`)],
    },
    {
      Sid: 'LogGroup',
      Effect: 'Allow',
      Action: ['logs:CreateLogGroup'],
      Resource: [arn(region, 'logs', account, `log-group:/aws/lambda/${name}`)],
    },
  );
