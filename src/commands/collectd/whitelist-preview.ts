import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { failure, usageError } from '../../lib/core/errors.ts';
import { flag } from '../../lib/core/flags.ts';
import { count as number, decimal } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { preview as previewOf, type Preview } from '../../lib/domain/collectd/metrics.ts';
import { BeyondUs } from '../../lib/domain/collectd/pattern.ts';
import { costOf, MOST_TIERS, priceListOf, type Cost, type PriceList } from '../../lib/domain/collectd/price.ts';
import { namesOf } from '../../lib/procedures/collectd/names.ts';
import { loadWhitelist } from '../../lib/procedures/collectd/whitelist-file.ts';
import { count, money, ONE_SOURCE, PASS_THROUGH, PRICE_REGION, SOURCE, WHITELIST } from './shared.ts';

interface Result extends Preview {
  readonly file: string;
  readonly hosts: number;
  readonly cost: Cost;
  readonly price: PriceList;
  /** The names are those that were blocked so far: what is published already is not among them. */
  readonly blockedOnly: boolean;
}

const amount = decimal({ from: 0, to: 1_000_000, placeholder: 'amount' });

export const preview = defineCommand({
  path: 'collectd whitelist preview',
  summary: 'preview the metrics that a whitelist would publish: names, number, cost per month',
  details:
    "Holds the names of metrics against the whitelist by the plugin's own rules. They come from blocked_metrics, which has what was not published since collectd started, or from a running collectd, which has all. " +
    "The cost is that of CloudWatch's custom metrics in tiers, and of one request a minute for each 20 metrics, without the free tier: in CNY for a Chinese --region, else in USD as in N. Virginia; other regions differ, and what you pay can be given. " +
    'A pattern with a back-reference or a conditional group is not judged; one that would take Python hours takes us no longer than others.',
  flags: {
    ...WHITELIST,
    ...PASS_THROUGH,
    ...SOURCE,
    hosts: flag(number({ from: 1, to: 1_000_000 }), 'for the cost: number of hosts with these metrics', {
      default: '1',
    }),
    ...PRICE_REGION,
    price: flag(
      amount,
      'what you pay a month for a metric: of the first 10,000, then of the next 240,000, the next 750,000, and above; one for all',
      { many: true },
    ),
    requestPrice: flag(amount, 'what you pay for a thousand requests'),
  },
  conflicts: ONE_SOURCE,
  examples: [
    {
      line: 'hybridctl collectd whitelist preview --socket /var/run/collectd-unixsock',
      why: 'of all that the collectd of this machine reads',
    },
    {
      line: 'hybridctl collectd whitelist preview --blocked blocked_metrics --hosts 40 --region cn-north-1',
      why: 'of a captured file, for a fleet in China',
    },
    {
      line: 'hybridctl collectd whitelist preview --price 0.24 --price 0.08 --request-price 0.008',
      why: 'with a discount of yours',
    },
    {
      line: 'hybridctl collectd whitelist preview --host admin@203.0.113.11 --json',
      why: "of another machine's blocked_metrics",
    },
  ],
  refine({ region, price, requestPrice, ...options }) {
    if (price.length > MOST_TIERS) throw usageError(`has more than ${MOST_TIERS} tiers`, { field: '--price' });
    const metrics = price.length === 0 ? undefined : price;
    return { ...options, price: priceListOf(region, { metrics, requests: requestPrice }) };
  },
  async run({ file, passThrough, hosts, price, ...source }, ports): Promise<Outcome<Result>> {
    const whitelist = await loadWhitelist(ports, file, { passThrough });
    if ('problem' in whitelist.judge)
      throw failure(`${file} can't be judged: ${whitelist.judge.problem}`, {
        field: file,
        next: 'see "collectd whitelist lint"',
      });
    const names = await namesOf(ports, source);
    try {
      const seen = previewOf(whitelist, names);
      return {
        result: {
          file,
          hosts,
          ...seen,
          cost: costOf(price, seen.published.length, hosts),
          price,
          blockedOnly: source.socket === undefined,
        },
      };
    } catch (error) {
      if (error instanceof BeyondUs)
        throw failure(`${file} can't be judged: it has ${error.message}`, {
          field: file,
          next: 'simplify the pattern: the plugin would hang on it too',
        });
      throw error;
    }
  },
  json: jsonShape(1, async () => (await import('./json.ts')).collectdWhitelistPreview),
  data: (result) => result,
  human: ({ file, hosts, published, blocked, byLine, cost, price, blockedOnly }, style) =>
    [
      ...published.map((name) => style.good(name)),
      ...(published.length === 0 ? [] : ['']),
      style.table(
        ['line', 'metrics', 'pattern'],
        byLine.map(({ number, text: line, metrics }) => [
          String(number),
          metrics === 0 ? style.warn('0') : String(metrics),
          line,
        ]),
      ),
      '',
      `${file}: ${count(published.length, 'metric')} published, ${blocked.length} blocked${blockedOnly ? ' (of those that are blocked now)' : ''}`,
      `${money(cost.currency, cost.perMonth)} a month for ${count(hosts, 'host')}: ${count(cost.metrics, 'metric')} ${money(cost.currency, cost.forMetrics)}, requests ${money(cost.currency, cost.forRequests)}`,
      style.dim(
        `prices of ${price.where}, by ${price.source} as of ${price.asOf}${price.given.length === 0 ? '' : `; ${price.given.join(' and ')} at yours`}`,
      ),
    ].join('\n'),
});
