import type { Site } from './site.ts';

/** Where the files that follow from a site file lie. All paths are relative. */
export interface Layout {
  /** Rendered files, one folder a device below it. Relative to the folder of the run. */
  readonly rendered: string;
  /** Pre-shared keys, one file a tunnel. Relative to the folder of the site file; the site file itself names each. */
  readonly psk: string;
  /** Certificates and their keys. Relative to the folder of the site file. */
  readonly pki: string;
}

/**
 * The one place that says where a site's files lie (src/lib/domain/layout.ts): every command asks it, none writes
 * 'rendered' or 'psk' itself. A site that is alone in its folder has `rendered/` and `psk/`; one with `folder: office`
 * in its site file has `rendered/office/` and `psk/office/`, since other sites share its folder. Certificates have
 * folders of their own in any case, by the site's name where no folder is said.
 */
export const layoutOf = ({ site, folder }: Pick<Site, 'site' | 'folder'>): Layout =>
  folder === undefined
    ? { rendered: 'rendered', psk: 'psk', pki: `pki/${site}` }
    : { rendered: `rendered/${folder}`, psk: `psk/${folder}`, pki: `pki/${folder}` };

/**
 * The site that a file of ours says it is for, in its first lines: `! rtr-1: … for site demo, rendered by hybridctl.`
 * undefined: it names none, as the files of Linux daemons do.
 */
export const siteNamedIn = (text: string): string | undefined =>
  /^.{0,200}\bfor site ([A-Za-z][A-Za-z0-9-]{0,30})\b.{0,100}\bby hybridctl\b/m.exec(text.slice(0, 2_000))?.[1];

/** Keeps a folder out of git, and says whose it is: {@link siteNamedIn} reads it. */
export const ignoreText = (site: string): string => `# Files for site ${site}, made by hybridctl.\n*\n`;
