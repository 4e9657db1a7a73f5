import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { CryptoLevel } from '../../../../src/lib/domain/crypto.ts';
import { managedSite, managedTunnels } from '../../../../src/lib/domain/managed-vpn.ts';
import { siteSchema, type Dialect, type Site, type SiteInput } from '../../../../src/lib/domain/site.ts';
import { tunnelsOf } from '../../../../src/lib/domain/tunnel.ts';
import type { Device, Renderer } from '../../../../src/lib/render/types.ts';

export const fixture = (name: string): SiteInput =>
  parse(readFileSync(new URL(`../../../fixtures/${name}.yaml`, import.meta.url), 'utf8')) as SiteInput;

export interface Wanted {
  readonly crypto?: CryptoLevel;
  /** Every router speaks this dialect, and its tunnels are what the dialect takes. */
  readonly dialect?: Dialect;
  readonly psk?: string;
  /** AWS's own ends in place of the gateways. */
  readonly managed?: boolean;
  readonly bgpPasswords?: ReadonlyMap<string, string>;
}

/** A fixture turned to another crypto level or dialect, as a person would by editing the file. */
export const siteOf = (input: SiteInput, { crypto, dialect }: Wanted = {}): Site => {
  const site = siteSchema.parse(crypto === undefined ? input : { ...input, crypto });
  if (dialect === undefined) return site;
  const mode = dialect === 'ios-vti' || dialect === 'asa-9.7-vti' ? 'route' : 'policy';
  return {
    ...site,
    onprem: { ...site.onprem, routers: site.onprem.routers.map((router) => ({ ...router, dialect })) },
    tunnels: site.tunnels.map((tunnel) => ({ ...tunnel, mode })),
  };
};

export const deviceOf = (
  described: Site,
  name: string,
  { psk = 'cisco', managed = false, bgpPasswords = new Map() }: Wanted = {},
): Device => {
  const site = managed ? managedSite(described) : described;
  return {
    name,
    side: 'onprem',
    site,
    tunnels: (managed ? managedTunnels(site) : tunnelsOf(site)).filter((tunnel) => tunnel.onprem.device === name),
    psks: new Map(site.tunnels.map((tunnel) => [tunnel.name, psk])),
    bgpPasswords,
  };
};

/** The one file of a network device. */
export const rendered = (renderer: Renderer, input: SiteInput, name: string, wanted: Wanted = {}): string =>
  renderer(deviceOf(siteOf(input, wanted), name, wanted))[0]!.content;
