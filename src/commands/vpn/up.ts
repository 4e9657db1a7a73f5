import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { EXIT, usageError } from '../../lib/core/errors.ts';
import { saying, toggle } from '../../lib/core/flags.ts';
import { keepingBefore, planRollback, rollback } from '../../lib/procedures/vpn-host/before.ts';
import { upSteps } from '../../lib/procedures/vpn-host/steps.ts';
import { APPLY, contextOf, humanProcedure, runApply, type ProcedureResult, procedureJson } from '../procedure.ts';
import { consent } from '../consent.ts';
import { DEVICE, HOST, onHost } from './host.ts';

export const up = defineCommand({
  path: 'vpn up',
  summary: 'start the tunnels of one machine: files, kernel settings, daemon, interface, rules, connections',
  details:
    'On this host, or over ssh with host keys checked (as root, or as somebody with sudo without a password). What is right is left alone: a second run changes nothing, and no tunnel ' +
    'that carries traffic is restarted. A tunnel that this end begins, and that has given up (a peer that is just starting says it knows no such connection), is begun again. Before the first change what was there is saved in /var/lib/hybridctl/<site>/<device>.before, for root alone; a failure on the way puts it back, and --rollback ' +
    'returns to it: to how the box was before the last run that changed it. A run that was killed is finished by the next. Where systemd runs, units are enabled; where not, daemons are started plainly. ' +
    'Only Linux boxes: strongSwan (swanctl or ipsec.conf), Libreswan, Openswan.',
  args: DEVICE,
  // Nothing here is in the cloud, nothing is adopted, and a failure always puts back what was there.
  flags: {
    ...HOST,
    dryRun: APPLY.dryRun,
    detailedExitcode: APPLY.detailedExitcode,
    emit: saying(APPLY.emit, 'print the plan as shell lines (sh) or as a page for a runbook (md); keys are not shown'),
    yes: APPLY.yes,
    rollback: toggle('put back how it was before the last run that changed something'),
  },
  conflicts: [['rollback', 'emit']],
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

  run: (options, ports) =>
    onHost(ports, options, async (box, machine): Promise<Outcome<ProcedureResult>> => {
      if (!options.rollback && box.lacking !== undefined)
        throw usageError(`${box.device} has no certificate that counts: ${box.lacking}`, {
          field: 'pki',
          next: `run "hybridctl vpn pki issue ${box.device}", or take its tunnels down: "hybridctl vpn down ${box.device} --purge"`,
        });
      if (!options.rollback)
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
        await rollback(box, contextOf(ports, { machine }, {}));
      }
      return {
        result: { did, steps, values: {}, runbook: null },
        exit: options.dryRun && options.detailedExitcode ? EXIT.changesPending : EXIT.ok,
      };
    }),

  json: procedureJson,
  data: (result) => result,
  human: humanProcedure,
});
