/** Up to so many metrics of an account and region, at so much each a month. */
interface Tier {
  readonly upTo: number;
  readonly usd: number;
}

/** What CloudWatch charges for custom metrics. Regions differ, and China charges in CNY: a figure to decide by, not a bill. */
export const PRICE = {
  source: 'aws.amazon.com/cloudwatch/pricing, "Metrics", US East (N. Virginia)',
  asOf: '2024-12',
  tiers: [
    { upTo: 10_000, usd: 0.3 },
    { upTo: 250_000, usd: 0.1 },
    { upTo: 1_000_000, usd: 0.05 },
    { upTo: Infinity, usd: 0.02 },
  ] satisfies readonly Tier[],
  usdPerThousandRequests: 0.01,
} as const;

/** The plugin sends at most so many metrics a request, once a minute (modules/flusher.py). */
const METRICS_PER_REQUEST = 20;
const MINUTES_PER_MONTH = 730 * 60;

export interface Cost {
  /** Of all hosts: each host's is a metric of its own. */
  readonly metrics: number;
  readonly metricsUsd: number;
  readonly requestsUsd: number;
  readonly usdPerMonth: number;
}

const cents = (usd: number): number => Math.round(usd * 100) / 100;

/** A month's cost of so many metrics on each of so many hosts, without the free tier. */
export const costOf = (metrics: number, hosts: number): Cost => {
  const all = metrics * hosts;
  const metricsUsd = PRICE.tiers.reduce((sum, { upTo, usd }, index) => sum + Math.max(0, Math.min(all, upTo) - (PRICE.tiers[index - 1]?.upTo ?? 0)) * usd, 0);
  const requestsUsd = (hosts * Math.ceil(metrics / METRICS_PER_REQUEST) * MINUTES_PER_MONTH * PRICE.usdPerThousandRequests) / 1_000;
  return { metrics: all, metricsUsd: cents(metricsUsd), requestsUsd: cents(requestsUsd), usdPerMonth: cents(metricsUsd + requestsUsd) };
};
