import { EXIT, usageError, type ExitCode } from '../../core/errors.ts';
import type { Ports } from '../../core/ports.ts';
import type { DrillRecord } from './record.ts';
import type { Stranded } from './report.ts';
import { open } from '../../routes/select.ts';
import { giveBack } from './return.ts';
import type { DrillContext, RouteDrillOptions } from './context.ts';

/** What came of putting back what an earlier drill has left. */
export interface Returned {
  readonly site: string;
  /** When that drill began, ISO 8601; null: none has left anything. */
  readonly began: string | null;
  readonly dryRun: boolean;
  readonly routes: readonly {
    readonly name: string;
    readonly destination: string;
    readonly from: string;
    readonly home: string;
  }[];
  readonly stranded: readonly Stranded[];
  readonly troubles: readonly string[];
  readonly next: string | null;
}

/** Puts back what a drill that was killed has left behind, with that drill's region and profile. */
export const returnLeft = async (
  options: RouteDrillOptions,
  context: DrillContext,
  left: DrillRecord | undefined,
  ports: Ports,
): Promise<{ result: Returned; exit: ExitCode }> => {
  const { site } = context;
  const outcome = (more: Partial<Returned> = {}): Returned => ({
    site: site.site,
    began: left?.startedAt ?? null,
    dryRun: options.dryRun,
    routes: [],
    stranded: [],
    troubles: [],
    next: null,
    ...more,
  });
  if (left === undefined) return { result: outcome(), exit: EXIT.ok };
  const nameOf = (id: string): string => site.route_tables.find((table) => table.id === id)?.name ?? id;
  const stranger = left.routes.find(
    ({ table, home }) =>
      !site.route_tables.some(({ id }) => id === table) || !site.links.some(({ name }) => name === home),
  );
  if (stranger !== undefined)
    throw usageError(
      `a drill of ${left.startedAt} left ${stranger.table} moved off ${stranger.home}, and the site file has them no longer`,
      { field: '--site', next: 'give the site file that the drill was run with' },
    );
  const routes = left.routes.map(({ table, destination, home, to }) => ({
    name: nameOf(table),
    destination,
    from: to,
    home,
  }));
  for (const { name, destination, from, home } of routes)
    ports.progress(`left by a drill of ${left.startedAt}: ${name} ${destination}: ${from} -> ${home}`);
  if (options.dryRun) return { result: outcome({ routes }), exit: EXIT.ok };
  await options.confirm('Put this back?');
  const region = options.region ?? left.region;
  const table = [...new Set(left.routes.map((route) => route.table))];
  const opened = await open(
    { ...options, table, to: undefined, region, profile: options.profile ?? left.profile ?? undefined },
    ports,
  );
  const { stranded, troubles } = await giveBack(left.routes, opened, context, {
    ...ports,
    signal: new AbortController().signal,
  });
  const unfinished = stranded.length > 0 || troubles.length > 0;
  return {
    result: outcome({ routes, stranded, troubles, next: stranded.length > 0 ? context.returnLine : null }),
    exit: unfinished ? EXIT.partly : EXIT.ok,
  };
};
