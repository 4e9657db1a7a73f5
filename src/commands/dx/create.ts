import { vifSteps } from '../../lib/procedures/direct-connect.ts';
import { FLAG } from '../flags.ts';
import { procedureCommand } from '../procedure.ts';
import { LINK, loadLink } from './shared.ts';

export const create = procedureCommand({
  verb: 'apply',
  path: 'dx vif create',
  summary: 'create the private virtual interface of a link, and switch route propagation on',
  details:
    "Accepts the connection where that is due, makes the virtual interface with the site file's VLAN, AS number and addresses on the virtual private gateway, and turns route propagation on in every table that has the link. " +
    'The BGP password comes from the link\'s bgp_password_file, never from the command line; without one Direct Connect makes its own, and "hybridctl dx vif key" takes that into the router\'s file. The router\'s half is "hybridctl dx render".',
  args: LINK,
  flags: { site: FLAG.site },
  examples: [
    { line: 'hybridctl dx vif create dx-1 --dry-run', why: 'what is there, and what would be made' },
    { line: 'hybridctl dx vif create dx-1 --yes && hybridctl dx vif key dx-1', why: 'both halves of the link' },
    { line: 'hybridctl dx vif create dx-1 --emit md > runbook.md', why: 'the same as a page of AWS CLI lines' },
  ],
  async procedure(options, ports) {
    const { site, vif } = await loadLink(ports, options);
    return {
      title: `the virtual interface of ${vif.link.name}`,
      site: site.site,
      region: site.cloud.region,
      steps: vifSteps(site, vif),
      async around(_context, apply) {
        const applied = await apply();
        if (vif.password === undefined)
          ports.progress(
            `Direct Connect made the MD5 key of the BGP session: "hybridctl dx vif key ${vif.link.name}" takes it into the file of ${vif.link.router}, which stays down without it`,
          );
        return applied;
      },
    };
  },
});
