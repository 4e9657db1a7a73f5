import { HybridError } from '../core/errors.ts';
import { RouteRace, type Destination, type RouteTable, type RouteTables, type RouteWrite } from '../core/ports.ts';
import type { ActionOutcome } from '../domain/failover/types.ts';
/**
 * The only place that changes a route. It awaits nothing before the call leaves: whoever checks a lease checks it last.
 * Rejects as `RouteTables` does.
 */
export const writeRoute = (
  tables: RouteTables,
  table: string,
  destination: Destination,
  write: RouteWrite,
): Promise<void> => {
  switch (write.kind) {
    case 'create':
      return tables.createRoute(table, destination, write.target);
    case 'replace':
      return tables.replaceRoute(table, destination, write.target);
    case 'delete':
      return tables.deleteRoute(table, destination);
  }
};

/** What became of a call that was rejected. What is not known to have been refused may have been done. */
export const outcomeOf = (error: unknown): Exclude<ActionOutcome, 'done' | 'unsent'> => {
  if (error instanceof RouteRace) return 'race';
  return error instanceof HybridError ? (error.call ?? 'unclear') : 'unclear';
};

export interface ReadBack {
  readonly tables: readonly RouteTable[];
  /** Tables asked for that somebody has deleted: the others are still judged. */
  readonly gone: readonly string[];
}

/** The tables as EC2 shows them now. Throws when none is there. */
export const readBack = async (tables: RouteTables, ids: readonly string[]): Promise<ReadBack> => {
  const there = await tables.readThere(ids);
  return { tables: there, gone: ids.filter((id) => !there.some((table) => table.id === id)) };
};
