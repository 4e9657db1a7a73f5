import { arn } from '../../../domain/partition.ts';
import { matches, type Pattern } from './event-pattern.ts';
import { slice, withNamed } from '../../slice.ts';
import type { CloudState } from '../../state.ts';
import { counted } from '../cloudwatch/state.ts';
import { functionArn, functions, type LambdaFunction } from '../lambda/state.ts';
import { withMessage } from '../messages.ts';
import { topicArn, topics, withTopic } from '../sns/state.ts';
import { queueArn, queues, withQueue } from '../sqs/state.ts';
import { allowsService } from './resource-policy.ts';

export interface Rule {
  readonly name: string;
  readonly pattern: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly targets: readonly { readonly id: string; readonly arn: string }[];
}

/** An event as targets get it. */
export interface Event {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
}

export const rules = slice<readonly Rule[]>('events', []);

export const withRule = (state: CloudState, rule: Rule): CloudState =>
  rules.put(state, withNamed(rules.of(state), rule));

export const ruleArn = ({ region, owner }: CloudState, name: string): string =>
  arn(region, 'events', owner, `rule/${name}`);

/** A function to be called, after the state is what it is now. */
export interface Due {
  readonly target: LambdaFunction;
  readonly event: Event;
}

/** What a target takes, where its policy lets EventBridge in. @returns undefined: it was not delivered. */
const given = (
  state: CloudState,
  target: string,
  rule: string,
  event: Event,
  at: number,
): readonly [CloudState, readonly Due[]] | undefined => {
  const may = (policy: string | undefined, action: string): boolean =>
    allowsService(policy, { service: 'events.amazonaws.com', action, resource: target, source: rule });
  const message = { at, body: JSON.stringify(event) };
  const queue = queues.of(state).find(({ name }) => queueArn(state, name) === target);
  if (queue !== undefined && may(queue.attributes['Policy'], 'sqs:SendMessage')) {
    const sent = withQueue(state, withMessage(queue, message));
    return [counted(sent, 'AWS/SQS', 'NumberOfMessagesSent', { QueueName: queue.name }, at), []];
  }
  const topic = topics.of(state).find(({ name }) => topicArn(state, name) === target);
  if (topic !== undefined && may(topic.attributes['Policy'], 'sns:Publish')) {
    const sent = withTopic(state, withMessage(topic, message));
    return [counted(sent, 'AWS/SNS', 'NumberOfMessagesPublished', { TopicName: topic.name }, at), []];
  }
  const called = functions.of(state).find(({ name }) => functionArn(state, name) === target);
  if (called !== undefined && may(JSON.stringify({ Statement: called.permissions }), 'lambda:InvokeFunction'))
    return [
      counted(state, 'AWS/Lambda', 'Invocations', { FunctionName: called.name }, at),
      [{ target: called, event }],
    ];
  return undefined;
};

/** An event to every target of every rule that it matches. */
export const deliver = (before: CloudState, event: Event, at: number): readonly [CloudState, readonly Due[]] => {
  let state = before;
  const due: Due[] = [];
  const count = (name: string, rule: string): void => {
    state = counted(state, 'AWS/Events', name, { RuleName: rule }, at);
  };
  for (const { name, pattern, enabled, targets } of rules.of(before)) {
    if (!enabled || !matches(JSON.parse(pattern) as Pattern, event)) continue;
    count('MatchedEvents', name);
    count('TriggeredRules', name);
    for (const target of targets) {
      count('Invocations', name);
      const taken = given(state, target.arn, ruleArn(state, name), event, at);
      if (taken === undefined) count('FailedInvocations', name);
      else {
        state = taken[0];
        due.push(...taken[1]);
      }
    }
  }
  return [state, due];
};
