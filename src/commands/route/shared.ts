import type { Outcome, Style } from '../../lib/core/command.ts';
import { flag, toggle } from '../../lib/core/flags.ts';
import { path, text } from '../../lib/core/flags/kinds.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { destination } from '../../lib/domain/kinds.ts';
import { guardByHand } from '../../lib/monitor/by-hand.ts';
import { move, type MoveOptions } from '../../lib/routes/move.ts';
import type { ChooseLink } from '../../lib/routes/plan.ts';
import type { MoveReport, StepReport } from '../../lib/routes/report.ts';
import type { Opened, Selection } from '../../lib/routes/select.ts';
import type { RouteView } from '../../lib/routes/view.ts';
import { absolute } from '../../lib/site/file.ts';
import { canConsent, consent } from '../consent.ts';
import { FLAG } from '../flags.ts';

const TABLE = text({ placeholder: 'table', like: 'private-1' });
const LINK = text({ placeholder: 'link', like: 'vpn-a' });

export const TABLES = flag(TABLE, 'only this route table, by name or id (default: all of the site file)', {
  many: true,
});
export const NAMED_TABLES = flag(TABLE, 'this route table, by name or id', { many: true, required: true });
export const DESTINATIONS = flag(destination(), "only this network or prefix list (default: the table's own)", {
  many: true,
});
export const TO = flag(LINK, 'go to this link in place of the next one');
export const NAMED_LINK = flag(LINK, 'the link', { required: true });

export const SELECT = {
  site: FLAG.site,
  table: TABLES,
  destination: DESTINATIONS,
  region: FLAG.region,
  profile: FLAG.profile,
} as const;

export const MOVE = {
  ...SELECT,
  noCheck: toggle('do not probe the link first'),
  stateDir: FLAG.stateDir,
  leaseFile: flag(path(), "the monitor's lease (default: <site>.lease.json in the state folder)"),
  dryRun: FLAG.dryRun,
  yes: FLAG.yes,
  detailedExitcode: FLAG.detailedExitcode,
} as const;

export interface MoveCommandOptions extends Selection {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly detailedExitcode: boolean;
  readonly noCheck: boolean;
  readonly stateDir: string;
  readonly leaseFile: string | undefined;
}

/** Off a terminal nobody can say yes, so --yes or --dry-run must be on the line. */
export const askable = <O extends { readonly dryRun: boolean; readonly yes: boolean }>(options: O, ports: Ports): O => {
  if (!options.dryRun) canConsent(ports, options);
  return options;
};

/** The end of every command that moves: only the choice differs. */
export const runMove = (
  opened: Opened,
  choose: ChooseLink,
  options: MoveCommandOptions,
  ports: Ports,
  more: Pick<MoveOptions, 'goalOf'> = {},
): Promise<Outcome<MoveReport>> => {
  const inDir = (file: string): string => absolute(ports.cwd, file);
  const { noCheck, stateDir, leaseFile, dryRun, detailedExitcode } = options;
  const byHand = {
    noCheck,
    stateDir: inDir(stateDir),
    leaseFile: leaseFile === undefined ? undefined : inDir(leaseFile),
  };
  return move(
    opened,
    choose,
    {
      dryRun,
      detailedExitcode,
      ...more,
      confirm: (question) => consent(ports, options, question),
      inspect: (steps, pending) => guardByHand(opened, byHand, ports, steps, pending),
    },
    ports,
  );
};

/** `dx-1`, `vpn-a BLACKHOLE`, `igw-… (unmanaged)` or `no route`. */
export const routeText = (route: RouteView | null, style: Style): string => {
  if (route === null) return style.bad('no route');
  const name = route.link ?? `${route.target} (unmanaged)`;
  return route.state === 'blackhole' ? style.bad(`${name} BLACKHOLE`) : name;
};

const VERB = { create: 'create static', replace: 'replace static', delete: 'delete static', none: '-' } as const;
const ms = (value: number | null): string => (value === null ? '-' : `${Math.round(value)} ms`);

const statusText = ({ status }: StepReport, style: Style): string =>
  status === 'moved' || status === 'unchanged' ? style.good(status) : status === 'planned' ? status : style.bad(status);

/** `already on standby link vpn-a`, or on the link that the table prefers. */
const stillText = ({ name, destination, to, standby }: StepReport): string =>
  `${name} ${destination}: already on ${standby === 'last' ? `the last standby link (${to.link})` : standby === 'one' ? `standby link ${to.link}` : to.link}`;

export const moveText = ({ routes, dryRun, region, notes }: MoveReport, style: Style): string => {
  const noted = notes.map((note) => style.dim(`note: ${note}`));
  if (routes.every(({ status }) => status === 'unchanged'))
    return [
      ...routes.map(stillText),
      `nothing changed${routes.some(({ standby }) => standby === 'one') ? '; "route failover --next" goes on to the next link' : ''}`,
      ...noted,
    ].join('\n');
  const rows = routes.map((route) => [
    route.name,
    route.destination,
    routeText(route.from, style),
    route.to.link,
    VERB[route.change],
    statusText(route, style),
    ms(route.apiMs),
    ms(route.verifyMs),
  ]);
  const troubles = routes.flatMap(({ name, destination, error }) =>
    error === null
      ? []
      : [`${name} ${destination}: ${error.message}`, ...(error.next === null ? [] : [`  next: ${error.next}`])],
  );
  const count = (status: StepReport['status']) => routes.filter((route) => route.status === status).length;
  const summary = dryRun
    ? `${count('planned')} of ${routes.length} would move; nothing was changed`
    : `${count('moved')} of ${routes.filter(({ status }) => status !== 'unchanged').length} moved and read back in ${region}`;
  return [
    style.table(['table', 'destination', 'before', 'after', 'change', 'status', 'api', 'seen'], rows),
    ...troubles,
    summary,
    ...(dryRun ? noted : []),
  ].join('\n');
};

/** A route as --json tells it: its table by id and name. */
export const withTable = <T extends { readonly table: string; readonly name: string }>({ table, ...route }: T) => ({
  ...route,
  table: { id: table, name: route.name },
});

/** A report of moved routes, likewise. */
export const moveData = ({ routes, pins, ...report }: MoveReport) => ({
  ...report,
  routes: routes.map(withTable),
  pins: pins.map(({ table, link }) => ({
    table: { id: table, name: routes.find((route) => route.table === table)?.name ?? null },
    link,
  })),
});
