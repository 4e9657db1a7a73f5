import { defineCommand, flag, text } from '../../lib/core/command.ts';
import { failure, usageError } from '../../lib/core/errors.ts';
import { preview as previewOf, type Preview } from '../../lib/domain/collectd/metrics.ts';
import { BeyondUs } from '../../lib/domain/collectd/pattern.ts';
import { costOf, PRICE, type Cost } from '../../lib/domain/collectd/price.ts';
import { count, loadWhitelist, PASS_THROUGH, WHITELIST, whitelistOf } from './shared.ts';
import { namesOf, SOURCE_FLAGS, sourceOf, type Source } from './source.ts';

interface Options {
  readonly file: string;
  readonly passThrough: boolean;
  readonly hosts: number;
  readonly source: Source;
}

interface Result extends Preview {
  readonly file: string;
  readonly hosts: number;
  readonly cost: Cost;
  readonly price: { readonly source: string; readonly asOf: string };
  /** The names are those that were blocked so far: what is published already is not among them. */
  readonly blockedOnly: boolean;
}

export const preview = defineCommand<Options, Result>({
  path: 'collectd whitelist preview',
  summary: 'which metrics a whitelist would publish, how many, and at what cost a month',
  details:
    "Holds the names of metrics against the whitelist by the plugin's own rules. They come from blocked_metrics, which has what was not published since collectd started, or from a running collectd, which has all. " +
    `The cost is that of CloudWatch custom metrics (${PRICE.source}; as of ${PRICE.asOf}) and of one request a minute for each 20 metrics, without the free tier; other regions differ, and China charges in CNY. ` +
    'A pattern with a back-reference or a conditional group is not judged; one that would take Python hours takes us no longer than others.',
  flags: [WHITELIST, PASS_THROUGH, ...SOURCE_FLAGS, { flags: '--hosts <count>', summary: 'for the cost: so many hosts with these metrics', default: '1' }],
  examples: [
    { line: 'hybridctl collectd whitelist preview --socket /var/run/collectd-unixsock', why: 'of all that the collectd of this machine reads' },
    { line: 'hybridctl collectd whitelist preview --blocked blocked_metrics --hosts 40', why: 'of a captured file, for a fleet' },
    { line: 'hybridctl collectd whitelist preview --host admin@203.0.113.11 --json', why: "of another machine's blocked_metrics" },
  ],
  parse: (raw) => {
    const hosts = Number(text(raw, 'hosts'));
    if (!Number.isInteger(hosts) || hosts < 1 || hosts > 1_000_000) throw usageError('is no number of hosts', { field: '--hosts', next: 'give 1 or more' });
    return { file: whitelistOf(raw), passThrough: flag(raw, 'passThrough'), hosts, source: sourceOf(raw) };
  },
  async run({ file, passThrough, hosts, source }, ports) {
    const whitelist = await loadWhitelist(ports, file, { passThrough });
    if ('problem' in whitelist.judge) throw failure(`${file} can't be judged: ${whitelist.judge.problem}`, { field: file, next: 'see "collectd whitelist lint"' });
    const names = await namesOf(ports, source);
    try {
      const seen = previewOf(whitelist, names);
      return { result: { file, hosts, ...seen, cost: costOf(seen.published.length, hosts), price: { source: PRICE.source, asOf: PRICE.asOf }, blockedOnly: source.socket === undefined } };
    } catch (error) {
      if (error instanceof BeyondUs) throw failure(`${file} can't be judged: it has ${error.message}`, { field: file, next: 'simplify the pattern: the plugin would hang on it too' });
      throw error;
    }
  },
  human: ({ file, hosts, published, blocked, byLine, cost, price, blockedOnly }, style) =>
    [
      ...published.map((name) => style.good(name)),
      ...(published.length === 0 ? [] : ['']),
      style.table(['line', 'metrics', 'pattern'], byLine.map(({ number, text: line, metrics }) => [String(number), metrics === 0 ? style.warn('0') : String(metrics), line])),
      '',
      `${file}: ${count(published.length, 'metric')} published, ${blocked.length} blocked${blockedOnly ? ' (of those that are blocked now)' : ''}`,
      `$${cost.usdPerMonth.toFixed(2)} a month for ${count(hosts, 'host')}: ${count(cost.metrics, 'metric')} $${cost.metricsUsd.toFixed(2)}, requests $${cost.requestsUsd.toFixed(2)}`,
      style.dim(`by ${price.source}, ${price.asOf}`),
    ].join('\n'),
});
