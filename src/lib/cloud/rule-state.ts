import { arn } from '../domain/partition.ts';
import { matches, type Pattern } from './event-pattern.ts';
import { functionArn, type LambdaFunction } from './function-state.ts';
import { counted, type MetricState } from './metric-state.ts';
import { queueArn, topicArn, withMessage } from './message-state.ts';
import { allowsService } from './resource-policy.ts';
import type { CloudState } from './state.ts';
import { withNamed, type WatchState } from './watch-state.ts';

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
  watch: WatchState,
  target: string,
  rule: string,
  event: Event,
  at: number,
): readonly [WatchState, readonly Due[]] | undefined => {
  const may = (policy: string | undefined, action: string): boolean =>
    allowsService(policy, { service: 'events.amazonaws.com', action, resource: target, source: rule });
  const count = (namespace: string, name: string, dimensions: Readonly<Record<string, string>>): MetricState =>
    counted(watch.metrics, namespace, name, dimensions, at);
  const message = { at, body: JSON.stringify(event) };
  const queue = watch.queues.find(({ name }) => queueArn(state, name) === target);
  if (queue !== undefined && may(queue.attributes['Policy'], 'sqs:SendMessage')) {
    return [
      {
        ...watch,
        queues: withNamed(watch.queues, withMessage(queue, message)),
        metrics: count('AWS/SQS', 'NumberOfMessagesSent', { QueueName: queue.name }),
      },
      [],
    ];
  }
  const topic = watch.topics.find(({ name }) => topicArn(state, name) === target);
  if (topic !== undefined && may(topic.attributes['Policy'], 'sns:Publish')) {
    return [
      {
        ...watch,
        topics: withNamed(watch.topics, withMessage(topic, message)),
        metrics: count('AWS/SNS', 'NumberOfMessagesPublished', { TopicName: topic.name }),
      },
      [],
    ];
  }
  const called = watch.functions.find(({ name }) => functionArn(state, name) === target);
  if (called !== undefined && may(JSON.stringify({ Statement: called.permissions }), 'lambda:InvokeFunction')) {
    return [
      { ...watch, metrics: count('AWS/Lambda', 'Invocations', { FunctionName: called.name }) },
      [{ target: called, event }],
    ];
  }
  return undefined;
};

/** An event to every target of every rule that it matches. */
export const deliver = (state: CloudState, event: Event, at: number): readonly [WatchState, readonly Due[]] => {
  let { watch } = state;
  const due: Due[] = [];
  const count = (name: string, rule: string): void => {
    watch = { ...watch, metrics: counted(watch.metrics, 'AWS/Events', name, { RuleName: rule }, at) };
  };
  for (const { name, pattern, enabled, targets } of watch.rules) {
    if (!enabled || !matches(JSON.parse(pattern) as Pattern, event)) continue;
    count('MatchedEvents', name);
    count('TriggeredRules', name);
    for (const target of targets) {
      count('Invocations', name);
      const taken = given(state, watch, target.arn, ruleArn(state, name), event, at);
      if (taken === undefined) count('FailedInvocations', name);
      else {
        watch = taken[0];
        due.push(...taken[1]);
      }
    }
  }
  return [watch, due];
};
