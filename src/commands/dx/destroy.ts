import { vifSteps } from '../../lib/procedures/direct-connect.ts';
import { FLAG } from '../flags.ts';
import { procedureCommand } from '../procedure.ts';
import { LINK, loadLink } from './shared.ts';

export const destroy = procedureCommand({
  verb: 'destroy',
  path: 'dx vif destroy',
  summary: 'delete the virtual interface that "dx vif create" created',
  details:
    'Only one that carries the site\'s tags. The connection stays, since its contract is with the partner, and so does route propagation, which others may use. Move traffic away first: "hybridctl route failover".',
  args: LINK,
  flags: { site: FLAG.site },
  examples: [{ line: 'hybridctl dx vif destroy dx-1 --dry-run', why: 'what would go' }],
  async procedure(options, ports) {
    const { site, vif } = await loadLink(ports, options);
    return {
      title: `the virtual interface of ${vif.link.name}`,
      site: site.site,
      region: site.cloud.region,
      steps: vifSteps(site, vif),
    };
  },
});
