// Which of 10,000 metrics a whitelist of all sets, 50 patterns and 50 whole names publishes. Limit: 100 ms, in a fresh
// process.
import { performance } from 'node:perf_hooks';
import { preview } from '../src/lib/domain/collectd/metrics.ts';
import { costOf, priceListOf } from '../src/lib/domain/collectd/price.ts';
import { SETS } from '../src/lib/domain/collectd/sets.ts';
import { readWhitelist } from '../src/lib/domain/collectd/whitelist.ts';

const METRICS = 10_000;
const LIMIT_MS = 100;

const SHAPES = [
  'cpu-%-cpu-user',
  'interface-eth%-if_octets-rx',
  'df-data%-df_complex-free',
  'disk-sd%-disk_ops-read',
  'tcpconns-%-local-tcp_connections-ESTABLISHED',
  'curl_json-app%-gauge-queue',
  'statsd--latency-api%',
  'ping--ping-10.0.0.%',
  'mysql-db%-mysql_commands-select',
  'processes-worker%-ps_rss-',
];
const metrics = Array.from({ length: METRICS }, (_, index) =>
  SHAPES[index % SHAPES.length]!.replace('%', String(Math.floor(index / SHAPES.length))),
);
const fifty = (line: (index: number) => string): readonly string[] =>
  Array.from({ length: 50 }, (_, index) => line(index));
const text = [
  ...SETS.flatMap(({ lines }) => lines),
  ...fifty((index) => `curl_json-app${index}-(?:gauge|counter)-.*`),
  ...fifty((index) => `statsd--latency-api${index}`),
].join('\n');
/** The hard case: fifty patterns that a name keeps alive together until its last word. */
const hard = fifty((index) => `(?:curl_json|statsd)-.*-(?:gauge|latency)-(?:queue|api${index}.*)`).join('\n');

const round = (whitelist: string): { ms: number; published: number } => {
  const start = performance.now();
  const { published } = preview(readWhitelist(whitelist), metrics);
  costOf(priceListOf('us-east-1'), published.length, 1);
  return { ms: performance.now() - start, published: published.length };
};

// The first round counts: a person who looks does it in a fresh process.
const first = round(text);
const warm = Math.min(...Array.from({ length: 5 }, () => round(text).ms));
console.log(
  `Previewing ${METRICS} metrics, ${text.split('\n').length} lines: ${first.published} published, in ${first.ms.toFixed(0)} ms (warm: ${warm.toFixed(0)} ms; 50 patterns that overlap, warm: ${round(hard).ms.toFixed(0)} ms); limit ${LIMIT_MS} ms, ratio ${(first.ms / LIMIT_MS).toFixed(2)}`,
);
if (first.ms > LIMIT_MS) process.exitCode = 1;
