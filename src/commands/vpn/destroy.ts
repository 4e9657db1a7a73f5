import { defineCommand } from '../../lib/core/define.ts';
import { partly } from '../../lib/core/errors.ts';
import { leftovers } from '../../lib/procedures/vpn-gateways/leftovers.ts';
import { livingInstances, withoutInstances } from '../../lib/procedures/vpn-gateways/site-files.ts';
import { managedRemoval } from '../../lib/procedures/managed-vpn/steps.ts';
import { removalSteps } from '../../lib/procedures/vpn-gateways/steps.ts';
import { loadSite } from '../../lib/site/file.ts';
import { FLAG } from '../flags.ts';
import { DESTROY, humanProcedure, runDestroy, procedureJson } from '../procedure.ts';

export const destroy = defineCommand({
  path: 'vpn destroy',
  summary: 'delete the gateways that "vpn init --apply" created, and all that belongs to them',
  details:
    'Removes what carries the tags of this site and nothing else, the last made first: managed VPN connections with their customer gateways and virtual private gateway, routes that point at its gateways, Elastic IPs, instances, keys in Parameter Store, security group, instance profile and role. ' +
    'What was adopted stays. Ends by asking the cloud what still carries the tags of the site; exit 5 names it. The site file stays, without the ids of instances that are gone and with a note of the Elastic IPs that were given back, so that "vpn init --apply" makes it all anew; the keys stay too.',
  flags: { site: FLAG.site, ...DESTROY },
  examples: [
    { line: 'hybridctl vpn destroy --dry-run', why: 'what would go, in order' },
    { line: 'hybridctl vpn destroy --yes', why: 'without a question' },
  ],

  async run({ site: file, ...options }, ports) {
    const loaded = await loadSite(ports, file);
    const { site } = loaded;
    const region = options.region ?? site.cloud.region;
    const outcome = await runDestroy(
      ports,
      {
        title: `the VPN gateways of ${site.site}`,
        site: site.site,
        region,
        steps: [...removalSteps(site, loaded.path), ...managedRemoval(site)],
      },
      options,
    );
    if (options.dryRun) return outcome;
    const aws = await ports.aws({ region, profile: options.profile, signal: ports.signal });
    const alive = await livingInstances(aws, site);
    const gone = new Set(
      site.gateways.flatMap(({ name, instance }) => (instance !== undefined && !alive.has(instance) ? [name] : [])),
    );
    // Read anew: the removal notes in it which addresses it gives back.
    const after = withoutInstances((await ports.files.read(loaded.path)) ?? loaded.text, site, gone);
    if (after !== undefined) await ports.files.write([{ path: loaded.path, content: after, mode: 0o644 }]);
    const left = await leftovers(aws, site.site);
    if (left.length > 0)
      throw partly(`${left.length} still ${left.length === 1 ? 'carries' : 'carry'} the tags of ${site.site}`, {
        more: left,
        next: 'they belong to gateways that the site file has no more, or to other commands: remove them by those',
      });
    return outcome;
  },

  json: procedureJson,
  data: (result) => result,
  human: humanProcedure,
});
