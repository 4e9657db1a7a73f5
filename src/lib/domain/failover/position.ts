import type { RouteTable } from '../../core/ports.ts';
import { effectiveRoute, isTargetOf, linkOf, planMove, type Change } from '../routes.ts';
import { waysOf } from './policy.ts';
import type { RouteMemory, TableView } from './state.ts';
import { FOREIGN, NO_ROUTE, type ManagedRoute, type Policy } from './types.ts';

/** What a table says of one managed route, and the write that would bring it to each way. */
export interface Shown {
  /** Name of a way, NO_ROUTE or FOREIGN. */
  readonly at: string;
  /** In the order of the route's ways. */
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
  const ways = waysOf(policy).get(route.key)!;
  const changes = ways.map((way) => planMove({ table, destination, to: way.links[0]!, mode, order, links }));
  const own = table.routes.find((one) => one.origin === 'static' && one.destination === destination);
  if (own !== undefined && linkOf(own.target, order, links) === undefined) return { at: FOREIGN, changes };
  const carrying = effectiveRoute(table, destination);
  const way =
    carrying === undefined
      ? undefined
      : ways.find((one) => one.links.some((link) => isTargetOf(carrying.target, link)));
  return { at: way?.name ?? NO_ROUTE, changes };
};

export interface Position {
  /** Believed to be there; undefined: reads do not agree, or a write is on its way. */
  readonly at: string | undefined;
  /**
   * Where it may be while reads do not agree, what we said last first; empty while only a newer read can tell. Beside a
   * known `at`: where a write that was not answered may have brought it since that was read.
   */
  readonly maybe: readonly string[];
  readonly shown: Shown | undefined;
  /** A change that must be told: `moved` is ours, `found` somebody else's. */
  readonly news: 'first' | 'moved' | 'found' | undefined;
  /** A newer read would help. */
  readonly readAgain: boolean;
  readonly memory: RouteMemory;
}

/**
 * The cloud's answer is the state, but answers may be stale. So an answer is believed when it is what we said last, or
 * what we have just written; any other difference must stand for `staleMs` of reads. A stale read thus delays, and
 * never causes a move (but see `chooseInDoubt`). Where reads had agreed for `staleMs`, a difference can't be an old
 * state: a route that BGP has
 * withdrawn (Direct Connect without carrier) is then believed gone at once.
 * @param told where the route was when we last said so, from the journal.
 */
export const position = (
  view: TableView | undefined,
  route: ManagedRoute,
  told: string | undefined,
  memory: RouteMemory,
  steady: number,
  policy: Policy,
): Position => {
  if (view === undefined)
    return { at: undefined, maybe: [], shown: undefined, news: undefined, readAgain: true, memory };
  const { staleMs, lateMs } = policy.timing;
  const shown = shownIn(view.table, route, policy);
  const unsettled = (next: RouteMemory, maybe: readonly string[] = []): Position => ({
    at: undefined,
    maybe,
    shown,
    news: undefined,
    readAgain: true,
    memory: next.agreedSince === undefined ? next : { ...next, agreedSince: undefined },
  });
  const settled = (news: Position['news'], next: RouteMemory): Position => {
    const agreedSince = news === undefined ? (next.agreedSince ?? view.at) : undefined;
    return {
      at: shown.at,
      maybe: [],
      shown,
      news,
      readAgain: false,
      memory:
        next.odd === undefined && next.agreedSince === agreedSince ? next : { ...next, odd: undefined, agreedSince },
    };
  };
  let { sent } = memory;

  if (sent !== undefined) {
    if (sent.result === undefined) return { ...unsettled(memory), readAgain: false };
    if (shown.at === sent.to && told !== sent.to) return settled('moved', { ...memory, sent: undefined });
    if (sent.result === 'done') {
      if (shown.at !== sent.to && view.at < sent.resultAt + staleMs) return unsettled(memory);
      sent = undefined;
    } else {
      if (view.at < sent.resultAt) return unsettled(memory);
      if (steady > sent.resultAt + lateMs) sent = undefined;
    }
  }
  const next = sent === memory.sent ? memory : { ...memory, sent };
  if (told === undefined) return settled('first', next);
  if (shown.at === told)
    return {
      ...settled(undefined, next),
      maybe: sent === undefined || view.at >= sent.resultAt + staleMs ? [] : [sent.to],
    };
  if (next.agreedSince !== undefined && view.at - next.agreedSince >= staleMs) return settled('found', next);
  const since = next.odd?.at === shown.at ? next.odd.since : view.at;
  if (view.at - since >= staleMs) return settled('found', next);
  return unsettled(
    next.odd?.at === shown.at ? next : { ...next, odd: { at: shown.at, since } },
    sent === undefined ? [told, shown.at] : [told, shown.at, sent.to],
  );
};
