import { acceptSteps } from '../../lib/procedures/direct-connect.ts';
import { FLAG } from '../flags.ts';
import { procedureCommand } from '../procedure.ts';
import { LINK, loadLink } from './shared.ts';

export const accept = procedureCommand({
  verb: 'apply',
  path: 'dx vif accept',
  summary: "accept a partner's hosted connection and its virtual interface",
  details:
    "Port charges start when you accept. A virtual interface that the connection's owner made for this account is accepted too and ends at the site's virtual private gateway; " +
    'where there is none yet, "dx vif create" makes one. Idempotent.',
  args: LINK,
  flags: { site: FLAG.site },
  examples: [
    { line: 'hybridctl dx vif accept dx-1 --dry-run', why: 'is there something to accept?' },
    { line: 'hybridctl dx vif accept dx-1 --yes', why: 'accept, and wait until the connection is available' },
  ],
  async procedure(options, ports) {
    const { site, vif } = await loadLink(ports, options);
    return {
      title: `the connection of ${vif.link.name}`,
      site: site.site,
      region: site.cloud.region,
      steps: acceptSteps(site, vif),
    };
  },
});
