import { FLAG, flag, text, type Flag, type Raw, type Style } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import type { MoveOptions, MoveReport, StepReport } from './move.ts';
import { parseSelection, SELECT_FLAGS, type Selection } from './select.ts';
import { routeText } from './view.ts';

export const MOVE_FLAGS: readonly Flag[] = [...SELECT_FLAGS, FLAG.dryRun, FLAG.yes, FLAG.detailedExitcode];

export interface MoveCommandOptions extends Selection, MoveOptions {}

/** Off a terminal nobody can say yes, so --yes or --dry-run must be on the line. */
export const parseMove = (raw: Raw, ports: Ports): MoveCommandOptions => {
  const options = {
    ...parseSelection(raw),
    to: text(raw, 'to'),
    dryRun: flag(raw, 'dryRun'),
    yes: flag(raw, 'yes'),
    detailedExitcode: flag(raw, 'detailedExitcode'),
  };
  if (!options.dryRun && !options.yes && ports.ask === undefined)
    throw usageError('this moves routes, and nobody is at the terminal to confirm it', {
      field: '--yes',
      next: 'give --yes, or --dry-run to see the plan',
    });
  return options;
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
