import { failure, usageError } from '../../src/lib/core/errors.ts';
import {
  RouteRace,
  type CloudRoute,
  type RouteTable,
  type RouteTables,
  type RouteTarget,
} from '../../src/lib/core/ports.ts';

export interface RouteCall {
  readonly verb: 'read' | 'create' | 'replace' | 'delete';
  readonly table: string;
  readonly destination: string | undefined;
}

export interface FakeRouteTables extends RouteTables {
  /** Every table as it stands now. */
  readonly all: ReadonlyMap<string, RouteTable>;
  readonly calls: readonly RouteCall[];
  /** Somebody else at work: changes a table behind our back. */
  edit(table: string, change: (table: RouteTable) => RouteTable): void;
}

export interface FakeRouteTablesOptions {
  /** Interface ids by the instance they are attached to. */
  readonly enis?: Readonly<Record<string, string>>;
  /** Runs before each call is applied; what it throws, the call throws. */
  readonly before?: (call: RouteCall, tables: FakeRouteTables) => void | Promise<void>;
}

/** Route tables in memory, with EC2's rules on what is there and what is not. */
export const fakeRouteTables = (
  initial: readonly RouteTable[],
  { enis = {}, before = () => undefined }: FakeRouteTablesOptions = {},
): FakeRouteTables => {
  const all = new Map(initial.map((table) => [table.id, table]));
  const calls: RouteCall[] = [];
  const instanceOf = (eni: string): string | undefined => Object.entries(enis).find(([, id]) => id === eni)?.[0];

  const table = (id: string): RouteTable => {
    const found = all.get(id);
    if (found === undefined) throw usageError(`there is no route table ${id}`, { field: 'route_tables' });
    return found;
  };
  const resolved = (target: RouteTarget): RouteTarget => {
    const eni = target.kind === 'instance' ? enis[target.id] : target.kind === 'eni' ? target.id : undefined;
    if (eni === undefined) return target;
    const instance = instanceOf(eni);
    return { kind: 'eni', id: eni, ...(instance === undefined ? {} : { instance }) };
  };
  const isOwn = (destination: string) => (route: CloudRoute) =>
    route.origin === 'static' && route.destination === destination;
  const called = async (call: RouteCall): Promise<void> => {
    calls.push(call);
    await before(call, fake);
  };
  const setRoutes = (id: string, change: (routes: readonly CloudRoute[]) => readonly CloudRoute[]) => {
    const found = table(id);
    all.set(id, { ...found, routes: change(found.routes) });
  };
  const mustHave = (id: string, destination: string): void => {
    if (!table(id).routes.some(isOwn(destination))) throw new RouteRace(`no static route for ${destination} in ${id}`);
  };

  const fake: FakeRouteTables = {
    all,
    calls,
    edit: (id, change) => void all.set(id, change(table(id))),
    async readThere(ids) {
      await called({ verb: 'read', table: ids.join(' '), destination: undefined });
      const there = ids.flatMap((id) => all.get(id) ?? []);
      if (there.length === 0 && ids.length > 0) throw failure('none of the route tables is there', { call: 'refused' });
      return there;
    },
    async read(ids) {
      await called({ verb: 'read', table: ids.join(' '), destination: undefined });
      return ids.map(table);
    },
    async createRoute(id, destination, target) {
      await called({ verb: 'create', table: id, destination });
      if (table(id).routes.some(isOwn(destination))) throw new RouteRace(`${destination} is already in ${id}`);
      setRoutes(id, (routes) => [
        ...routes,
        { destination, target: resolved(target), origin: 'static', state: 'active' },
      ]);
    },
    async replaceRoute(id, destination, target) {
      await called({ verb: 'replace', table: id, destination });
      mustHave(id, destination);
      setRoutes(id, (routes) =>
        routes.map((route) =>
          isOwn(destination)(route) ? { ...route, target: resolved(target), state: 'active' } : route,
        ),
      );
    },
    async deleteRoute(id, destination) {
      await called({ verb: 'delete', table: id, destination });
      mustHave(id, destination);
      setRoutes(id, (routes) => routes.filter((route) => !isOwn(destination)(route)));
    },
  };
  return fake;
};
