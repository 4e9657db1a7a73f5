import { defineCommand } from '../../lib/core/command.ts';
import { planWhitelist } from '../../lib/procedures/collectd/deploy.ts';
import type { Fleet, FleetResult } from '../../lib/procedures/collectd/fleet.ts';
import { lintedWhitelist } from '../../lib/procedures/collectd/whitelist-file.ts';
import { APPLY_FLAGS, procedureOptions, type ProcedureOptions } from '../procedure.ts';
import { FLEET_FLAGS, fleetOf, humanFleet, runFleet, WHITELIST, whitelistOf } from './shared.ts';

interface Options {
  readonly file: string;
  readonly fleet: Fleet;
  readonly procedure: ProcedureOptions;
}

/** Nothing here is in the cloud, and a failure always puts back what was there. */
export const HOST_ONLY = /^--(region|profile|adopt|keep-on-failure)\b/;

export const deploy = defineCommand<Options, FleetResult>({
  path: 'collectd whitelist deploy',
  summary: 'bring a whitelist to hosts, and have their plugin read it',
  details:
    "What lint calls an error is refused before any host is touched. Then on every host at once: the difference line by line, a file beside the plugin's moved into its place, collectd started anew (the plugin keeps its " +
    'verdicts as long as it runs), and proof that the plugin read it: blocked_metrics begun anew. Where that fails the host gets its old whitelist back. A host that can not be reached is told and the others go on; exit 5.',
  flags: [WHITELIST, ...FLEET_FLAGS, ...APPLY_FLAGS.filter(({ flags }) => !HOST_ONLY.test(flags))],
  examples: [
    { line: 'sudo hybridctl collectd whitelist deploy --dry-run', why: 'what would differ on this host' },
    {
      line: 'hybridctl collectd whitelist deploy --host admin@203.0.113.11 admin@203.0.113.12 --yes',
      why: 'to two hosts, from a script',
    },
  ],
  parse: (raw) => ({ file: whitelistOf(raw), fleet: fleetOf(raw), procedure: procedureOptions(raw) }),
  async run({ file, fleet, procedure }, ports) {
    const content = await lintedWhitelist(ports, file);
    return runFleet(ports, fleet, procedure, 'the whitelist', async (machine, host) => ({
      plan: await planWhitelist(machine, host, content),
      region: '',
    }));
  },
  human: humanFleet,
});
