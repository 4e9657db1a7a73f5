import { partitionOf } from '../partition.ts';

/** Up to so many metrics of an account and region, at so much each a month. */
interface Tier {
  readonly upTo: number;
  readonly price: number;
}

/** What CloudWatch charges where: a figure to decide by, not a bill. */
export interface PriceList {
  readonly currency: 'USD' | 'CNY';
  /** Whose price it is, in words. */
  readonly where: string;
  readonly source: string;
  /** When the source said so, year and month. */
  readonly asOf: string;
  readonly tiers: readonly Tier[];
  /** Of a thousand calls of PutMetricData. */
  readonly thousandRequests: number;
  /** What of it the user gave. */
  readonly given: readonly ('metrics' | 'requests')[];
}

/** The steps are the same everywhere. */
const STEPS = [10_000, 250_000, 1_000_000, Infinity] as const;
const tiersOf = (prices: readonly number[]): readonly Tier[] =>
  STEPS.map((upTo, index) => ({ upTo, price: prices[index] ?? prices.at(-1)! }));
export const MOST_TIERS = STEPS.length;

/**
 * Custom metrics, by partition. China's are from AWS China's own page, as it was with its notice of re:Invent 2024. The
 * other's are AWS's page as quoted on 2022-04-29 (github.com/nishinoshake/aws-rough, issue 37), and the same, without
 * the last tier, in a list of 2026-05 (github.com/api-evangelist/cloudwatch, plans).
 */
const LISTS: Readonly<Record<'USD' | 'CNY', PriceList>> = {
  USD: {
    currency: 'USD',
    where: 'US East (N. Virginia)',
    source: 'aws.amazon.com/cloudwatch/pricing',
    asOf: '2022-04',
    tiers: tiersOf([0.3, 0.1, 0.05, 0.02]),
    thousandRequests: 0.01,
    given: [],
  },
  CNY: {
    currency: 'CNY',
    where: 'China (Beijing and Ningxia)',
    source: 'amazonaws.cn/cloudwatch/pricing',
    asOf: '2024-12',
    tiers: tiersOf([2, 0.6673, 0.3337, 0.1335]),
    thousandRequests: 0.0622,
    given: [],
  },
};

/**
 * The list of a region's partition, with what the user pays where that is something else. @param metrics by tier; the
 * last counts for all above.
 */
export const priceListOf = (
  region: string,
  {
    metrics,
    requests,
  }: { readonly metrics?: readonly number[] | undefined; readonly requests?: number | undefined } = {},
): PriceList => {
  const list = LISTS[partitionOf(region).id === 'aws-cn' ? 'CNY' : 'USD'];
  return {
    ...list,
    ...(metrics === undefined ? {} : { tiers: tiersOf(metrics) }),
    ...(requests === undefined ? {} : { thousandRequests: requests }),
    given: [
      ...(metrics === undefined ? [] : ['metrics' as const]),
      ...(requests === undefined ? [] : ['requests' as const]),
    ],
  };
};

/** The plugin sends at most so many metrics a request, once a minute (modules/flusher.py). */
const METRICS_PER_REQUEST = 20;
const MINUTES_PER_MONTH = 730 * 60;

export interface Cost {
  readonly currency: PriceList['currency'];
  /** Of all hosts: each host's is a metric of its own. */
  readonly metrics: number;
  /** A month, for metrics and for requests, and both together. */
  readonly forMetrics: number;
  readonly forRequests: number;
  readonly perMonth: number;
}

const cents = (amount: number): number => Math.round(amount * 100) / 100;

/** A month's cost of so many metrics on each of so many hosts, without the free tier. */
export const costOf = ({ currency, tiers, thousandRequests }: PriceList, metrics: number, hosts: number): Cost => {
  const all = metrics * hosts;
  const forMetrics = tiers.reduce(
    (sum, { upTo, price }, index) => sum + Math.max(0, Math.min(all, upTo) - (tiers[index - 1]?.upTo ?? 0)) * price,
    0,
  );
  const forRequests = (hosts * Math.ceil(metrics / METRICS_PER_REQUEST) * MINUTES_PER_MONTH * thousandRequests) / 1_000;
  return {
    currency,
    metrics: all,
    forMetrics: cents(forMetrics),
    forRequests: cents(forRequests),
    perMonth: cents(forMetrics + forRequests),
  };
};
