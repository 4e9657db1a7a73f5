import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { usageError } from '../../lib/core/errors.ts';
import { flag } from '../../lib/core/flags.ts';
import { moment, path, text } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { eventLogPath, readEventLog } from '../../lib/monitor/event-log.ts';
import { incidentData, historyOf, otherSteps, type History } from '../../lib/monitor/history.ts';
import { tableNames } from '../../lib/monitor/names.ts';
import { absolute, loadSite } from '../../lib/site/file.ts';
import { FLAG } from '../flags.ts';

interface Report extends History {
  readonly log: string;
  /** Names of route tables by id, where a site file was read. */
  readonly names: Readonly<Record<string, string>>;
}

const ms = (value: number | null): string =>
  value === null ? '-' : value < 1_000 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(1)} s`;
const when = (at: string): string => at.replace('T', ' ').replace('Z', '');

export const history = defineCommand({
  path: 'route history',
  summary: 'show past incidents: what moved, why, and how long each part took',
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
      text({ placeholder: 'table', like: 'private-1' }),
      'only incidents that moved a route of this table, by id or (with a site file) name',
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
    const loaded = log === undefined ? await loadSite(ports, site) : undefined;
    const file = loaded === undefined ? absolute(ports.cwd, log!) : eventLogPath(loaded, absolute(ports.cwd, stateDir));
    const names = loaded === undefined ? {} : Object.fromEntries(tableNames(loaded.site));
    const texts = await readEventLog(ports.files, file);
    if (texts.length === 0)
      throw usageError('no such file', {
        field: log ?? file,
        next: 'run "hybridctl route monitor" first, or name its event log with --log',
      });
    const id = Object.entries(names).find(([, name]) => name === selection.table)?.[0];
    const report = historyOf(texts, id === undefined ? selection : { ...selection, table: id });
    if (report.damaged > 0)
      ports.progress(`warning: ${report.damaged} of ${report.lines} lines are damaged and were passed over`);
    return { result: { log: file, names, ...report } };
  },

  json: jsonShape(1, async () => (await import('./json.ts')).routeHistory),
  data: ({ incidents, names, ...result }) => ({
    ...result,
    incidents: incidents.map((incident) => incidentData(incident, (id) => names[id])),
  }),
  human({ incidents, log, names }, style) {
    if (incidents.length === 0) return `no such incident in ${log}`;
    const nameOf = (table: string): string => names[table] ?? table;
    const blocks = incidents.map((one) => {
      const { incident, began, links, moves } = one;
      const told = otherSteps(one).map(({ at, what }) => ({ at, line: style.dim(what) }));
      const moved = moves.map((move) => ({
        at: move.at,
        line:
          `${nameOf(move.table)} ${move.destination}: ${move.from} -> ${move.to} ` +
          `${move.outcome === 'done' ? style.good(move.outcome) : style.bad(move.outcome)}; detect ${ms(move.detectMs)}, api ${ms(move.apiMs)}, verify ${ms(move.verifyMs)}`,
      }));
      // In order of time: of two at the same moment the verdict, then the move it caused.
      const all = [...told, ...moved].sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
      return [
        `${[style.bold(incident), when(began), links.join(', ')].join('  ').trimEnd()}`,
        ...all.map(({ at, line }) => `  ${when(at)}  ${line}`),
      ].join('\n');
    });
    return blocks.join('\n\n');
  },
});
