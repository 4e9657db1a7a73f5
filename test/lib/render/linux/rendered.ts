import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { siteSchema, type Site } from '../../../../src/lib/domain/site.ts';
import { tunnelsOf } from '../../../../src/lib/domain/tunnel.ts';
import { renderLinux } from '../../../../src/lib/render/linux/index.ts';
import type { Device, RenderedFile } from '../../../../src/lib/render/types.ts';

/** A site file is edited as a person would: as plain YAML. */
type Loose = any;

/** A fixture, with changes made to its YAML before it is read. */
export const siteOf = (fixture: string, edit: (site: Loose) => void = () => undefined): Site => {
  const loose = parse(readFileSync(new URL(`../../../fixtures/${fixture}.yaml`, import.meta.url), 'utf8'));
  edit(loose);
  return siteSchema.parse(loose);
};

export const deviceOf = (site: Site, name: string, psks?: ReadonlyMap<string, string>): Device => {
  const side = site.gateways.some((gateway) => gateway.name === name) ? 'cloud' : 'onprem';
  const tunnels = tunnelsOf(site).filter((tunnel) => tunnel[side].device === name);
  return {
    name,
    side,
    site,
    tunnels,
    psks: psks ?? new Map(tunnels.map((tunnel) => [tunnel.name, `Key.of.${tunnel.name}`])),
    bgpPasswords: new Map(),
  };
};

export const rendered = (site: Site, name: string): readonly RenderedFile[] => renderLinux(deviceOf(site, name));

/** All files of a box in one text, for whole-box golden files. */
export const bundle = (files: readonly RenderedFile[]): string =>
  files
    .map(({ path, mode, what, content }) => `===== ${path} ${mode.toString(8).padStart(4, '0')} (${what})\n${content}`)
    .join('\n');

export const fileOf = (files: readonly RenderedFile[], path: string): string => {
  const found = files.find((file) => file.path === path);
  if (found === undefined) throw new Error(`no ${path} among ${files.map((file) => file.path).join(', ')}`);
  return found.content;
};
