import { defineCommand, flag, FLAG, text } from '../../lib/core/command.ts';
import { partly } from '../../lib/core/errors.ts';
import { isUtility, utilityRemoval } from '../../lib/procedures/localzone.ts';
import { leftovers } from '../../lib/procedures/vpn-gateways/leftovers.ts';
import {
  DESTROY_FLAGS,
  humanProcedure,
  procedureOptions,
  runDestroy,
  type ProcedureOptions,
  type ProcedureResult,
} from '../procedure.ts';
import { KEY_FILE, keyFileOf, loadOverrideSite, siteOf } from './shared.ts';

interface Options extends ProcedureOptions {
  readonly site: string;
  readonly keepRoutes: boolean;
  readonly purgeKey: boolean;
  readonly keyFile: string | undefined;
}

export const destroy = defineCommand<Options, ProcedureResult>({
  path: 'localzone destroy',
  summary: 'remove the utility instance, the static routes of its monitor and all it was made of',
  details:
    "Only what carries the site's tags, and only routes that point at the site's gateways. The instance goes first, so that its monitor can put no route back; then the routes, which is refused while nothing is propagated to take over; " +
    'then security group, key pair, instance profile and role. The SSH key file stays unless --purge-key is given. Ends by asking the cloud what still carries its tags; exit 5 names it.',
  flags: [
    FLAG.site,
    { flags: '--keep-routes', summary: 'leave the static routes where they are' },
    { flags: '--purge-key', summary: 'remove the SSH key file too' },
    KEY_FILE,
    ...DESTROY_FLAGS,
  ],
  examples: [
    { line: 'hybridctl localzone destroy --dry-run', why: 'what would go, in its order' },
    { line: 'hybridctl localzone destroy --purge-key --yes', why: 'all of it, from a script' },
  ],
  parse: (raw) => ({
    site: siteOf(raw),
    keepRoutes: flag(raw, 'keepRoutes'),
    purgeKey: flag(raw, 'purgeKey'),
    keyFile: text(raw, 'keyFile'),
    ...procedureOptions(raw),
  }),
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
    const left = (await leftovers(await ports.aws({ region, profile: options.profile }), site.site)).filter(isUtility);
    if (left.length > 0)
      throw partly(`${left.length} still ${left.length === 1 ? 'carries' : 'carry'} the tags of the utility instance`, {
        more: left,
        next: 'run it again; what stays, remove by hand',
      });
    return outcome;
  },
  human: humanProcedure,
});
