import { FLAG, defineCommand, flag, text, type Raw, type Style } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { addressNumber } from '../../lib/domain/cidr.ts';
import type { Leg, RouteDrillReport } from '../../lib/drill/real/report.ts';
import type { RouteDrillOptions } from '../../lib/drill/real/context.ts';
import type { Returned } from '../../lib/drill/real/recover.ts';
import { strandedText } from '../../lib/drill/real/return.ts';
import { runRouteDrill } from '../../lib/drill/real/run.ts';
import { STATE_FLAG, TABLE_FLAG } from '../route/pin.ts';
import { canConsent, consent } from '../consent.ts';
import { parseSelection } from '../route/shared.ts';

const within = (
  raw: Raw,
  name: string,
  spelled: string,
  [low, high]: readonly [number, number],
  unit: string,
): number => {
  const given = text(raw, name) ?? '';
  const value = /^\d{1,6}$/.test(given) ? Number(given) : Number.NaN;
  if (!(value >= low && value <= high))
    throw usageError(`is not a whole number of ${unit} from ${low} to ${high}`, { field: spelled });
  return value;
};

const parse = (raw: Raw, ports: Ports): RouteDrillOptions => {
  const [giveBack, dryRun, yes] = [flag(raw, 'return'), flag(raw, 'dryRun'), flag(raw, 'yes')];
  const selection = { ...parseSelection(raw), to: text(raw, 'to') };
  const target = text(raw, 'target');
  if (!giveBack && selection.tables.length === 0)
    throw usageError('which route table?', {
      field: '--table',
      next: 'name the one that this host follows: what moves unwatched is not brought back when it fails',
    });
  if (!giveBack && (target === undefined || addressNumber(target) === undefined))
    throw usageError(target === undefined ? 'where to?' : `"${target.slice(0, 40)}" is not an IPv4 address`, {
      field: '--target',
      next: 'name an on-prem address that answers pings',
    });
  if (!dryRun) canConsent(ports, { yes });
  return {
    ...selection,
    target: target ?? '',
    intervalMs: within(raw, 'interval', '--interval', [5, 1_000], 'ms'),
    stayMs: 1_000 * within(raw, 'stay', '--stay', [1, 3_600], 'seconds'),
    maxGapMs: within(raw, 'maxGap', '--max-gap', [200, 60_000], 'ms'),
    report: text(raw, 'report'),
    stateDir: text(raw, 'stateDir') ?? STATE_FLAG.default,
    giveBack,
    dryRun,
    confirm: (question) => consent(ports, { yes }, question),
  };
};

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

export const route = defineCommand<RouteDrillOptions, RouteDrillReport | Returned>({
  path: 'drill route',
  summary: 'move real routes to their standby link and back, and measure the gap',
  details:
    'To be run on a host whose subnet follows the route table. Probes the standby link first and refuses one that does not carry; sends a ping to --target every --interval; moves the table as "route failover" does, ' +
    'reads it back, stays, and returns it to exactly what it was. It goes back at once on Ctrl-C, when a write fails, or when the stream is silent for --max-gap. ' +
    'A "route monitor" on this machine is pinned along for the time; one elsewhere knows nothing of it and may bring the routes back early. ' +
    'Were it killed in the middle, --return (or the next drill) puts back what it left. Exit 5 when a route could not be returned: it says where each stands and the command that puts it back.',
  flags: [
    FLAG.site,
    TABLE_FLAG,
    { flags: '--to <link>', summary: 'drill this link in place of the next one' },
    { flags: '--target <address>', summary: 'on-prem address that the stream goes to; it has to answer pings' },
    { flags: '--interval <ms>', summary: 'between two packets of the stream', default: '10' },
    { flags: '--stay <seconds>', summary: 'how long the routes stay moved', default: '30' },
    {
      flags: '--max-gap <ms>',
      summary: 'silence of the stream after which the routes return at once',
      default: '3000',
    },
    { flags: '--return', summary: 'only put back what a killed drill has left' },
    { flags: '--report <file>', summary: 'also write a self-contained HTML page with a timeline' },
    FLAG.region,
    FLAG.profile,
    STATE_FLAG,
    { ...FLAG.dryRun, summary: 'read, probe and say the plan; change nothing' },
    FLAG.yes,
  ],
  examples: [
    {
      line: 'sudo hybridctl drill route --table private-1 --target 10.10.3.100 --dry-run',
      why: 'what would move, and whether the standby carries',
    },
    {
      line: 'sudo hybridctl drill route --table private-1 --target 10.10.3.100 --stay 60 --yes --report drill.html',
      why: 'a minute on the standby, with a page to keep',
    },
    { line: 'sudo hybridctl drill route --return --yes', why: 'after a drill that was killed' },
  ],
  parse,
  run: runRouteDrill,
  human: (result, style) => ('ended' in result ? reportText(result, style) : returnedText(result, style)),
});
