import { defineCommand } from '../../lib/core/define.ts';
import { partly } from '../../lib/core/errors.ts';
import { toggle } from '../../lib/core/flags.ts';
import { isUtility, utilityRemoval } from '../../lib/procedures/localzone.ts';
import { leftovers } from '../../lib/procedures/vpn-gateways/leftovers.ts';
import { FLAG } from '../flags.ts';
import { DESTROY, humanProcedure, runDestroy, procedureJson } from '../procedure.ts';
import { KEY_FILE, keyFileOf, loadOverrideSite } from './shared.ts';

export const destroy = defineCommand({
  path: 'localzone destroy',
  summary: 'delete the utility instance, the static routes of its monitor, and all that was created for it',
  details:
    "Only what carries the site's tags, and only routes that point at the site's gateways. The instance goes first, so that its monitor can put no route back; then the routes, which is refused while nothing is propagated to take over; " +
    'then security group, key pair, instance profile and role. The SSH key file stays unless --purge-key is given. Ends by asking the cloud what still carries its tags; exit 5 names it.',
  flags: {
    site: FLAG.site,
    keepRoutes: toggle('leave the static routes where they are'),
    purgeKey: toggle('remove the SSH key file too'),
    keyFile: KEY_FILE,
    ...DESTROY,
  },
  examples: [
    { line: 'hybridctl localzone destroy --dry-run', why: 'what would go, in its order' },
    { line: 'hybridctl localzone destroy --purge-key --yes', why: 'all of it, from a script' },
  ],
  async run({ keepRoutes, purgeKey, keyFile, ...options }, ports) {
    const { site } = await loadOverrideSite(ports, options.site);
    const steps = utilityRemoval(site, {
      keepRoutes,
      purgeKey: purgeKey ? keyFileOf(ports, keyFile, site.site) : undefined,
    });
    const region = options.region ?? site.cloud.region;
    const outcome = await runDestroy(
      ports,
      { title: `the utility instance of ${site.site}`, site: site.site, region, steps },
      options,
    );
    if (options.dryRun) return outcome;
    const left = (
      await leftovers(await ports.aws({ region, profile: options.profile, signal: ports.signal }), site.site)
    ).filter(isUtility);
    if (left.length > 0)
      throw partly(`${left.length} still ${left.length === 1 ? 'carries' : 'carry'} the tags of the utility instance`, {
        more: left,
        next: 'run it again; what stays, remove by hand',
      });
    return outcome;
  },
  json: procedureJson,
  data: (result) => result,
  human: humanProcedure,
});
