import type { RouteTable } from '../../core/ports.ts';
import { effectiveRoute, isTargetOf, linkOf, planMove, type Change } from '../routes.ts';
import { nextHopGroupsOf } from './policy.ts';
import type { RouteMemory, TableView } from './state.ts';
import { FOREIGN, NO_ROUTE, type ManagedRoute, type Policy } from './types.ts';

/** What a table says of one managed route, and the write that would bring it to each next-hop group. */
export interface Shown {
  /** Name of a next-hop group, NO_ROUTE or FOREIGN. */
  readonly position: string;
  /** In the order of the groups of the route. */
  readonly changes: readonly Change[];
}

const memo = new WeakMap<RouteTable, Map<ManagedRoute, Shown>>();

/** A table is judged once a read, not once a decision: the answer follows from the table and the route alone. */
export const shownIn = (table: RouteTable, route: ManagedRoute, policy: Policy): Shown => {
  let known = memo.get(table);
  if (known === undefined) memo.set(table, (known = new Map()));
  let shown = known.get(route);
  if (shown === undefined) known.set(route, (shown = judge(table, route, policy)));
  return shown;
};

const judge = (table: RouteTable, route: ManagedRoute, policy: Policy): Shown => {
  const { links } = policy;
  const { destination, mode, order } = route;
  const groups = nextHopGroupsOf(policy).get(route.key)!;
  const changes = groups.map((group) => planMove({ table, destination, to: group.links[0]!, mode, order, links }));
  const own = table.routes.find((one) => one.origin === 'static' && one.destination === destination);
  if (own !== undefined && linkOf(own.target, order, links) === undefined) return { position: FOREIGN, changes };
  const carrying = effectiveRoute(table, destination);
  const group =
    carrying === undefined
      ? undefined
      : groups.find((one) => one.links.some((link) => isTargetOf(carrying.target, link)));
  return { position: group?.name ?? NO_ROUTE, changes };
};

export interface PositionReading {
  /** Believed to be there; undefined: reads do not agree, or a write is on its way. */
  readonly position: string | undefined;
  /**
   * Where it may be while reads do not agree, what we said last first; empty while only a newer read can tell. Beside a
   * known `position`: where a write that was not answered may have brought it since that was read.
   */
  readonly maybe: readonly string[];
  readonly shown: Shown | undefined;
  /** A change that must be reported: `moved` is ours, `found` somebody else's. */
  readonly news: 'first' | 'moved' | 'found' | undefined;
  /** A newer read would help. */
  readonly readAgain: boolean;
  readonly memory: RouteMemory;
}

/**
 * The cloud's answer is the state, but answers may be stale. So an answer is believed when it is what we said last, or
 * what we have just written; any other difference must stand for `staleMs` of reads. A stale read thus delays, and
 * never causes a move (but see `chooseInDoubt`). Where reads had agreed for `staleMs`, a difference can't be an old
 * state: a route that BGP has withdrawn (Direct Connect without carrier) is then believed gone at once.
 * @param lastReported where the route was when we last said so, from the journal.
 */
export const readPosition = (
  view: TableView | undefined,
  route: ManagedRoute,
  lastReported: string | undefined,
  memory: RouteMemory,
  steady: number,
  policy: Policy,
): PositionReading => {
  if (view === undefined)
    return { position: undefined, maybe: [], shown: undefined, news: undefined, readAgain: true, memory };
  const { staleMs, lateMs } = policy.timing;
  const shown = shownIn(view.table, route, policy);
  const unsettled = (next: RouteMemory, maybe: readonly string[] = []): PositionReading => ({
    position: undefined,
    maybe,
    shown,
    news: undefined,
    readAgain: true,
    memory: next.agreedSince === undefined ? next : { ...next, agreedSince: undefined },
  });
  const settled = (news: PositionReading['news'], next: RouteMemory): PositionReading => {
    const agreedSince = news === undefined ? (next.agreedSince ?? view.at) : undefined;
    return {
      position: shown.position,
      maybe: [],
      shown,
      news,
      readAgain: false,
      memory:
        next.mismatch === undefined && next.agreedSince === agreedSince
          ? next
          : { ...next, mismatch: undefined, agreedSince },
    };
  };
  let { sent } = memory;

  if (sent !== undefined) {
    if (sent.result === undefined) return { ...unsettled(memory), readAgain: false };
    if (shown.position === sent.to && lastReported !== sent.to) return settled('moved', { ...memory, sent: undefined });
    if (sent.result === 'done') {
      if (shown.position !== sent.to && view.at < sent.resultAt + staleMs) return unsettled(memory);
      sent = undefined;
    } else {
      if (view.at < sent.resultAt) return unsettled(memory);
      if (steady > sent.resultAt + lateMs) sent = undefined;
    }
  }
  const next = sent === memory.sent ? memory : { ...memory, sent };
  if (lastReported === undefined) return settled('first', next);
  if (shown.position === lastReported)
    return {
      ...settled(undefined, next),
      maybe: sent === undefined || view.at >= sent.resultAt + staleMs ? [] : [sent.to],
    };
  if (next.agreedSince !== undefined && view.at - next.agreedSince >= staleMs) return settled('found', next);
  const since = next.mismatch?.position === shown.position ? next.mismatch.since : view.at;
  if (view.at - since >= staleMs) return settled('found', next);
  return unsettled(
    next.mismatch?.position === shown.position ? next : { ...next, mismatch: { position: shown.position, since } },
    sent === undefined ? [lastReported, shown.position] : [lastReported, shown.position, sent.to],
  );
};
