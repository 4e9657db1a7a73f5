import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { usageError } from '../../lib/core/errors.ts';
import { flag } from '../../lib/core/flags.ts';
import { moment, path, text } from '../../lib/core/flags/kinds.ts';
import { eventLogPath, readEventLog } from '../../lib/monitor/event-log.ts';
import { historyOf, type History } from '../../lib/monitor/history.ts';
import { absolute, loadSite } from '../../lib/site/file.ts';
import { FLAG } from '../flags.ts';

interface Report extends History {
  readonly log: string;
}

const ms = (value: number | null): string =>
  value === null ? '-' : value < 1_000 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(1)} s`;
const when = (at: string): string => at.replace('T', ' ').replace('Z', '');

export const history = defineCommand({
  path: 'route history',
  summary: 'incidents of the past: what moved, why, and how long each part took',
  details:
    'Reads the event log of "route monitor", rotated files too, and puts together what belongs to one incident. detect is the time from the last good reply to the verdict, ' +
    "api the cloud's answer, verify the time until the change was read back. Lines that are damaged are counted and passed over. " +
    'The log is JSON lines with the names of the Elastic Common Schema, for jq, Filebeat or logstash (a file input with codec json); it turns at 16 MiB and keeps five, and logrotate may rename or cut it too. Changes nothing.',
  flags: {
    site: FLAG.site,
    stateDir: FLAG.stateDir,
    log: flag(path(), "event log (default: the site's own); no site file is read", { env: 'HYBRIDCTL_EVENT_LOG' }),
    since: flag(moment(), 'only incidents that were not over by then'),
    link: flag(text({ placeholder: 'name', like: 'dx-1' }), 'only incidents that touch this link'),
    table: flag(
      text({ placeholder: 'id', like: 'rtb-0468f52220000000a' }),
      'only incidents that moved a route of this table',
    ),
    incident: flag(text({ placeholder: 'id', like: 'dx-1-3' }), 'one incident, with every step'),
  },
  examples: [
    { line: 'hybridctl route history --since 7d', why: 'the last week' },
    { line: 'hybridctl route history --link dx-1 --json', why: "a link's incidents, as data" },
    {
      line: 'hybridctl route history --log /var/log/hybridctl/events.ndjson --since 2026-01-31',
      why: 'another log, from a day on',
    },
  ],

  async run({ site, stateDir, log, ...selection }, ports): Promise<Outcome<Report>> {
    const file =
      log === undefined
        ? eventLogPath(await loadSite(ports, site), absolute(ports.cwd, stateDir))
        : absolute(ports.cwd, log);
    const texts = await readEventLog(ports.files, file);
    if (texts.length === 0)
      throw usageError('no such file', {
        field: log ?? file,
        next: 'run "hybridctl route monitor" first, or name its event log with --log',
      });
    const report = historyOf(texts, selection);
    if (report.damaged > 0)
      ports.progress(`warning: ${report.damaged} of ${report.lines} lines are damaged and were passed over`);
    return { result: { log: file, ...report } };
  },

  human({ incidents, log }, style) {
    if (incidents.length === 0) return `no such incident in ${log}`;
    const blocks = incidents.map(({ incident, began, links, moves, steps }) => {
      const rows = moves.map((move) => [
        when(move.at),
        move.table,
        move.destination,
        `${move.from} -> ${move.to}`,
        move.outcome === 'done' ? style.good(move.outcome) : style.bad(move.outcome),
        ms(move.detectMs),
        ms(move.apiMs),
        ms(move.verifyMs),
      ]);
      return [
        `${[style.bold(incident), when(began), links.join(', ')].join('  ').trimEnd()}`,
        ...(rows.length === 0
          ? []
          : [style.table(['at (UTC)', 'table', 'destination', 'move', 'outcome', 'detect', 'api', 'verify'], rows)]),
        ...steps.map(({ at, what }) => style.dim(`${when(at)}  ${what}`)),
      ].join('\n');
    });
    return blocks.join('\n\n');
  },
});
