import { arg } from '../../lib/core/flags.ts';
import { text } from '../../lib/core/flags/kinds.ts';
import type { Ports } from '../../lib/core/ports.ts';
import type { Site } from '../../lib/domain/site.ts';
import { vifLinkOf, type VifLink } from '../../lib/procedures/direct-connect.ts';
import { loadBgpPasswords, loadSite } from '../../lib/site/file.ts';

export const LINK = {
  link: arg(
    text({ placeholder: 'link', like: 'dx-1' }),
    'the Direct Connect link of the site file; needed where there are several',
  ),
} as const;

export interface LinkOptions {
  readonly site: string;
  readonly link: string | undefined;
}

export const loadLink = async (
  ports: Ports,
  { site: file, link }: LinkOptions,
): Promise<{ readonly site: Site; readonly vif: VifLink }> => {
  const loaded = await loadSite(ports, file);
  return { site: loaded.site, vif: vifLinkOf(loaded.site, link, await loadBgpPasswords(ports, loaded)) };
};
