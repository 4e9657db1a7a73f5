import type { ProbeSpec } from '../core/ports.ts';
import { addressText, cidr } from '../domain/cidr.ts';
import type { Profile } from '../domain/health/profiles.ts';
import type { Link, Site } from '../domain/site.ts';
import type { Watched } from './observe.ts';

const insideOf = (site: Site, link: Link): string => (link.kind === 'dx' ? link.inside : site.tunnels.find(({ name }) => name === link.tunnel)!.inside);

/** Probes of every link: its own targets, else the router's inside address. */
export const watchedBy = (site: Site, profile: Profile): { probes: readonly ProbeSpec[]; watched: Watched } => {
  const links = site.links.map((link) => {
    const { targets, kind = 'icmp', port } = link.probe ?? { targets: [addressText(cidr(insideOf(site, link)).first + 1)] };
    return { link: link.name, specs: targets.map((address): ProbeSpec => ({ id: `${link.name} ${address}`, kind, address, ...(port === undefined ? {} : { port }), intervalMs: profile.tauMs })) };
  });
  return { probes: links.flatMap(({ specs }) => specs), watched: { links: links.map(({ link, specs }) => ({ link, probes: specs.map(({ id }) => id) })), canaries: [] } };
};
