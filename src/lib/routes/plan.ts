import { failure } from '../core/errors.ts';
import { unlessInterrupted } from '../core/interrupt.ts';
import type { RouteTable } from '../core/ports.ts';
import {
  effectiveRoute,
  isTargetOf,
  linkOf,
  nextLink,
  planMove,
  type Change,
  type LinkTarget,
} from '../domain/routes.ts';
import type { Managed, Opened } from './select.ts';
import { following } from './view.ts';

/** What a step is to come to. Both read a table as EC2 has just shown it. */
export interface Goal {
  /** The write that leads there; none where it is there. */
  choose(table: RouteTable): Change;
  reached(table: RouteTable): boolean;
}

/** The link carries the destination. */
export const carriedBy = ({ entry, destination }: Managed, to: LinkTarget, links: readonly LinkTarget[]): Goal => ({
  choose: (table) => planMove({ table, destination, to, mode: entry.mode, order: entry.links, links }),
  reached(table) {
    const route = effectiveRoute(table, destination);
    return route !== undefined && route.state === 'active' && isTargetOf(route.target, to);
  },
});

/** One destination of one table on its way to a link. */
export interface RouteStep extends Managed {
  readonly to: LinkTarget;
  readonly goal: Goal;
  readonly change: Change;
  readonly before: RouteTable;
}

/** Chooses the link for a route as it stands, or says in a sentence why there is none. */
export type ChooseLink = (managed: Managed, table: RouteTable) => LinkTarget | string;

/** Each to the next link of its own table's order. */
export const toNextLink =
  (links: readonly LinkTarget[]): ChooseLink =>
  ({ entry, destination }, table) => {
    const route = effectiveRoute(table, destination);
    const current = route === undefined ? undefined : linkOf(route.target, entry.links, links);
    return (
      nextLink(current, entry.links, links) ??
      `${current?.name ?? entry.links[0]} is the last of its links with a target of its own`
    );
  };

/**
 * One refusal refuses all: a half-moved site is worse than an unmoved one, and --table narrows it down.
 * @param tables every table of `managed`, as just read.
 */
export const planSteps = (
  { managed, links }: Pick<Opened, 'managed' | 'links'>,
  tables: readonly RouteTable[],
  choose: ChooseLink,
): readonly RouteStep[] => {
  const refusals: { where: string; why: string; next: string }[] = [];
  const steps = managed.flatMap((one): readonly RouteStep[] => {
    const { entry, destination } = one;
    const before = tables.find(({ id }) => id === entry.id)!;
    const to = choose(one, before);
    const refuse = (why: string, next: string): readonly RouteStep[] => {
      refusals.push({ where: `${entry.name} ${destination}`, why, next });
      return [];
    };
    if (typeof to === 'string') return refuse(to, 'name a link with --to');
    const goal = carriedBy(one, to, links);
    const change = goal.choose(before);
    return change.kind === 'refuse' ? refuse(change.why, change.next) : [{ ...one, to, goal, change, before }];
  });
  const [first, ...others] = refusals;
  if (first !== undefined)
    throw failure(`${first.why}; nothing was changed`, {
      field: first.where,
      next: first.next,
      more: others.map(({ where, why }) => `${where}: ${why}`),
    });
  return steps;
};

/** Reads the tables, then plans. Ctrl-C leaves at once. */
export const readAndPlan = async (
  opened: Opened,
  choose: ChooseLink,
  signal: AbortSignal,
): Promise<readonly RouteStep[]> => {
  const ids = [...new Set(opened.managed.map(({ entry }) => entry.id))];
  return planSteps(opened, await unlessInterrupted(signal, opened.tables.read(ids)), choose);
};

const WHAT = {
  create: 'create a static route',
  replace: 'replace the static route',
  delete: 'delete the static route, the propagated one takes over',
} as const;

/** A line for each route that would move. */
export const planLines = ({ links }: Pick<Opened, 'links'>, steps: readonly RouteStep[]): readonly string[] =>
  steps.flatMap(({ entry, destination, before, to, change }) => {
    if (change.kind === 'none' || change.kind === 'refuse') return [];
    const from = following(before, { entry, destination }, links).route;
    const where = `${from?.link ?? from?.target ?? 'no route'} -> ${to.name} (${to.target?.id})`;
    return [`${entry.name} ${destination}: ${where}; ${WHAT[change.kind]}`];
  });
