import type { Outcome, Style } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { usageError } from '../../lib/core/errors.ts';
import { flag, saying, toggle } from '../../lib/core/flags.ts';
import { duration, path } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { address } from '../../lib/domain/kinds.ts';
import type { Leg, RouteDrillReport } from '../../lib/drill/real/report.ts';
import type { Returned } from '../../lib/drill/real/recover.ts';
import { strandedText } from '../../lib/drill/real/return.ts';
import { runRouteDrill } from '../../lib/drill/real/run.ts';
import { consent } from '../consent.ts';
import { FLAG } from '../flags.ts';
import { askable, TABLES, TO, withTable } from '../route/shared.ts';

const ms = (value: number | null): string => (value === null ? '-' : `${Math.round(value)} ms`);
const leg = (one: Leg | null, style: Style): string =>
  one === null
    ? '-'
    : one.status === 'moved'
      ? style.good(`${ms(one.apiMs)} + ${ms(one.verifyMs)}`)
      : style.bad(one.status);

const ENDS = {
  planned: 'nothing was changed',
  stayed: 'stayed its time',
  silent: 'the stream fell silent',
  interrupted: 'interrupted',
  failed: 'a write failed',
} as const;

const reportText = (
  { routes, gapMs, stream, problems, notes, ended, passed, next, region, intervalMs }: RouteDrillReport,
  style: Style,
): string => {
  const rows = routes.map(({ name, destination, from, to, out, back }) => [
    name,
    destination,
    from,
    to,
    leg(out, style),
    leg(back, style),
  ]);
  const gaps =
    ended === 'planned'
      ? []
      : [
          `gap there ${ms(gapMs.out)}, while away ${ms(gapMs.away)}, back ${ms(gapMs.back)}; ${stream.lost} of ${stream.replies + stream.lost} packets lost, one every ${intervalMs} ms`,
        ];
  return [
    style.table(['table', 'destination', 'from', 'to', 'out: api + seen', 'back: api + seen'], rows),
    ...notes.map((note) => style.dim(`note: ${note}`)),
    ...gaps,
    ...problems.map((problem) => style.bad(problem)),
    `${ended === 'planned' ? 'would move' : passed ? style.good('passed') : style.bad('FAILED')}: ${ENDS[ended]}, ${region}`,
    ...(next === null ? [] : [`next: run "${next}"`]),
  ].join('\n');
};

const returnedText = ({ began, dryRun, routes, stranded, troubles, next }: Returned, style: Style): string => {
  if (began === null) return 'nothing to return: no drill has left anything';
  const back = routes.filter(
    (route) => !stranded.some(({ name, destination }) => name === route.name && destination === route.destination),
  );
  return [
    ...back.map(
      ({ name, destination, home }) => `${name} ${destination} ${dryRun ? 'would go back to' : 'is back on'} ${home}`,
    ),
    ...[...troubles, ...stranded.map(strandedText)].map((line) => style.bad(line)),
    ...(next === null ? [] : [`next: run "${next}"`]),
  ].join('\n');
};

export const route = defineCommand({
  path: 'drill route',
  summary: 'move real routes to their standby link and back, and measure the gap',
  details:
    'To be run on a host whose subnet follows the route table. Probes the standby link first and refuses one that does not carry; sends a ping to --target every --interval; moves the table as "route failover" does, ' +
    'reads it back, stays, and returns it to exactly what it was. It goes back at once on Ctrl-C, when a write fails, or when the stream is silent for --max-gap. ' +
    'A "route monitor" on this machine is pinned along for the time; one elsewhere knows nothing of it and may bring the routes back early. ' +
    'Were it killed in the middle, --return (or the next drill) puts back what it left. Exit 5 when a route could not be returned: it says where each stands and the command that puts it back.',
  flags: {
    site: FLAG.site,
    table: saying(TABLES, 'route table that this host follows, by name or id'),
    to: saying(TO, 'drill this link in place of the next one'),
    target: flag(address(), 'on-prem address that the stream goes to; it has to answer pings'),
    interval: flag(duration({ from: '5ms', to: '1s', bare: 'ms' }), 'between two packets of the stream', {
      default: '10ms',
    }),
    stay: flag(duration({ from: '1s', to: '1h' }), 'how long the routes stay moved', { default: '30s' }),
    maxGap: flag(
      duration({ from: '200ms', to: '60s', bare: 'ms' }),
      'silence of the stream after which the routes return at once',
      { default: '3s' },
    ),
    return: toggle('only put back what a killed drill has left'),
    report: flag(path(), 'also write a self-contained HTML page with a timeline'),
    region: FLAG.region,
    profile: FLAG.profile,
    stateDir: FLAG.stateDir,
    dryRun: saying(FLAG.dryRun, 'read, probe and say the plan; change nothing'),
    yes: FLAG.yes,
  },
  examples: [
    {
      line: 'sudo hybridctl drill route --table private-1 --target 10.10.3.100 --dry-run',
      why: 'what would move, and whether the standby carries',
    },
    {
      line: 'sudo hybridctl drill route --table private-1 --target 10.10.3.100 --stay 60s --yes --report drill.html',
      why: 'a minute on the standby, with a page to keep',
    },
    { line: 'sudo hybridctl drill route --return --yes', why: 'after a drill that was killed' },
  ],
  refine(options, ports) {
    const { return: giveBack, table, target, interval: intervalMs, stay: stayMs, maxGap: maxGapMs } = options;
    if (!giveBack && table.length === 0)
      throw usageError('which route table?', {
        field: '--table',
        next: 'name the one that this host follows: what moves unwatched is not brought back when it fails',
      });
    if (!giveBack && target === undefined)
      throw usageError('where to?', { field: '--target', next: 'name an on-prem address that answers pings' });
    return askable(
      { ...options, destination: [], target: target ?? '', intervalMs, stayMs, maxGapMs, giveBack },
      ports,
    );
  },
  run: (options, ports): Promise<Outcome<RouteDrillReport | Returned>> =>
    runRouteDrill({ ...options, confirm: (question) => consent(ports, options, question) }, ports),
  json: jsonShape(1, async () => (await import('./json.ts')).drillRoute),
  data(result) {
    const stranded = result.stranded.map(({ at, ...one }) => ({ ...one, link: at }));
    if (!('ended' in result)) return { ...result, stranded };
    const { story, ...report } = result;
    return { ...report, stranded, routes: report.routes.map(withTable), timeline: story };
  },
  human: (result, style) => ('ended' in result ? reportText(result, style) : returnedText(result, style)),
});
