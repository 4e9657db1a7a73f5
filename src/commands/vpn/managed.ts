import { list, type Outcome, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { planInit, type InitRequest, type PlannedFile } from '../../lib/procedures/init-site.ts';
import { ONPREM_FILES, planManaged } from '../../lib/procedures/managed-vpn/steps.ts';
import { settledFiles } from '../../lib/procedures/vpn-gateways/site-files.ts';
import { saysNothing } from '../../lib/site/answers.ts';
import { absolute, loadSite, readSiteText } from '../../lib/site/file.ts';
import { runApply, type ProcedureResult } from '../procedure.ts';
import type { VpnApply } from './apply.ts';
import { agreeToChange } from './consent.ts';

/** `--gateway aws`: AWS's own ends in place of gateways on instances. */
const AWS = 'aws';

/** Whether AWS's own ends are asked for. @throws usage error where that can't be done together with the rest. */
export const asksForManaged = (raw: Raw): boolean => {
  const gateways = list(raw, 'gateway');
  if (!gateways.includes(AWS)) return false;
  if (gateways.length > 1)
    throw usageError('aws stands alone: other gateways are not made in the same run', { field: '--gateway' });
  if (raw.flags['apply'] !== true)
    throw usageError('aws is made in the cloud', {
      field: '--gateway',
      next: 'give --apply too, or look first with --apply --dry-run',
    });
  return true;
};

export interface ManagedInit {
  /** Of the site itself: what is written where it was described in the same run. */
  readonly files: readonly PlannedFile[];
  readonly warnings: readonly string[];
  readonly outcome: Outcome<ProcedureResult>;
}

/** Makes managed VPN connections for the site of the file, which is written first where the run describes it. */
export const applyManaged = async (ports: Ports, request: InitRequest, options: VpnApply): Promise<ManagedInit> => {
  const { file, answers, example, pskFiles, out } = request;
  if (example !== undefined)
    throw usageError('an example has gateways of its own', {
      field: '--example',
      next: 'describe the site in a file, or by flags',
    });
  const there = (await readSiteText(ports, file)) !== undefined;
  const described = there && saysNothing(answers) ? undefined : await planInit(ports, request);
  if (described?.changesExisting === true && !options.dryRun && options.emit === undefined && !options.force)
    await agreeToChange(ports, file);
  const loaded = described?.loaded ?? (await loadSite(ports, file));
  const { site } = loaded;
  const { steps, warnings } = await planManaged(ports, loaded, {
    pskFiles,
    out: out === undefined ? undefined : absolute(ports.cwd, out),
  });
  for (const warning of warnings) ports.progress(`warning: ${warning}`);
  const shown = options.emit === undefined ? steps : steps.filter(({ key }) => key !== ONPREM_FILES);
  const first =
    described === undefined
      ? []
      : [settledFiles(ports, { key: 'site', title: 'site file', id: loaded.path }, () => described.pending)];
  return {
    files: described?.files ?? [],
    warnings,
    outcome: await runApply(
      ports,
      {
        title: `the managed VPN of ${site.site}`,
        site: site.site,
        region: site.cloud.region,
        steps: [...first, ...shown],
      },
      options,
    ),
  };
};
