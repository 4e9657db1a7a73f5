import { defineCommand } from '../../lib/core/define.ts';
import { toggle } from '../../lib/core/flags.ts';
import { downSteps } from '../../lib/procedures/vpn-host/down.ts';
import { DESTROY, humanProcedure, runDestroy, procedureJson } from '../procedure.ts';
import { DEVICE, HOST, onHost } from './host.ts';

export const down = defineCommand({
  path: 'vpn down',
  summary: 'stop the tunnels of one machine: connections, interface, rules, units',
  details:
    "Ends and unloads this site's connections and no others, takes the tunnel interface, its routes and rules away, and disables the units of the tunnels. The daemon goes on for whoever else uses it; kernel settings and " +
    'files stay, so a daemon that starts anew loads the connections again, unless --purge removes the files too.',
  args: DEVICE,
  flags: {
    ...HOST,
    dryRun: DESTROY.dryRun,
    detailedExitcode: DESTROY.detailedExitcode,
    yes: DESTROY.yes,
    purge: toggle('remove the files as well, keys among them'),
  },
  examples: [
    { line: 'sudo hybridctl vpn down gw-1', why: 'after a question' },
    { line: 'hybridctl vpn down gw-1 --host root@203.0.113.11 --purge --yes', why: 'by ssh, files and keys too' },
  ],
  run: (options, ports) =>
    onHost(ports, options, async (box, machine) =>
      runDestroy(
        ports,
        {
          title: `the tunnels of ${box.device}${options.purge ? ' and their files' : ''}`,
          site: box.site,
          steps: await downSteps(box, machine, options.purge),
          machine,
        },
        options,
      ),
    ),
  json: procedureJson,
  data: (result) => result,
  human: humanProcedure,
});
