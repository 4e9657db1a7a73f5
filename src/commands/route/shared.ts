import { FLAG, flag, list, text, type Flag, type Outcome, type Raw, type Style } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { parseCidr } from '../../lib/domain/cidr.ts';
import { REGION } from '../../lib/domain/partition.ts';
import { move } from '../../lib/routes/move.ts';
import type { ChooseLink } from '../../lib/routes/plan.ts';
import type { MoveReport, StepReport } from '../../lib/routes/report.ts';
import type { Opened, Selection } from '../../lib/routes/select.ts';
import type { RouteView } from '../../lib/routes/view.ts';
import { canConsent, consent } from '../consent.ts';

export const SELECT_FLAGS: readonly Flag[] = [
  FLAG.site,
  { flags: '--table <table...>', summary: 'only these route tables, by name or id (default: all of the site file)' },
  { flags: '--destination <network...>', summary: "only these networks or prefix lists (default: the table's own)" },
  FLAG.region,
  FLAG.profile,
];

export const parseSelection = (raw: Raw): Selection => {
  const region = text(raw, 'region');
  if (region !== undefined && !REGION.test(region))
    throw usageError(`"${region.slice(0, 40)}" is not a region`, {
      field: '--region',
      next: 'write it like cn-north-1',
    });
  const destinations = list(raw, 'destination');
  for (const destination of destinations) {
    const parsed = /^pl-[0-9a-f]{8,17}$/.test(destination) ? undefined : parseCidr(destination);
    if (typeof parsed === 'string')
      throw usageError(`${destination.slice(0, 40)} ${parsed}`, { field: '--destination' });
  }
  return {
    site: text(raw, 'site') ?? FLAG.site.default,
    tables: list(raw, 'table'),
    destinations,
    region,
    profile: text(raw, 'profile'),
  };
};

export const MOVE_FLAGS: readonly Flag[] = [...SELECT_FLAGS, FLAG.dryRun, FLAG.yes, FLAG.detailedExitcode];

export interface MoveCommandOptions extends Selection {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly detailedExitcode: boolean;
}

/** Off a terminal nobody can say yes, so --yes or --dry-run must be on the line. */
export const parseMove = (raw: Raw, ports: Ports): MoveCommandOptions => {
  const options = {
    ...parseSelection(raw),
    to: text(raw, 'to'),
    dryRun: flag(raw, 'dryRun'),
    yes: flag(raw, 'yes'),
    detailedExitcode: flag(raw, 'detailedExitcode'),
  };
  if (!options.dryRun) canConsent(ports, options);
  return options;
};

/** The end of every command that moves: only the choice differs. */
export const runMove = (
  opened: Opened,
  choose: ChooseLink,
  options: MoveCommandOptions,
  ports: Ports,
): Promise<Outcome<MoveReport>> =>
  move(opened, choose, { ...options, confirm: (question) => consent(ports, options, question) }, ports);

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

export const moveText = ({ routes, dryRun, region }: MoveReport, style: Style): string => {
  if (routes.every(({ status }) => status === 'unchanged'))
    return `nothing to do: ${routes.map(({ name, destination, to }) => `${name} ${destination} is on ${to.link}`).join('; ')}`;
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
  ].join('\n');
};
