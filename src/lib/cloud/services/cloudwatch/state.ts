import { slice } from '../../slice.ts';
import type { CloudState } from '../../state.ts';

/**
 * CloudWatch: figures by metric, and alarms that are judged by them. Actions of an alarm are kept and not carried out.
 */
export interface MetricState {
  readonly series: Readonly<Record<string, Series>>;
  readonly alarms: readonly Alarm[];
}

export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** What was put together in one call for one time. */
export interface Point {
  /** ms. */
  readonly at: number;
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

export interface Series extends Metric {
  readonly points: readonly Point[];
}

export type Statistic = 'Average' | 'Sum' | 'Minimum' | 'Maximum' | 'SampleCount';

export interface Alarm extends Metric {
  readonly alarm: string;
  readonly description: string | undefined;
  readonly statistic: Statistic;
  /** s. */
  readonly period: number;
  readonly periods: number;
  /** How many of them must be over the threshold. */
  readonly breaching: number;
  readonly threshold: number;
  readonly comparison: keyof typeof COMPARE;
  readonly missing: 'breaching' | 'notBreaching' | 'ignore' | 'missing';
  readonly unit: string | undefined;
  readonly enabled: boolean;
  readonly actions: {
    readonly alarm: readonly string[];
    readonly ok: readonly string[];
    readonly insufficient: readonly string[];
  };
  readonly tags: Readonly<Record<string, string>>;
  readonly changedAt: number;
}

export const metrics = slice<MetricState>('cloudwatch', { series: {}, alarms: [] });

export const COMPARE = {
  GreaterThanThreshold: (value: number, threshold: number) => value > threshold,
  GreaterThanOrEqualToThreshold: (value: number, threshold: number) => value >= threshold,
  LessThanThreshold: (value: number, threshold: number) => value < threshold,
  LessThanOrEqualToThreshold: (value: number, threshold: number) => value <= threshold,
} as const;

/** The same dimensions in any order are the same metric; one more or one less is another. */
const keyOf = ({ namespace, name, dimensions }: Metric): string =>
  JSON.stringify([namespace, name, Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);

/** CloudWatch keeps fifteen months; this keeps what a test can put. */
const MOST_POINTS = 5_000;

export const withPoint = (state: MetricState, metric: Metric, point: Point): MetricState => {
  const key = keyOf(metric);
  const points = [...(state.series[key]?.points ?? []), point].slice(-MOST_POINTS);
  return {
    ...state,
    series: {
      ...state.series,
      [key]: { namespace: metric.namespace, name: metric.name, dimensions: metric.dimensions, points },
    },
  };
};

/** One event that a service counts. @param at ms. */
export const counted = (
  state: CloudState,
  namespace: string,
  name: string,
  dimensions: Readonly<Record<string, string>>,
  at: number,
): CloudState =>
  metrics.put(
    state,
    withPoint(metrics.of(state), { namespace, name, dimensions }, { at, count: 1, sum: 1, min: 1, max: 1 }),
  );

const OF: Readonly<Record<Statistic, (points: readonly Point[]) => number>> = {
  SampleCount: (points) => points.reduce((sum, { count }) => sum + count, 0),
  Sum: (points) => points.reduce((all, { sum }) => all + sum, 0),
  Average: (points) => OF.Sum(points) / OF.SampleCount(points),
  Minimum: (points) => Math.min(...points.map(({ min }) => min)),
  Maximum: (points) => Math.max(...points.map(({ max }) => max)),
};

export const isStatistic = (text: unknown): text is Statistic => typeof text === 'string' && Object.hasOwn(OF, text);

/** Values by the beginning of their period, ms; periods without a figure have none. */
export const valuesOf = (
  state: MetricState,
  metric: Metric,
  statistic: Statistic,
  periodMs: number,
  from: number,
  to: number,
): ReadonlyMap<number, number> => {
  const groups = new Map<number, Point[]>();
  for (const point of state.series[keyOf(metric)]?.points ?? []) {
    if (point.at < from || point.at >= to) continue;
    const start = Math.floor(point.at / periodMs) * periodMs;
    groups.set(start, [...(groups.get(start) ?? []), point]);
  }
  return new Map([...groups].sort(([a], [b]) => a - b).map(([start, points]) => [start, OF[statistic](points)]));
};

/** How an alarm stands, by the periods that are over. Source: "Evaluating an alarm" in the CloudWatch guide. */
export const judge = (
  state: MetricState,
  alarm: Alarm,
  now: number,
): { readonly value: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA'; readonly reason: string } => {
  const periodMs = alarm.period * 1_000;
  const end = Math.floor(now / periodMs) * periodMs;
  const values = valuesOf(state, alarm, alarm.statistic, periodMs, end - alarm.periods * periodMs, end);
  const known = [...values.values()];
  const silent = alarm.periods - known.length;
  const over =
    known.filter((value) => COMPARE[alarm.comparison](value, alarm.threshold)).length +
    (alarm.missing === 'breaching' ? silent : 0);
  if (known.length === 0 && (alarm.missing === 'missing' || alarm.missing === 'ignore'))
    return { value: 'INSUFFICIENT_DATA', reason: 'Insufficient Data: no datapoints were received.' };
  return over >= alarm.breaching
    ? { value: 'ALARM', reason: `Threshold Crossed: ${over} datapoints were ${alarm.comparison} (${alarm.threshold}).` }
    : {
        value: 'OK',
        reason: `Threshold Crossed: ${alarm.periods - over} datapoints were not ${alarm.comparison} (${alarm.threshold}).`,
      };
};
