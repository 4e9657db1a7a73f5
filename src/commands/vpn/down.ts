import { defineCommand, flag } from '../../lib/core/command.ts';
import { downSteps } from '../../lib/procedures/vpn-host/down.ts';
import {
  DESTROY_FLAGS,
  humanProcedure,
  procedureOptions,
  runDestroy,
  type ProcedureOptions,
  type ProcedureResult,
} from '../procedure.ts';
import { DEVICE, HOST_FLAGS, hostOptions, onHost, type HostOptions } from './host.ts';

interface Options extends HostOptions {
  readonly procedure: ProcedureOptions;
  readonly purge: boolean;
}

export const down = defineCommand<Options, ProcedureResult>({
  path: 'vpn down',
  summary: "take one box's tunnels down: connections, interface, rules, units",
  details:
    "Ends and unloads this site's connections and no others, takes the tunnel interface, its routes and rules away, and disables the units of the tunnels. The daemon goes on for whoever else uses it; kernel settings and " +
    'files stay, so a daemon that starts anew loads the connections again, unless --purge removes the files too.',
  args: [DEVICE],
  flags: [
    ...HOST_FLAGS,
    ...DESTROY_FLAGS.filter(({ flags }) => !/^--(region|profile)\b/.test(flags)),
    { flags: '--purge', summary: 'remove the files as well, keys among them' },
  ],
  examples: [
    { line: 'sudo hybridctl vpn down gw-1', why: 'after a question' },
    { line: 'hybridctl vpn down gw-1 --host root@203.0.113.11 --purge --yes', why: 'by ssh, files and keys too' },
  ],
  parse: (raw) => ({ ...hostOptions(raw), procedure: procedureOptions(raw), purge: flag(raw, 'purge') }),
  run: ({ procedure, purge, ...host }, ports) =>
    onHost(ports, host, async (box, machine) =>
      runDestroy(
        ports,
        {
          title: `the tunnels of ${box.device}${purge ? ' and their files' : ''}`,
          site: box.site,
          steps: await downSteps(box, machine, purge),
          machine,
        },
        procedure,
      ),
    ),
  human: humanProcedure,
});
