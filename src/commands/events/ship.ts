import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { EXIT, usageError } from '../../lib/core/errors.ts';
import { flag, saying, toggle } from '../../lib/core/flags.ts';
import { path } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { shipLines, type Shipped } from '../../lib/monitor/ship.ts';
import { renderLogstash } from '../../lib/render/events/logstash.ts';
import { indexOf, logPaths, logTexts, siteFor } from '../../lib/monitor/log-source.ts';
import { absolute } from '../../lib/site/file.ts';
import { LOG, logSourceOf } from './shared.ts';

interface Result {
  readonly to: string;
  /** null: it was rendered, not shipped. */
  readonly shipped: Shipped | null;
  /** Text of logstash.conf; null: it was shipped. */
  readonly logstash: string | null;
  readonly written: string | null;
}

export const ship = defineCommand({
  path: 'events ship',
  summary: 'send the event log to Elasticsearch or OpenSearch, or render the logstash.conf that does',
  details:
    'Sends every event of the log, rotated files too, in bulk requests; what the index does not take for now is sent again, and what it refuses for good is counted. An event has one id whoever sends it, ' +
    "so running it again, or beside the monitor's own records (monitor.records.elasticsearch), leaves each there once. Logstash gives ids of its own: use it in place of these, not beside them. " +
    "With --logstash nothing is sent: the configuration of the field document is printed, or written with --output; an API key comes from Logstash's keystore. Exit 5 where some were not taken.",
  flags: {
    ...LOG,
    elasticsearch: saying(LOG.elasticsearch, "where to: the site file's index, or the one at this address"),
    logstash: toggle('render logstash.conf, send nothing'),
    output: flag(path(), 'with --logstash: write it there'),
  },
  requires: { output: ['logstash'] },
  examples: [
    { line: 'hybridctl events ship', why: "to the site file's index" },
    {
      line: 'hybridctl events ship --log /var/log/hybridctl/events.ndjson --elasticsearch http://search.example.com:9200 --index dci',
      why: 'a log that was copied here',
    },
    {
      line: 'sudo hybridctl events ship --logstash --elasticsearch http://search.example.com:9200 --output /etc/logstash/conf.d/logstash.conf',
      why: 'as in the field document, by Logstash',
    },
  ],
  refine({ logstash, output, ...source }) {
    const place = logSourceOf(source);
    if (logstash && place.logs.length > 1) throw usageError('one log for one logstash.conf', { field: '--log' });
    return { place, logstash, output };
  },
  async run({ place, logstash, output }, ports): Promise<Outcome<Result>> {
    const loaded = await siteFor(ports, place, false);
    const index = await indexOf(ports, place, loaded);
    const to = `${index.url}/${index.index}`;
    const paths = logPaths(ports, place, loaded);
    if (logstash) {
      const content = renderLogstash({
        site: loaded?.site.site ?? 'this site',
        path: paths[0] ?? '',
        url: index.url,
        index: index.index,
        keyed: index.keyed,
      });
      const target = output === undefined ? undefined : absolute(ports.cwd, output);
      if (target !== undefined) await ports.files.write([{ path: target, content, mode: 0o644 }]);
      return { result: { to, shipped: null, logstash: content, written: target ?? null } };
    }
    const texts = await logTexts(ports, paths);
    const shipped = await shipLines(await index.open(), texts, {
      clock: ports.clock,
      signal: ports.signal,
      progress: ports.progress,
    });
    if (shipped.damaged > 0)
      ports.progress(`warning: ${shipped.damaged} of ${shipped.lines} lines are damaged and were not sent`);
    const result = { to, shipped, logstash: null, written: null };
    if (ports.signal.aborted) return { result, exit: EXIT.interrupted };
    const lacking = shipped.left + shipped.refused;
    return { result, exit: lacking === 0 ? EXIT.ok : shipped.kept > 0 ? EXIT.partly : EXIT.failed };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).eventsShip),
  data: (result) => result,
  human({ to, shipped, logstash, written }, style) {
    if (shipped === null) return written === null ? logstash! : style.good(`${written} is written`);
    const { kept, refused, left } = shipped;
    return [
      style.good(`${kept} events are at ${to}`),
      ...(refused === 0 ? [] : [style.bad(`${refused} were refused for good`)]),
      ...(left === 0 ? [] : [style.bad(`${left} were not taken: run it again`)]),
    ].join('\n');
  },
});
