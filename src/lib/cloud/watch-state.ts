import { NO_METRICS, type MetricState } from './metric-state.ts';
import type { LambdaFunction } from './function-state.ts';
import type { Queue, Topic } from './message-state.ts';
import type { Rule } from './rule-state.ts';

/** What watches and tells: CloudWatch, SNS, SQS, Lambda and EventBridge, as far as alarms and events need them. */
export interface WatchState {
  readonly metrics: MetricState;
  readonly topics: readonly Topic[];
  readonly queues: readonly Queue[];
  readonly functions: readonly LambdaFunction[];
  readonly rules: readonly Rule[];
}

export const NO_WATCH: WatchState = { metrics: NO_METRICS, topics: [], queues: [], functions: [], rules: [] };

/** The list with an item put in place of the one of its name, or added. */
export const withNamed = <T extends { readonly name: string }>(items: readonly T[], item: T): readonly T[] => [
  ...items.filter(({ name }) => name !== item.name),
  item,
];
export const withoutNamed = <T extends { readonly name: string }>(items: readonly T[], name: string): readonly T[] =>
  items.filter((item) => item.name !== name);
