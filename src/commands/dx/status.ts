import type { Outcome, Style } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { EXIT } from '../../lib/core/errors.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { vifLinkOf, vifStatus, type VifStatus } from '../../lib/procedures/direct-connect.ts';
import { loadBgpPasswords, loadSite } from '../../lib/site/file.ts';
import { FLAG } from '../flags.ts';
import { LINK } from './shared.ts';

interface Result {
  readonly links: readonly VifStatus[];
}

const isWell = ({ state, differences, notPropagating }: VifStatus): boolean =>
  state === 'available' && differences.length === 0 && notPropagating.length === 0;

const nextOf = ({ vif, state, link, connectionState, differences, notPropagating }: VifStatus): string => {
  if (connectionState === 'ordering' || state === 'confirming') return `hybridctl dx vif accept ${link}`;
  if (vif === null || notPropagating.length > 0) return `hybridctl dx vif create ${link}`;
  if (differences.length > 0) return differences.join('; ');
  return state === 'down'
    ? `BGP is down: see to the router, "hybridctl dx vif key ${link}" writes its half with AWS's key`
    : '';
};

export const status = defineCommand({
  path: 'dx vif status',
  summary: 'show connection, virtual interface, BGP and route propagation of each Direct Connect link',
  details: 'Compares what Direct Connect says with the site file. Exit 1 when a link is not up or differs.',
  args: LINK,
  flags: { site: FLAG.site, region: FLAG.region, profile: FLAG.profile },
  examples: [
    { line: 'hybridctl dx vif status', why: 'every link that has a connection' },
    { line: 'hybridctl dx vif status dx-1 --json | jq .links[0].bgp', why: 'up or down, for a script' },
  ],
  async run({ site: file, link, region, profile }, ports): Promise<Outcome<Result>> {
    const loaded = await loadSite(ports, file);
    const { site } = loaded;
    const passwords = await loadBgpPasswords(ports, loaded);
    const named =
      link === undefined
        ? site.links.flatMap((one) => (one.kind === 'dx' && one.connection !== undefined ? [one.name] : []))
        : [link];
    const vifs =
      named.length === 0
        ? [vifLinkOf(site, undefined, passwords)]
        : named.map((name) => vifLinkOf(site, name, passwords));
    const aws = await ports.aws({ region: region ?? site.cloud.region, profile, signal: ports.signal });
    const links: VifStatus[] = [];
    for (const vif of vifs) links.push(await vifStatus(aws, site, vif));
    return { result: { links }, exit: links.every(isWell) ? EXIT.ok : EXIT.failed };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).dxVifStatus),
  data: (result) => result,
  human({ links }, style: Style) {
    const rows = links.map((one) => [
      one.link,
      one.connectionState,
      one.vif ?? '-',
      (isWell(one) ? style.good : style.warn)(one.state),
      one.bgp,
      String(one.vlan),
      one.notPropagating.length === 0 ? 'on' : `off in ${one.notPropagating.join(', ')}`,
      nextOf(one),
    ]);
    return style.table(['link', 'connection', 'interface', 'state', 'bgp', 'vlan', 'propagation', 'next'], rows);
  },
});
