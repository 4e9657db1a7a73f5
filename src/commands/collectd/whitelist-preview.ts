import { defineCommand, flag, list, text, type Raw } from '../../lib/core/command.ts';
import { failure, usageError } from '../../lib/core/errors.ts';
import { preview as previewOf, type Preview } from '../../lib/domain/collectd/metrics.ts';
import { BeyondUs } from '../../lib/domain/collectd/pattern.ts';
import { costOf, MOST_TIERS, priceListOf, type Cost, type PriceList } from '../../lib/domain/collectd/price.ts';
import { namesOf, type MetricSource } from '../../lib/procedures/collectd/names.ts';
import { loadWhitelist } from '../../lib/procedures/collectd/whitelist-file.ts';
import {
  count,
  money,
  PRICE_REGION,
  priceRegion,
  PASS_THROUGH,
  SOURCE_FLAGS,
  sourceOf,
  WHITELIST,
  whitelistOf,
} from './shared.ts';

interface Options {
  readonly file: string;
  readonly passThrough: boolean;
  readonly hosts: number;
  readonly source: MetricSource;
  readonly price: PriceList;
}

interface Result extends Preview {
  readonly file: string;
  readonly hosts: number;
  readonly cost: Cost;
  readonly price: PriceList;
  /** The names are those that were blocked so far: what is published already is not among them. */
  readonly blockedOnly: boolean;
}

const amount = (field: string, word: string): number => {
  if (!/^\d{1,6}(\.\d{1,6})?$/.test(word))
    throw usageError(`${word.slice(0, 40)} is no price`, {
      field,
      next: 'give an amount like 0.30, in the currency of the region',
    });
  return Number(word);
};

const priceOf = (raw: Raw): PriceList => {
  const metrics = list(raw, 'price').map((word) => amount('--price', word));
  const requests = text(raw, 'requestPrice');
  if (metrics.length > MOST_TIERS) throw usageError(`has more than ${MOST_TIERS} tiers`, { field: '--price' });
  return priceListOf(priceRegion(raw), {
    metrics: metrics.length === 0 ? undefined : metrics,
    requests: requests === undefined ? undefined : amount('--request-price', requests),
  });
};

export const preview = defineCommand<Options, Result>({
  path: 'collectd whitelist preview',
  summary: 'which metrics a whitelist would publish, how many, and at what cost a month',
  details:
    "Holds the names of metrics against the whitelist by the plugin's own rules. They come from blocked_metrics, which has what was not published since collectd started, or from a running collectd, which has all. " +
    "The cost is that of CloudWatch's custom metrics in tiers, and of one request a minute for each 20 metrics, without the free tier: in CNY for a Chinese --region, else in USD as in N. Virginia; other regions differ, and what you pay can be given. " +
    'A pattern with a back-reference or a conditional group is not judged; one that would take Python hours takes us no longer than others.',
  flags: [
    WHITELIST,
    PASS_THROUGH,
    ...SOURCE_FLAGS,
    { flags: '--hosts <count>', summary: 'for the cost: so many hosts with these metrics', default: '1' },
    PRICE_REGION,
    {
      flags: '--price <amount...>',
      summary:
        'what you pay a month for a metric: of the first 10,000, the next 240,000, the next 750,000, and above; one for all',
    },
    { flags: '--request-price <amount>', summary: 'what you pay for a thousand requests' },
  ],
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
      line: 'hybridctl collectd whitelist preview --price 0.24 0.08 --request-price 0.008',
      why: 'with a discount of yours',
    },
    {
      line: 'hybridctl collectd whitelist preview --host admin@203.0.113.11 --json',
      why: "of another machine's blocked_metrics",
    },
  ],
  parse: (raw) => {
    const hosts = Number(text(raw, 'hosts'));
    if (!Number.isInteger(hosts) || hosts < 1 || hosts > 1_000_000)
      throw usageError('is no number of hosts', { field: '--hosts', next: 'give 1 or more' });
    return {
      file: whitelistOf(raw),
      passThrough: flag(raw, 'passThrough'),
      hosts,
      source: sourceOf(raw),
      price: priceOf(raw),
    };
  },
  async run({ file, passThrough, hosts, source, price }, ports) {
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
