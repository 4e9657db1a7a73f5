import type { Credentials } from '../domain/certificates.ts';
import type { Dialect, Site } from '../domain/site.ts';
import { isLinux, type Tunnel } from '../domain/tunnel.ts';
import { renderIosBgp } from './bgp/dx-ios.ts';
import { renderFrr } from './bgp/frr.ts';
import { renderAsa82, renderAsa83, renderAsa97Vti } from './cisco/asa.ts';
import { renderIosCryptomap, renderIosVti } from './cisco/ios.ts';
import { renderLinux } from './linux/index.ts';
import type { Device, RenderedFile, Renderer } from './types.ts';

/** Keys by tunnel name and BGP passwords by link name: everything secret that a rendered file may hold. */
export interface Secrets {
  readonly psks: ReadonlyMap<string, string>;
  readonly bgpPasswords?: ReadonlyMap<string, string>;
  /** By device. */
  readonly credentials?: ReadonlyMap<string, Credentials>;
}

export interface RenderedDevice {
  readonly device: string;
  readonly side: Device['side'];
  readonly dialect: Dialect;
  readonly files: readonly RenderedFile[];
}

const OF_DIALECT: Readonly<Record<Dialect, Renderer>> = {
  swanctl: renderLinux,
  'ipsec-conf': renderLinux,
  libreswan: renderLinux,
  openswan: renderLinux,
  'ios-vti': renderIosVti,
  'ios-cryptomap': renderIosCryptomap,
  'asa-8.2': renderAsa82,
  'asa-8.3': renderAsa83,
  'asa-9.7-vti': renderAsa97Vti,
};

/**
 * Every file of every box of a site, both ends of each tunnel from the one spec. Pure: nothing is written.
 * @param tunnels from `tunnelsOf(site)`, already cross-checked.
 * @throws HybridError when a dialect can't express what the site asks (field and fix named).
 */
export const renderSite = (site: Site, tunnels: readonly Tunnel[], secrets: Secrets): readonly RenderedDevice[] => {
  const box = (name: string, side: Device['side'], dialect: Dialect): RenderedDevice => {
    const device: Device = {
      name,
      side,
      site,
      tunnels: tunnels.filter((tunnel) => tunnel[side].device === name),
      psks: secrets.psks,
      bgpPasswords: secrets.bgpPasswords ?? new Map(),
      credentials: secrets.credentials?.get(name),
    };
    const files = device.tunnels.length > 0 ? OF_DIALECT[dialect](device) : [];
    return { device: name, side, dialect, files: [...files, ...routing(device, dialect)] };
  };
  return [
    ...site.gateways.map(({ name, dialect }) => box(name, 'cloud', dialect)),
    ...site.onprem.routers.map(({ name, dialect }) => box(name, 'onprem', dialect)),
  ].filter(({ files }) => files.length > 0);
};

/**
 * BGP on routers that have it; on Linux, FRR also carries the tunnels' floating routes. An ASA's stands in its one
 * file.
 */
const routing = (device: Device, dialect: Dialect): readonly RenderedFile[] => {
  if (device.side === 'cloud') return [];
  const router = device.site.onprem.routers.find(({ name }) => name === device.name);
  const hasDx = device.site.links.some((link) => link.kind === 'dx' && link.router === device.name);
  if (isLinux(dialect))
    return hasDx || (router?.asn !== undefined && device.site.tunnels.length > 0) ? renderFrr(device) : [];
  return hasDx || (dialect === 'ios-vti' && device.tunnels.some(({ bgp }) => bgp !== undefined))
    ? renderIosBgp(device)
    : [];
};
