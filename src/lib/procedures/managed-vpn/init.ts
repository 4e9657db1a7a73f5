import { usageError } from '../../core/errors.ts';
import type { Ports } from '../../core/ports.ts';
import { layoutOf } from '../../domain/layout.ts';
import { saysNothing } from '../../site/answers.ts';
import { absolute, loadSite, readSiteText } from '../../site/file.ts';
import { planInit, type InitRequest } from '../init-site.ts';
import type { CloudInit } from '../vpn-gateways/init.ts';
import { settledFiles } from '../vpn-gateways/site-files.ts';
import { ONPREM_FILES, planManaged } from './steps.ts';

/**
 * Managed VPN connections for the site of the file, which is written first where the run describes it. Reads, and
 * changes nothing.
 * @param runbook the files of the routers follow from what AWS answers: a runbook can't hold them.
 */
export const planManagedInit = async (
  ports: Ports,
  { file, answers, example, pskFiles, out, render, ...request }: InitRequest,
  { runbook }: { readonly runbook: boolean },
): Promise<CloudInit> => {
  if (example !== undefined)
    throw usageError('an example has gateways of its own', {
      field: '--example',
      next: 'describe the site in a file, or by flags',
    });
  const there = (await readSiteText(ports, file)) !== undefined;
  const described =
    there && saysNothing(answers)
      ? undefined
      : await planInit(ports, { ...request, file, answers, example, pskFiles, out, render });
  const loaded = described?.loaded ?? (await loadSite(ports, file));
  const { site } = loaded;
  const { steps, warnings } = await planManaged(ports, loaded, {
    pskFiles,
    out: render ? absolute(ports.cwd, out ?? layoutOf(site).rendered) : undefined,
  });
  const first =
    described === undefined
      ? []
      : [settledFiles(ports, { key: 'site', title: 'site file', id: loaded.path }, () => described.pending)];
  return {
    procedure: {
      title: `the managed VPN of ${site.site}`,
      site: site.site,
      region: site.cloud.region,
      steps: [...first, ...(runbook ? steps.filter(({ key }) => key !== ONPREM_FILES) : steps)],
    },
    siteText: loaded.text,
    files: described?.files ?? [],
    tunnels: [],
    warnings,
    worthSaying: warnings,
    changesExisting: described?.changesExisting === true,
    next: [],
  };
};
