import type { MonitorEvent } from './events.ts';
import { subjectText, type TableNames } from './names.ts';

interface TableData {
  readonly id: string;
  readonly name: string;
}

interface RouteData {
  readonly table: TableData;
  readonly destination: string;
}

/** An event of the monitor as `route monitor --json` prints it. The event log keeps its own fields, see ecs.ts. */
export const eventData = (event: MonitorEvent, names: TableNames): object => {
  const tableOf = (id: string): TableData => ({ id, name: names.get(id) ?? id });
  /** Of a route's key, `rtb-…|10.10.0.0/16`. */
  const routeOf = (key: string): RouteData | undefined => {
    const [id, destination] = key.split('|');
    return id === undefined || destination === undefined ? undefined : { table: tableOf(id), destination };
  };
  const at = new Date(event.at).toISOString();
  switch (event.kind) {
    case 'start': {
      const { version, routes, ...rest } = event;
      return { ...rest, at, monitorVersion: version, routes: routes.flatMap((key) => routeOf(key) ?? []) };
    }
    case 'move':
    case 'pin':
      return { ...event, at, table: tableOf(event.table) };
    case 'alert': {
      const { alert } = event;
      return {
        ...event,
        at,
        alert: { ...alert, ...routeOf(alert.subject), subject: subjectText(alert.subject, names) },
      };
    }
    case 'health':
      return {
        ...event,
        at,
        routes: event.routes.map(({ at: link, table, destination }) => ({ table: tableOf(table), destination, link })),
      };
    default:
      return { ...event, at };
  }
};

/** The event that a line of `route monitor --json` tells: `eventData` the other way round. */
export const eventOf = (line: string): MonitorEvent => {
  const data = JSON.parse(line, (key, value: unknown) =>
    key === 'table' ? (value as TableData).id : value,
  ) as Readonly<Record<string, unknown>> & { readonly kind: MonitorEvent['kind'] };
  const { version: _shape, monitorVersion, ...rest } = data;
  const keyOf = ({ table, destination }: { readonly table: string; readonly destination: string }): string =>
    `${table}|${destination}`;
  const alert = data['alert'] as { readonly table?: string; readonly destination?: string } | undefined;
  const { table, destination, ...told } = alert ?? {};
  return {
    ...rest,
    at: Date.parse(data['at'] as string),
    ...(data.kind === 'health'
      ? {
          routes: (data['routes'] as { readonly link?: string }[]).map(({ link, ...route }) => ({
            ...route,
            at: link,
          })),
        }
      : {}),
    ...(data.kind === 'start'
      ? { version: monitorVersion, routes: (data['routes'] as Parameters<typeof keyOf>[0][]).map(keyOf) }
      : {}),
    ...(alert === undefined
      ? {}
      : {
          alert:
            table === undefined || destination === undefined
              ? told
              : { ...told, subject: keyOf({ table, destination }) },
        }),
  } as unknown as MonitorEvent;
};
