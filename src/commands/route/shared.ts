import type { Outcome, Style } from '../../lib/core/command.ts';
import { flag } from '../../lib/core/flags.ts';
import { text } from '../../lib/core/flags/kinds.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { destination } from '../../lib/domain/kinds.ts';
import { move } from '../../lib/routes/move.ts';
import type { ChooseLink } from '../../lib/routes/plan.ts';
import type { MoveReport, StepReport } from '../../lib/routes/report.ts';
import type { Opened, Selection } from '../../lib/routes/select.ts';
import type { RouteView } from '../../lib/routes/view.ts';
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
  dryRun: FLAG.dryRun,
  yes: FLAG.yes,
  detailedExitcode: FLAG.detailedExitcode,
} as const;

export interface MoveCommandOptions extends Selection {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly detailedExitcode: boolean;
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
