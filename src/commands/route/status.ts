import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { EXIT } from '../../lib/core/errors.ts';
import { saying, toggle } from '../../lib/core/flags.ts';
import { unlessInterrupted } from '../../lib/core/interrupt.ts';
import type { RouteTable } from '../../lib/core/ports.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { pinPath, readPins } from '../../lib/monitor/pins.ts';
import { effectiveRoute } from '../../lib/domain/routes.ts';
import { instanceBehind, lookAtInstances } from '../../lib/routes/passing.ts';
import { open, type Managed } from '../../lib/routes/select.ts';
import { following, type Following } from '../../lib/routes/view.ts';
import { absolute } from '../../lib/site/file.ts';
import { FLAG } from '../flags.ts';
import { routeText, SELECT, withTable } from './shared.ts';

interface Status {
  readonly site: string;
  readonly region: string;
  readonly routes: readonly Following[];
  /** Tables that the operator holds on a link, as the monitor of this machine reads them. */
  readonly pins: readonly { readonly table: { readonly id: string; readonly name: string }; readonly link: string }[];
}

/** A look is one call for all tables, out of what the account may ask for in a second. */
const WATCH_MS = 5_000;

export const status = defineCommand({
  path: 'route status',
  summary: 'show where each destination goes: link, target, state, backups',
  details:
    'Reads the route tables of the site file and says which link each destination follows, by longest prefix and static before propagated, as the VPC router does, and whether packets can go there: a blackhole, a gateway that does not run, or a VGW without a route for the destination loses them. ' +
    'Whether the path behind it carries is what "route monitor" watches. Changes nothing; with --detailed-exitcode it exits 3 when a destination is off its preferred link, or its packets are lost; 1 when that can\'t be told of some, and 4 when of none.',
  flags: {
    ...SELECT,
    stateDir: FLAG.stateDir,
    detailedExitcode: saying(
      FLAG.detailedExitcode,
      'exit 3 when a destination is off its preferred link, or its packets are lost; 1 or 4 when it is not known',
    ),
    watch: toggle('look again every 5 s until Ctrl-C; with --json a line for each look'),
  },
  conflicts: [['watch', 'detailedExitcode']],
  examples: [
    { line: 'hybridctl route status', why: 'every managed route of hybridctl.yaml' },
    { line: 'hybridctl route status --table private-1 --json', why: 'one table, as data' },
    { line: 'hybridctl route status --watch', why: 'beside a change window, until Ctrl-C' },
    {
      line: 'hybridctl route status --detailed-exitcode --quiet',
      why: 'in a check: 0 all on the preferred link and passing, 3 not, 1 or 4 not known',
    },
  ],

  repeatEveryMs: ({ watch }) => (watch ? WATCH_MS : undefined),
  async run(options, ports): Promise<Outcome<Status>> {
    const { site, region, links, managed, tables } = await open(options, ports);
    const ids = [...new Set(managed.map(({ entry }) => entry.id))];
    const read = await unlessInterrupted(ports.signal, tables.read(ids));
    const tableOf = ({ entry }: Managed): RouteTable => read[ids.indexOf(entry.id)]!;
    const behind = managed.flatMap((one) => {
      const carrying = effectiveRoute(tableOf(one), one.destination);
      return carrying === undefined ? [] : (instanceBehind(carrying, one, links) ?? []);
    });
    const instances = await unlessInterrupted(
      ports.signal,
      lookAtInstances([...new Set(behind)], () => ports.instances({ region, profile: options.profile })),
    );
    const routes = managed.map((one) => following(tableOf(one), one, links, instances));
    const amiss = routes.some(({ onPreferred, packets }) => !onPreferred || packets.pass === 'no');
    const unseen = routes.filter(({ packets }) => packets.pass === 'unknown').length;
    const pinned = await readPins(ports.files, pinPath(absolute(ports.cwd, options.stateDir), site.site));
    const pins = managed.flatMap(({ entry: { id, name } }, at) =>
      pinned.has(id) && managed.findIndex(({ entry }) => entry.id === id) === at
        ? [{ table: { id, name }, link: pinned.get(id)! }]
        : [],
    );
    return {
      result: { site: site.site, region, routes, pins },
      exit: !options.detailedExitcode
        ? EXIT.ok
        : amiss
          ? EXIT.changesPending
          : unseen === 0
            ? EXIT.ok
            : unseen === routes.length
              ? EXIT.missing
              : EXIT.failed,
    };
  },

  json: jsonShape(1, async () => (await import('./json.ts')).routeStatus),
  data: ({ routes, ...result }) => ({ ...result, routes: routes.map(withTable) }),
  human({ routes, pins }, style) {
    const rows = routes.map(({ name, destination, route, preferred, onPreferred, sharedWith, backups }) => [
      name,
      destination,
      [routeText(route, style), ...sharedWith].join('/'),
      route?.target ?? '-',
      route === null ? '-' : route.destination === destination ? route.origin : `${route.origin} ${route.destination}`,
      onPreferred ? style.good('yes') : style.warn(`no: ${preferred}`),
      backups
        .map(
          (backup) =>
            `${backup.link ?? backup.target} (${backup.origin} ${backup.destination}${backup.state === 'blackhole' ? ' BLACKHOLE' : ''})`,
        )
        .join(', ') || '-',
    ]);
    const inside = routes.flatMap((route) =>
      route.inside.map((part) =>
        style.warn(
          `${route.name}: ${part.destination} inside ${route.destination} goes its own way, to ${part.link ?? part.target}`,
        ),
      ),
    );
    const lost = routes.flatMap(({ name, destination, packets: { pass, why } }) =>
      pass === 'no'
        ? [style.bad(`${name} ${destination}: packets are lost: ${why}`)]
        : pass === 'unknown'
          ? [style.warn(`${name} ${destination}: not known whether packets pass: ${why}`)]
          : [],
    );
    return [
      style.table(['table', 'destination', 'link', 'target', 'by', 'preferred', 'backups'], rows),
      ...lost,
      ...inside,
      ...pins.map(({ table, link }) => style.warn(`${table.name} is pinned to ${link}`)),
    ].join('\n');
  },
});
