import type { Ports, RouteTable } from '../../core/ports.ts';
import { effectiveRoute, linkOf, ownRoute, planRestore, type Change } from '../../domain/routes.ts';
import { finish, type MovedRoute } from './record.ts';
import type { Leg, Stranded } from './report.ts';
import { leaseHolder } from '../../monitor/lease.ts';
import { editPins } from '../../monitor/pins.ts';
import { applyAll, type Applied } from '../../routes/apply.ts';
import type { RouteStep } from '../../routes/plan.ts';
import type { Opened } from '../../routes/select.ts';
import type { DrillContext } from './context.ts';

/**
 * Rounds of the return: an API that throttles or fails for some seconds is waited out. The SDK's own tries come on top.
 */
const PAUSES_MS = [0, 1_000, 3_000];
/** A monitor reads its pins every 500 ms; moved home before it has, it would carry the route away again. */
const PINS_READ_MS = 750;

export interface GivenBack {
  /** By `table|destination`. */
  readonly legs: ReadonlyMap<string, Leg>;
  readonly stranded: readonly Stranded[];
  /** What went otherwise than planned, though every route may be back. */
  readonly troubles: readonly string[];
}

export const keyOf = ({ table, destination }: Pick<MovedRoute, 'table' | 'destination'>): string =>
  `${table}|${destination}`;
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const legOf = ({ step: { change }, status, apiMs, verifyMs, error }: Applied): Leg => ({
  change: change.kind === 'refuse' ? 'none' : change.kind,
  status,
  apiMs: apiMs ?? null,
  verifyMs: verifyMs ?? null,
  error: error?.message ?? null,
});

/**
 * The step that undoes one move. It writes even where a first read shows nothing to undo: that read may be a stale one.
 */
const stepBack = ({ site, links }: Opened, route: MovedRoute, before: RouteTable): RouteStep => {
  const { destination, home, was } = route;
  const entry = site.route_tables.find(({ id }) => id === route.table)!;
  const to = links.find(({ name }) => name === home)!;
  const choose = (table: RouteTable): Change =>
    planRestore({ table, destination, was: was ?? undefined, order: entry.links, links });
  const due = choose(before);
  const change: Change =
    due.kind !== 'none' ? due : was === null ? { kind: 'delete' } : { kind: 'replace', target: was };
  return {
    entry,
    destination,
    to,
    goal: { choose, reached: (table) => choose(table).kind === 'none' },
    change,
    before,
  };
};

/**
 * Puts every route of a record back to exactly what it was, by read, write and read again, in up to three rounds. Works
 * alike for the drill itself and for its successor after a kill: it needs nothing but the record. The pins go last and
 * the record after them, so that whenever it is cut short another go finds the rest. Never throws for a route.
 * @param ports with a signal of its own: a return goes on after Ctrl-C.
 */
export const giveBack = async (
  routes: readonly MovedRoute[],
  opened: Opened,
  context: DrillContext,
  ports: Ports,
): Promise<GivenBack> => {
  const { clock } = ports;
  const troubles: string[] = [];
  const attempt = async (what: string, work: () => Promise<unknown>): Promise<boolean> =>
    work().then(
      () => true,
      (error: unknown) => (troubles.push(`${what}: ${messageOf(error)}`), false),
    );
  const homes = new Map(routes.map(({ table, home, to }) => [table, { home, to }]));

  await attempt('pin the routes home', async () => {
    await editPins(ports, context.pins, (pins) =>
      homes.forEach(({ home, to }, table) => pins.get(table) === to && pins.set(table, home)),
    );
    if ((await leaseHolder(context.lease)) !== undefined) await clock.sleep(PINS_READ_MS);
  });

  const legs = new Map<string, Leg>();
  const open = new Map(routes.map((route) => [keyOf(route), { route, why: 'not tried', at: null as string | null }]));
  for (const pause of PAUSES_MS) {
    if (open.size === 0) break;
    await clock.sleep(pause);
    const ids = [...new Set([...open.values()].map(({ route }) => route.table))];
    const now = await opened.tables.read(ids).catch((error: unknown) => messageOf(error));
    if (typeof now === 'string') {
      for (const one of open.values()) one.why = now;
      continue;
    }
    const steps = [...open.values()].map(({ route }) => stepBack(opened, route, now[ids.indexOf(route.table)]!));
    for (const { entry, destination, before } of pause === 0 ? steps : []) {
      const own = ownRoute(before, destination);
      const on = own === undefined ? undefined : linkOf(own.target, entry.links, opened.links);
      const { to, home } = homes.get(entry.id)!;
      if (own !== undefined && on?.name !== to && on?.name !== home)
        troubles.push(
          `${entry.name} ${destination} was found on ${on?.name ?? own.target.id}: somebody moved it during the drill`,
        );
    }
    for (const done of await applyAll(opened.tables, steps, ports)) {
      const { entry, destination } = done.step;
      const key = keyOf({ table: entry.id, destination });
      legs.set(key, legOf(done));
      if (done.status === 'moved') open.delete(key);
      else Object.assign(open.get(key)!, { why: done.error?.message ?? 'not written', at: standing(opened, done) });
    }
  }
  const stranded = [...open.values()].map(({ route: { table, destination, home }, why, at }) => ({
    name: opened.site.route_tables.find(({ id }) => id === table)!.name,
    destination,
    at,
    home,
    why,
  }));
  if (stranded.length > 0) return { legs, stranded, troubles };

  const cleared = await attempt('take the pins away', () =>
    editPins(ports, context.pins, (pins) =>
      homes.forEach(({ home, to }, table) => [home, to].includes(pins.get(table) ?? '') && pins.delete(table)),
    ),
  );
  if (cleared) await attempt('clear the record of the drill', () => finish(context.record));
  return { legs, stranded, troubles };
};

/** What carries the destination as it was last read. */
const standing = (
  { links }: Opened,
  { step: { entry, destination, before }, after = before }: Applied,
): string | null => {
  const route = effectiveRoute(after, destination);
  return route === undefined ? 'no route' : (linkOf(route.target, entry.links, links)?.name ?? route.target.id);
};

export const strandedText = ({ name, destination, at, home, why }: Stranded): string =>
  `${name} ${destination} ${at === null ? `may not be back on ${home}` : `stands on ${at}, not on ${home}`}: ${why}`;
