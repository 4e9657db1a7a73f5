import { defineCommand, flag } from '../../lib/core/command.ts';
import { EXIT, usageError } from '../../lib/core/errors.ts';
import { keepingBefore, planRollback, rollback } from '../../lib/procedures/vpn-host/before.ts';
import { upSteps } from '../../lib/procedures/vpn-host/steps.ts';
import {
  APPLY_FLAGS,
  contextOf,
  humanProcedure,
  procedureOptions,
  runApply,
  type ProcedureOptions,
  type ProcedureResult,
} from '../procedure.ts';
import { consent } from '../consent.ts';
import { DEVICE, HOST_FLAGS, hostOptions, onHost, type HostOptions } from './host.ts';

interface Options extends HostOptions {
  readonly procedure: ProcedureOptions;
  readonly rollback: boolean;
}

/** Nothing here is in the cloud, nothing is adopted, and a failure always puts back what was there. */
const CLOUD_ONLY = /^--(region|profile|adopt|keep-on-failure)\b/;

export const up = defineCommand<Options, ProcedureResult>({
  path: 'vpn up',
  summary: 'bring the tunnels of one box up: files, kernel settings, daemon, interface, rules, connections',
  details:
    'On this host, or over ssh with host keys checked (as root, or as somebody with sudo without a password). What is right is left alone: a second run changes nothing, and no tunnel ' +
    'that carries traffic is restarted. A tunnel that this end begins, and that has given up (a peer that is just starting says it knows no such connection), is begun again. Before the first change what was there is saved in /var/lib/hybridctl/<site>/<device>.before, for root alone; a failure on the way puts it back, and --rollback ' +
    'returns to it: to how the box was before the last run that changed it. A run that was killed is finished by the next. Where systemd runs, units are enabled; where not, daemons are started plainly. ' +
    'Only Linux boxes: strongSwan (swanctl or ipsec.conf), Libreswan, Openswan.',
  args: [DEVICE],
  flags: [
    ...HOST_FLAGS,
    ...APPLY_FLAGS.filter(({ flags }) => !CLOUD_ONLY.test(flags)).map((one) =>
      one.flags.startsWith('--emit')
        ? { ...one, summary: 'print the plan as shell lines (sh) or as a page for a runbook (md); keys are not shown' }
        : one,
    ),
    { flags: '--rollback', summary: 'put back how it was before the last run that changed something' },
  ],
  examples: [
    {
      line: 'sudo hybridctl vpn up gw-1 --dry-run',
      why: 'what differs on this host, file by file and setting by setting',
    },
    { line: 'hybridctl vpn up gw-1 --host root@203.0.113.11 --yes', why: 'the same by ssh, from a script' },
    {
      line: 'hybridctl vpn up gw-1 --host admin@203.0.113.11 --identity keys/gw --known-hosts keys/known_hosts --detailed-exitcode --dry-run',
      why: 'exit 3 when the gateway has drifted',
    },
    { line: 'sudo hybridctl vpn up gw-1 --rollback', why: 'back to what was there' },
  ],

  parse: (raw) => {
    const options = { ...hostOptions(raw), procedure: procedureOptions(raw), rollback: flag(raw, 'rollback') };
    if (options.rollback && options.procedure.emit !== undefined)
      throw usageError('a rollback has no runbook', { field: '--emit', next: 'look at it with --dry-run' });
    return options;
  },

  run: ({ procedure: options, rollback: back, ...host }, ports) =>
    onHost(ports, host, async (box, machine) => {
      if (!back)
        return runApply(
          ports,
          {
            title: `the tunnels of ${box.device}`,
            site: box.site,
            steps: upSteps(box),
            machine,
            around: keepingBefore(box),
          },
          options,
        );
      const steps = await planRollback(box, machine);
      const did = options.dryRun ? 'planned' : 'applied';
      if (!options.dryRun) {
        await consent(ports, options, `Put ${box.device} back to how it was?`);
        await rollback(box, contextOf(ports, { machine }, options));
      }
      return {
        result: { did, steps, values: {}, runbook: null },
        exit: options.dryRun && options.detailedExitcode ? EXIT.changesPending : EXIT.ok,
      };
    }),

  human: humanProcedure,
});
