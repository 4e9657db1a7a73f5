import { FLAG, text, type Argument, type Raw } from '../../lib/core/command.ts';
import type { Ports } from '../../lib/core/ports.ts';
import type { Site } from '../../lib/domain/site.ts';
import { vifLinkOf, type VifLink } from '../../lib/procedures/direct-connect.ts';
import { loadBgpPasswords, loadSite } from '../../lib/site/file.ts';

export const LINK: Argument = {
  name: '[link]',
  summary: 'the Direct Connect link of the site file; needed where there are several',
};

export interface LinkOptions {
  readonly site: string;
  readonly link: string | undefined;
}

export const linkOptions = (raw: Raw): LinkOptions => ({
  site: text(raw, 'site') ?? FLAG.site.default,
  link: raw.args[0] as string | undefined,
});

export const loadLink = async (
  ports: Ports,
  { site: file, link }: LinkOptions,
): Promise<{ readonly site: Site; readonly vif: VifLink }> => {
  const loaded = await loadSite(ports, file);
  return { site: loaded.site, vif: vifLinkOf(loaded.site, link, await loadBgpPasswords(ports, loaded)) };
};
