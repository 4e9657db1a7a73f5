import { defineCommand } from '../../lib/core/define.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { planWhitelist } from '../../lib/procedures/collectd/deploy.ts';
import { lintedWhitelist } from '../../lib/procedures/collectd/whitelist-file.ts';
import { FLEET, FLEET_APPLY, humanFleet, runFleet, WHITELIST } from './shared.ts';

/** Nothing here is in the cloud. */
const { region: _region, profile: _profile, ...APPLY } = FLEET_APPLY;

export const deploy = defineCommand({
  path: 'collectd whitelist deploy',
  summary: 'deploy a whitelist to hosts, and have their plugin read it',
  details:
    "What lint calls an error is refused before any host is touched. Then on every host at once: the difference line by line, a file beside the plugin's moved into its place, collectd started anew (the plugin keeps its " +
    'verdicts as long as it runs), and proof that the plugin read it: blocked_metrics begun anew. Where that fails the host gets its old whitelist back. A host that can not be reached is told and the others go on; exit 5.',
  flags: { ...WHITELIST, ...FLEET, ...APPLY },
  examples: [
    { line: 'sudo hybridctl collectd whitelist deploy --dry-run', why: 'what would differ on this host' },
    {
      line: 'hybridctl collectd whitelist deploy --host admin@203.0.113.11 --host admin@203.0.113.12 --yes',
      why: 'to two hosts, from a script',
    },
  ],
  async run({ file, ...options }, ports) {
    const content = await lintedWhitelist(ports, file);
    return runFleet(ports, options, 'the whitelist', async (machine, host) => ({
      plan: await planWhitelist(machine, host, content),
      region: '',
    }));
  },
  json: jsonShape(1, async () => (await import('./json.ts')).collectdWhitelistDeploy),
  data: (result) => result,
  human: humanFleet,
});
