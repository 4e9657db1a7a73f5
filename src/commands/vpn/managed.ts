import { list, type Outcome, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import type { InitRequest } from '../../lib/procedures/init-site.ts';
import { ONPREM_FILES, planManaged } from '../../lib/procedures/managed-vpn/steps.ts';
import { saysNothing } from '../../lib/site/answers.ts';
import { absolute, loadSite } from '../../lib/site/file.ts';
import { runApply, type ProcedureResult } from '../procedure.ts';
import type { VpnApply } from './apply.ts';

/** `--gateway aws`: AWS's own ends in place of gateways on instances. */
const AWS = 'aws';

/** Whether AWS's own ends are asked for. @throws usage error where that can't be done together with the rest. */
export const asksForManaged = (raw: Raw): boolean => {
  const gateways = list(raw, 'gateway');
  if (!gateways.includes(AWS)) return false;
  if (gateways.length > 1) throw usageError('aws stands alone: other gateways are not made in the same run', { field: '--gateway' });
  if (raw.flags['apply'] !== true) throw usageError('aws is made in the cloud', { field: '--gateway', next: 'give --apply too, or look first with --apply --dry-run' });
  return true;
};

export interface ManagedInit {
  readonly warnings: readonly string[];
  readonly outcome: Outcome<ProcedureResult>;
}

/** Makes managed VPN connections for a site that is described already; the site file stays as it is. */
export const applyManaged = async (ports: Ports, { file, answers, example, pskFiles, out }: InitRequest, options: VpnApply): Promise<ManagedInit> => {
  if (example !== undefined || !saysNothing(answers)) throw usageError('aws takes the site as its file has it', { field: '--gateway', next: 'write the site file first: hybridctl vpn init, without --apply' });
  const loaded = await loadSite(ports, file);
  const { site } = loaded;
  const { steps, warnings } = await planManaged(ports, loaded, { pskFiles, out: out === undefined ? undefined : absolute(ports.cwd, out) });
  for (const warning of warnings) ports.progress(`warning: ${warning}`);
  const shown = options.emit === undefined ? steps : steps.filter(({ key }) => key !== ONPREM_FILES);
  return { warnings, outcome: await runApply(ports, { title: `the managed VPN of ${site.site}`, site: site.site, region: site.cloud.region, steps: shown }, options) };
};
