import { defineCommand, FLAG } from '../../lib/core/command.ts';
import { acceptSteps } from '../../lib/procedures/direct-connect.ts';
import {
  APPLY_FLAGS,
  humanProcedure,
  procedureOptions,
  runApply,
  type ProcedureOptions,
  type ProcedureResult,
} from '../procedure.ts';
import { LINK, linkOptions, loadLink, type LinkOptions } from './shared.ts';

export const accept = defineCommand<LinkOptions & ProcedureOptions, ProcedureResult>({
  path: 'dx vif accept',
  summary: "accept a partner's hosted connection and what it carries for us",
  details:
    "From its acceptance on the port is paid for. A virtual interface that the connection's owner made for this account is accepted too and ends at the site's virtual private gateway; " +
    'where there is none yet, "dx vif create" makes one. Accepting twice changes nothing.',
  args: [LINK],
  flags: [FLAG.site, ...APPLY_FLAGS],
  examples: [
    { line: 'hybridctl dx vif accept dx-1 --dry-run', why: 'is there something to accept?' },
    { line: 'hybridctl dx vif accept dx-1 --yes', why: 'accept, and wait until the connection is available' },
  ],
  parse: (raw) => ({ ...linkOptions(raw), ...procedureOptions(raw) }),
  async run(options, ports) {
    const { site, vif } = await loadLink(ports, options);
    return runApply(
      ports,
      {
        title: `the connection of ${vif.link.name}`,
        site: site.site,
        region: site.cloud.region,
        steps: acceptSteps(site, vif),
      },
      options,
    );
  },
  human: humanProcedure,
});
