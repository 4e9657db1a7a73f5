import { defineCommand, FLAG } from '../../lib/core/command.ts';
import { vifSteps } from '../../lib/procedures/direct-connect.ts';
import {
  DESTROY_FLAGS,
  humanProcedure,
  procedureOptions,
  runDestroy,
  type ProcedureOptions,
  type ProcedureResult,
} from '../procedure.ts';
import { LINK, linkOptions, loadLink, type LinkOptions } from './shared.ts';

export const destroy = defineCommand<LinkOptions & ProcedureOptions, ProcedureResult>({
  path: 'dx vif destroy',
  summary: 'delete the virtual interface that "dx vif create" made',
  details:
    'Only one that carries the site\'s tags. The connection stays, since its contract is with the partner, and so does route propagation, which others may use. Move traffic away first: "hybridctl route failover".',
  args: [LINK],
  flags: [FLAG.site, ...DESTROY_FLAGS],
  examples: [{ line: 'hybridctl dx vif destroy dx-1 --dry-run', why: 'what would go' }],
  parse: (raw) => ({ ...linkOptions(raw), ...procedureOptions(raw) }),
  async run(options, ports) {
    const { site, vif } = await loadLink(ports, options);
    return runDestroy(
      ports,
      {
        title: `the virtual interface of ${vif.link.name}`,
        site: site.site,
        region: site.cloud.region,
        steps: vifSteps(site, vif),
      },
      options,
    );
  },
  human: humanProcedure,
});
