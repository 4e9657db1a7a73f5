import { defineCommand } from '../../lib/core/define.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { linkTargets } from '../../lib/domain/routes.ts';
import type { Site, SiteRouteTable } from '../../lib/domain/site.ts';
import { editPins, pinPath } from '../../lib/monitor/pins.ts';
import { chosenTables, targetOf } from '../../lib/routes/select.ts';
import { absolute, loadSite } from '../../lib/site/file.ts';
import { FLAG } from '../flags.ts';
import { NAMED_LINK, NAMED_TABLES, withTable } from './shared.ts';

export const PIN = { site: FLAG.site, table: NAMED_TABLES, stateDir: FLAG.stateDir } as const;

export interface PinOptions {
  readonly site: string;
  readonly table: readonly string[];
  readonly stateDir: string;
}

export interface PinResult {
  readonly site: string;
  readonly file: string;
  /** Every pin in force now. */
  readonly pins: readonly { readonly table: string; readonly name: string; readonly link: string }[];
}

/** @param link undefined: take the pins away. */
export const changePins = async (
  { site: path, table: tables, stateDir }: PinOptions,
  ports: Ports,
  link: string | undefined,
): Promise<PinResult> => {
  const { site } = await loadSite(ports, path);
  const chosen = chosenTables(site, tables);
  if (link !== undefined) refuseStranger(site, chosen, link);
  const file = pinPath(absolute(ports.cwd, stateDir), site.site);
  const pins = await editPins(ports, file, (edited) => {
    for (const { id } of chosen) {
      if (link === undefined) edited.delete(id);
      else edited.set(id, link);
    }
  });
  return {
    site: site.site,
    file,
    pins: [...pins].map(([table, to]) => ({
      table,
      name: site.route_tables.find(({ id }) => id === table)?.name ?? table,
      link: to,
    })),
  };
};

/** A pin to a link that the table can't use would hold it where it is, and nobody would know why. */
const refuseStranger = (site: Site, chosen: readonly SiteRouteTable[], link: string): void => {
  targetOf(linkTargets(site), link);
  const without = chosen.find(({ links }) => !links.includes(link));
  if (without !== undefined)
    throw usageError(`${without.name} does not use ${link}`, {
      field: '--to',
      next: `choose from ${without.links.join(', ')}`,
    });
};

export const pinText = ({ pins }: PinResult): string =>
  pins.length === 0 ? 'nothing is pinned' : pins.map(({ name, link }) => `${name} is pinned to ${link}`).join('\n');

export const pin = defineCommand({
  path: 'route pin',
  summary: 'pin the routes of a table to one link, whatever the monitor prefers',
  details:
    'A running "route monitor" reads the pin within a second and moves the routes there at once, without a hold-down, if the link carries. It never sends traffic into a link that it judges dead. ' +
    'The pin lasts over restarts until "route unpin".',
  flags: { ...PIN, to: NAMED_LINK },
  examples: [
    { line: 'hybridctl route pin --table private-1 --to vpn-a', why: 'before works on the Direct Connect' },
    { line: 'hybridctl route pin --table private-1 --table private-2 --to dx-1 --json', why: 'both tables' },
  ],
  run: async (options, ports) => ({ result: await changePins(options, ports, options.to) }),
  json: jsonShape(1, async () => (await import('./json.ts')).routePin),
  data: ({ pins, ...result }) => ({ ...result, pins: pins.map(withTable) }),
  human: pinText,
});
