import { failure, interrupted } from '../core/errors.ts';
import type { Clock, RouteTable, RouteTables, RouteWrite } from '../core/ports.ts';
import type { RouteCall, Routes } from '../core/procedure.ts';
import { ownRoute, type Change } from '../domain/routes.ts';
import { applyAll } from './apply.ts';
import type { Goal } from './plan.ts';
import { throttle, type Throttle } from './throttle.ts';

/** The destination's own static route is as the write leaves it. A race that somebody else has won is theirs. */
const goalOf = (destination: string, write: RouteWrite): Goal => {
  const reached = (table: RouteTable): boolean => {
    const own = ownRoute(table, destination);
    return write.kind === 'delete' ? own === undefined : own?.target.id === write.target.id;
  };
  return {
    reached,
    choose(table): Change {
      if (reached(table)) return { kind: 'none' };
      const own = ownRoute(table, destination);
      if (write.kind !== 'create' || own === undefined)
        return own === undefined && write.kind === 'replace' ? { ...write, kind: 'create' } : write;
      return {
        kind: 'refuse',
        why: `somebody else has just pointed ${destination} of ${table.id} at ${own.target.id}`,
        next: 'look with "hybridctl route status", then run this again',
      };
    },
  };
};

/**
 * The routes of one run of a procedure: each write has its turn at EC2's bucket, and is read back before the next.
 * @param open is called with the first use: who writes no routes needs no credentials.
 */
export const routesOf = (open: () => Promise<RouteTables>, clock: Clock): Routes => {
  let opened: Promise<RouteTables> | undefined;
  let turns: Throttle | undefined;
  const tables = () => (opened ??= open());
  return {
    read: async (id) => (await (await tables()).read([id]))[0]!,
    async write({ table, destination, write }: RouteCall, signal) {
      const step = { entry: { id: table }, destination, goal: goalOf(destination, write), change: write };
      const [done] = await applyAll(await tables(), [step], { clock, signal }, (turns ??= throttle(clock)));
      if (done?.status === 'skipped') throw interrupted();
      if (done?.status !== 'moved') throw done?.error ?? failure(`the route to ${destination} was not written`);
    },
  };
};
