import { failure } from '../core/errors.ts';
import { unlessInterrupted } from '../core/interrupt.ts';
import type { RouteTable } from '../core/ports.ts';
import {
  effectiveRoute,
  isMasked,
  isTargetOf,
  linkOf,
  nextLink,
  planMove,
  sharesTarget,
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

/** As `carriedBy`, by what was there before hybridctl: a static route that only hides a propagated one goes too. */
export const restoredTo = (managed: Managed, to: LinkTarget, links: readonly LinkTarget[]): Goal => {
  const goal = carriedBy(managed, to, links);
  const masked = (table: RouteTable): boolean => isMasked(table, managed.destination, to);
  return {
    choose(table) {
      const change = goal.choose(table);
      return change.kind === 'none' && masked(table) ? { kind: 'delete' } : change;
    },
    reached: (table) => goal.reached(table) && !masked(table),
  };
};

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

/** Why there is no link for a route, and what to do. */
export interface NoLink {
  readonly why: string;
  readonly next: string;
}

/** Chooses the link for a route as it stands, or says why there is none. */
export type ChooseLink = (managed: Managed, table: RouteTable) => LinkTarget | NoLink;

/** Each to the next link of its own table's order. */
export const toNextLink =
  (links: readonly LinkTarget[]): ChooseLink =>
  ({ entry, destination }, table) => {
    const route = effectiveRoute(table, destination);
    const current = route === undefined ? undefined : linkOf(route.target, entry.links, links);
    return (
      nextLink(current, entry.links, links) ?? {
        why: `already on the last standby link (${current?.name ?? entry.links[0]})`,
        next: 'name a link with --to',
      }
    );
  };

/** Each off its preferred link, to the next one; what is on a standby link that is there stays on it. */
export const offPreferred =
  (links: readonly LinkTarget[]): ChooseLink =>
  (managed, table) => {
    const { entry, destination } = managed;
    const route = effectiveRoute(table, destination);
    const current = route === undefined ? undefined : linkOf(route.target, entry.links, links);
    const preferred = links.find(({ name }) => name === entry.links[0]);
    const away = current !== undefined && preferred !== undefined && !sharesTarget(current, preferred);
    if (!away || !entry.links.includes(current.name)) return toNextLink(links)(managed, table);
    return route?.state === 'blackhole'
      ? {
          why: `is on standby link ${current.name}, which is a blackhole: its target does not run`,
          next: 'go on to the next link with --next, or name one with --to',
        }
      : current;
  };

/**
 * One refusal refuses all: a half-moved site is worse than an unmoved one, and --table narrows it down.
 * @param tables every table of `managed`, as just read.
 */
export const planSteps = (
  { managed, links }: Pick<Opened, 'managed' | 'links'>,
  tables: readonly RouteTable[],
  choose: ChooseLink,
  goalOf: typeof carriedBy,
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
    if ('why' in to) return refuse(to.why, to.next);
    const goal = goalOf(one, to, links);
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
  goalOf: typeof carriedBy = carriedBy,
): Promise<readonly RouteStep[]> => {
  const ids = [...new Set(opened.managed.map(({ entry }) => entry.id))];
  return planSteps(opened, await unlessInterrupted(signal, opened.tables.read(ids)), choose, goalOf);
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
