import { usageError } from '../core/errors.ts';
import type { Destination, Ports, RouteTables } from '../core/ports.ts';
import { withoutTarget } from '../domain/check.ts';
import { pathText } from '../domain/issue.ts';
import { destinationsOf, linkTargets, type LinkTarget } from '../domain/routes.ts';
import type { Site, SiteRouteTable } from '../domain/site.ts';
import { loadSite } from '../site/file.ts';

export interface Selection {
  readonly site: string;
  /** Names or ids; none: all of the site file. */
  readonly table: readonly string[];
  readonly destination: readonly string[];
  readonly region: string | undefined;
  readonly profile: string | undefined;
  /** The link named by --to, where the command has that flag. */
  readonly to?: string | undefined;
}

/** One destination in one route table of the site. */
export interface Managed {
  readonly entry: SiteRouteTable;
  readonly destination: Destination;
}

export interface Opened {
  readonly site: Site;
  readonly region: string;
  readonly links: readonly LinkTarget[];
  /** In the order of the site file: that is the order of priority. */
  readonly managed: readonly Managed[];
  readonly to: LinkTarget | undefined;
  readonly tables: RouteTables;
}

/**
 * Loads the site and picks its routes. Throws usage errors for what it does not have.
 * @param anyDestination take the destinations as given, whether the table lists them or not
 */
export const open = async (selection: Selection, ports: Ports, anyDestination = false): Promise<Opened> => {
  const { site } = await loadSite(ports, selection.site);
  const links = linkTargets(site);
  const entries = chosenTables(site, selection.table);
  for (const entry of entries) for (const name of entry.links) targetOf(links, name);
  const managed = entries.flatMap((entry) =>
    chosenDestinations(site, entry, selection.destination, anyDestination).map((destination) => ({
      entry,
      destination,
    })),
  );
  const unused = selection.destination.find((wanted) => !managed.some(({ destination }) => destination === wanted));
  if (managed.length === 0 || unused !== undefined) {
    throw usageError(`no chosen route table has ${unused ?? 'a destination'}`, {
      field: '--destination',
      next: 'see "hybridctl route status", or name it with "hybridctl route set"',
    });
  }
  const to = selection.to === undefined ? undefined : targetOf(links, selection.to);
  const region = selection.region ?? site.cloud.region;
  // No signal goes in: an interrupted write would be a write of unknown result. Reads are left by `unlessInterrupted`.
  return { site, region, links, managed, to, tables: await ports.routeTables({ region, profile: selection.profile }) };
};

/** @throws usage error where there is no table, or a table's link leads over a gateway that is not made yet. */
export const refuseUnmade = (site: Site): void => {
  chosenTables(site, []);
  const [unmade] = withoutTarget(site);
  if (unmade !== undefined) throw usageError(unmade.message, { field: pathText(unmade.path) });
};

export const chosenTables = (site: Site, wanted: readonly string[]): readonly SiteRouteTable[] => {
  if (site.route_tables.length === 0)
    throw usageError('the site file has no route tables', {
      field: 'route_tables',
      next: 'list each private route table with its links in order of preference',
    });
  const known = site.route_tables.map(({ name }) => name).join(', ');
  for (const name of wanted) {
    if (!site.route_tables.some((table) => table.name === name || table.id === name))
      throw usageError(`the site file has no route table "${name.slice(0, 60)}"`, {
        field: '--table',
        next: `choose from ${known}`,
      });
  }
  return site.route_tables.filter(
    (table) => wanted.length === 0 || wanted.includes(table.name) || wanted.includes(table.id),
  );
};

const chosenDestinations = (
  site: Site,
  entry: SiteRouteTable,
  wanted: readonly string[],
  any: boolean,
): readonly Destination[] => {
  if (any) return [...new Set(wanted)];
  return destinationsOf(site, entry).filter((destination) => wanted.length === 0 || wanted.includes(destination));
};

/** The link by name, with a target to write. */
export const targetOf = (links: readonly LinkTarget[], name: string): LinkTarget => {
  const link = links.find((other) => other.name === name);
  if (link === undefined)
    throw usageError(`the site file has no link "${name.slice(0, 60)}"`, {
      field: '--to',
      next: `choose from ${links.map((other) => other.name).join(', ')}`,
    });
  if (link.target === undefined)
    throw usageError(`link ${name} needs it as the target of its routes`, {
      field: link.lacks ?? 'links',
      next: 'add the id to the site file',
    });
  return link;
};
