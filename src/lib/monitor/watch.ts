import type { ProbeSpec, Testimony } from '../core/ports.ts';
import { addressNumber, cidr, contains } from '../domain/cidr.ts';
import { probePlan } from '../domain/health/probe-plan.ts';
import type { Profile } from '../domain/health/profiles.ts';
import type { Canary, Site } from '../domain/site.ts';
import type { Watched } from './observe.ts';
import { tablesOfOthers } from './policy.ts';

/**
 * The hosts that must answer before we believe our own eyes. Beside the gateways: any of the site's. On a gateway:
 * those in the subnets whose table we would take over. While none of them answers, the zone is cut off from us: the
 * peer's silence says nothing then, and its hosts could not reach us either.
 */
export const canariesOf = (site: Site, self: string | undefined): readonly Canary[] => {
  const all = site.monitor?.canaries ?? [];
  if (self === undefined) return all;
  const subnets = tablesOfOthers(site, self).flatMap((table) => table.subnets.map(cidr));
  return all.filter(({ address }) => subnets.some((subnet) => contains(subnet, address)));
};

export interface Watching {
  readonly probes: readonly ProbeSpec[];
  readonly watched: Watched;
  /** Links that a witness's word concerns. */
  readonly concerned: (testimony: Testimony) => readonly string[];
  /** charon's connection of each VPN link: called like its tunnel, as in every file that we render. */
  readonly connections: ReadonlyMap<string, string>;
}

/**
 * The site's probes and which link each judges. A link without probes stays unknown, and no route is ever moved there.
 */
export const watchedBy = (site: Site, profile: Profile, self?: string): Watching => {
  const probes = probePlan(site, profile.kind === 'cusum' ? profile : { tauMs: profile.tauMs });
  const canaries = canariesOf(site, self).map(({ address, kind, port }): ProbeSpec => {
    const at = port === undefined ? {} : { port };
    return {
      id: `canary/${kind === 'icmp' ? address : `${kind}:${address}:${port}`}`,
      kind,
      address,
      ...at,
      intervalMs: profile.tauMs,
    };
  });
  return {
    probes: [...probes, ...canaries],
    watched: {
      links: site.links.map((link) => {
        const mine = probes.filter((probe) => probe.link === link.name);
        const gateway = site.tunnels.find(({ name }) => link.kind === 'vpn' && name === link.tunnel)?.gateway;
        return {
          link: link.name,
          probes: mine.map(({ id }) => id),
          ...(gateway !== undefined && mine.some(({ relayed, way }) => relayed !== undefined || way?.via !== undefined)
            ? { relay: gateway }
            : {}),
        };
      }),
      canaries: canaries.map(({ id }) => id),
    },
    concerned: concernedBy(site),
    connections: new Map(
      site.links.flatMap((link) => (link.kind === 'vpn' ? [[link.name, link.tunnel] as const] : [])),
    ),
  };
};

/**
 * Which links a witness speaks of. charon's connections are called like tunnels, as in every file that we render; a BFD
 * peer has an address of the link's inside network, at either end.
 */
const concernedBy = (site: Site): ((testimony: Testimony) => readonly string[]) => {
  const links = site.links.map((link) => {
    const tunnel = link.kind === 'vpn' ? link.tunnel : undefined;
    const inside = cidr(link.kind === 'dx' ? link.inside : site.tunnels.find(({ name }) => name === tunnel)!.inside);
    return { name: link.name, tunnel, inside };
  });
  return ({ evidence, about }) => {
    const peer = evidence === 'bfd-down';
    if (peer && addressNumber(about) === undefined) return [];
    return links
      .filter(({ tunnel, inside }) => (peer ? contains(inside, about) : tunnel === about))
      .map(({ name }) => name);
  };
};
