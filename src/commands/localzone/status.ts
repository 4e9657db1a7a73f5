import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { EXIT } from '../../lib/core/errors.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { destinationsOf, effectiveRoute, linkOf, linkTargets } from '../../lib/domain/routes.ts';
import { utilityOf, type UtilityView } from '../../lib/procedures/localzone.ts';
import { FLAG } from '../flags.ts';
import { loadOverrideSite } from './shared.ts';

interface RouteView {
  readonly table: { readonly id: string; readonly name: string };
  readonly destination: string;
  /** The link that carries; null: none of this site. */
  readonly link: string | null;
  readonly target: string | null;
  /** By the monitor's static route, in place of the link that comes first. */
  readonly overridden: boolean;
}

interface Status {
  /** null: there is none. */
  readonly instance: UtilityView | null;
  readonly routes: readonly RouteView[];
}

export const status = defineCommand({
  path: 'localzone status',
  summary: 'show the utility instance, and which link carries each override table now',
  details:
    'Exit code 1 where no utility instance runs. What the monitor on it thinks is in its journal: "journalctl -u hybridctl-monitor-SITE" there.',
  flags: { site: FLAG.site, region: FLAG.region, profile: FLAG.profile },
  examples: [{ line: 'hybridctl localzone status --json', why: 'for a check from outside' }],

  async run({ site: file, profile, ...given }, ports): Promise<Outcome<Status>> {
    const { site } = await loadOverrideSite(ports, file);
    const options = { region: given.region ?? site.cloud.region, profile, signal: ports.signal };
    const instance = await utilityOf(await ports.aws(options), site.site);
    const entries = site.route_tables.filter(({ mode }) => mode === 'override');
    const tables = await (await ports.routeTables(options)).read(entries.map(({ id }) => id));
    const links = linkTargets(site);
    const routes = entries.flatMap((entry, index) =>
      destinationsOf(site, entry).map((destination): RouteView => {
        const route = effectiveRoute(tables[index]!, destination);
        const link = route === undefined ? undefined : linkOf(route.target, entry.links, links);
        return {
          table: { id: entry.id, name: entry.name },
          destination,
          link: link?.name ?? null,
          target: route?.target.id ?? null,
          overridden: route?.origin === 'static' && link !== undefined && link.name !== entry.links[0],
        };
      }),
    );
    return {
      result: { instance: instance ?? null, routes },
      exit: instance?.state === 'running' ? EXIT.ok : EXIT.failed,
    };
  },

  json: jsonShape(1, async () => (await import('./json.ts')).localzoneStatus),
  data: (result) => result,
  human: ({ instance, routes }, style) =>
    [
      instance === null
        ? style.bad('no utility instance: hybridctl localzone init')
        : `${instance.id} ${instance.address ?? '-'} ${instance.state === 'running' ? style.good(instance.state) : style.bad(instance.state)} in ${instance.zone}`,
      '',
      style.table(
        ['table', 'destination', 'by', 'target', 'route'],
        routes.map(({ table, destination, link, target, overridden }) => [
          table.name,
          destination,
          link ?? style.bad('none'),
          target ?? '-',
          overridden ? style.warn('static, over the propagated one') : link === null ? '-' : 'as it should be',
        ]),
      ),
    ].join('\n'),
});
