import type { Ports } from '../core/ports.ts';
import { FOREIGN, NO_ROUTE } from '../domain/failover/types.ts';
import { destinationsOf, effectiveRoute, linkOf, linkTargets } from '../domain/routes.ts';
import { LOCAL_CHARON } from '../domain/sa.ts';
import type { Site } from '../domain/site.ts';
import { eventLogPath, readEventLog } from '../monitor/event-log.ts';
import { feedPath } from '../monitor/feed.ts';
import { pinPath, readPins } from '../monitor/pins.ts';
import { absolute, type LoadedSite } from '../site/file.ts';
import type { Standing } from './model.ts';
import type { Sources } from './watch.ts';

export interface SourceOptions {
  readonly stateDir: string;
  readonly region: string;
  readonly profile: string | undefined;
  readonly uri: readonly string[];
}

/** The newest file and the one before it hold some 30,000 events, of which a picture shows a dozen incidents. */
const LOGS = 1;

/** Where each destination goes, in the monitor's words. */
const readStandings = async (
  site: Site,
  { region, profile }: SourceOptions,
  ports: Ports,
): Promise<readonly Standing[]> => {
  const links = linkTargets(site);
  const tables = await ports.routeTables({ region, profile, once: true });
  const read = await tables.readThere(site.route_tables.map(({ id }) => id));
  return site.route_tables.flatMap((entry) => {
    const table = read.find(({ id }) => id === entry.id);
    return destinationsOf(site, entry).map((destination): Standing => {
      const route = table === undefined ? undefined : effectiveRoute(table, destination);
      const at =
        route === undefined || route.state === 'blackhole'
          ? NO_ROUTE
          : (linkOf(route.target, entry.links, links)?.name ?? FOREIGN);
      return { table: entry.id, destination, at };
    });
  });
};

/** Of this gateway's charon, where there is one and none was named. */
const charonsOf = async (ports: Ports, named: readonly string[]): Promise<readonly string[]> =>
  named.length > 0
    ? named
    : (await ports.files.stat(LOCAL_CHARON.slice('unix://'.length)).catch(() => undefined)) === undefined
      ? []
      : [LOCAL_CHARON];

/** All that a site's state is read from. */
export const sourcesOf = async (loaded: LoadedSite, where: SourceOptions, ports: Ports): Promise<Sources> => {
  const { site } = loaded;
  const stateDir = absolute(ports.cwd, where.stateDir);
  return {
    views: await ports.views(),
    clock: ports.clock,
    feed: feedPath(stateDir, site.site),
    log: () => readEventLog(ports.files, eventLogPath(loaded, stateDir), LOGS),
    routes: () => readStandings(site, where, ports),
    pins: () => readPins(ports.files, pinPath(stateDir, site.site)),
    charons: await charonsOf(ports, where.uri),
    vici: ports.vici,
  };
};
