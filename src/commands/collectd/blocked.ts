import { defineCommand } from '../../lib/core/define.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { suggest } from '../../lib/domain/collectd/metrics.ts';
import { costOf, priceListOf } from '../../lib/domain/collectd/price.ts';
import { namesOf } from '../../lib/procedures/collectd/names.ts';
import { count, money, ONE_SOURCE, PRICE_REGION, SOURCE } from './shared.ts';

export const blocked = defineCommand({
  path: 'collectd blocked',
  summary: 'list blocked metrics, and the whitelist lines that would publish them',
  details:
    'Sets first, by name; then a line for what is left of each plugin. Each with the metrics it stands for and their cost a month on one host. With --socket: of all that collectd reads, published or not.',
  flags: { ...SOURCE, ...PRICE_REGION },
  conflicts: ONE_SOURCE,
  examples: [
    { line: 'hybridctl collectd blocked', why: "this host's blocked_metrics" },
    { line: 'hybridctl collectd blocked --host admin@203.0.113.11', why: "another host's" },
  ],
  async run({ region, ...source }, ports) {
    const price = priceListOf(region);
    const names = await namesOf(ports, source);
    return {
      result: {
        metrics: names.length,
        suggestions: suggest(names).map((one) => ({
          ...one,
          perMonth: costOf(price, one.metrics.length, 1).forMetrics,
        })),
        price,
      },
    };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).collectdBlocked),
  data: (result) => result,
  human: ({ metrics, suggestions, price }, style) =>
    [
      style.table(
        ['add', 'metrics', 'a month', 'what', 'such as'],
        suggestions.map(({ add, what, metrics: names, perMonth }) => [
          style.good(add),
          String(names.length),
          money(price.currency, perMonth),
          what,
          names[0]!,
        ]),
      ),
      '',
      `${count(metrics, 'metric')}; add with: hybridctl collectd whitelist add ${suggestions[0]?.add ?? 'SET'}`,
    ].join('\n'),
});
