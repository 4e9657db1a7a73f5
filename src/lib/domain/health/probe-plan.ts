import type { ProbeSpec, Way } from '../../core/ports.ts';
import { relaysOf, type Relay } from '../relay.ts';
import type { Link, Site } from '../site.ts';
import { tunnelsOf } from '../tunnel.ts';

export interface LinkProbe extends ProbeSpec {
  /** The link it judges. */
  readonly link: string;
}

/** What of a profile decides how often is asked: any profile is one. */
export interface Pace {
  readonly tauMs: number;
  /** Undefined: no large probes, as in the 3-ping loop. */
  readonly largeEveryMs?: number;
}

/** Direct Connect: 1500 at a private virtual interface without jumbo frames. */
const DX_MTU = 1_500;

/** Where a link's probes go: what the site file says, else the far end that every such link has. */
const addressesOf = (site: Site, link: Link): readonly string[] => {
  if (link.probe !== undefined) return link.probe.targets;
  const own = link.kind === 'dx' ? site.onprem.routers.find(({ name }) => name === link.router)?.lan_ip : undefined;
  return own === undefined ? [] : [own];
};

/**
 * The way that a link's packets go. Over a VPN through its gateway; over Direct Connect through none, whose hops do not
 * all tell their address.
 */
const wayOf = (site: Site, link: Link): Way => {
  if (link.kind === 'dx') return { never: site.gateways.map(({ private_ip }) => private_ip) };
  const { gateway, inside } = site.tunnels.find(({ name }) => name === link.tunnel)!;
  return { via: { gateway: site.gateways.find(({ name }) => name === gateway)!.private_ip, tunnel: inside } };
};

/**
 * Every probe of a site, such that each crosses the path it judges whatever the managed route tables say at the moment.
 *
 * Direct Connect: its router's office address, by ICMP, from a subnet whose route table follows the virtual private
 * gateway. VPN: through the gateway's relay and its tunnel, by TCP, with an ICMP echo of the tunnel's MTU once a
 * second. A link with targets of its own is asked there; the user's routes decide on the way, and an answer that
 * came another way is none.
 *
 * A link that has no path of its own to be asked on is not in the plan: a policy-based tunnel, or a Direct Connect
 * router without `lan_ip`, as long as the site file gives it no targets.
 */
export const probePlan = (site: Site, { tauMs, largeEveryMs }: Pace): readonly LinkProbe[] => {
  const tunnels = tunnelsOf(site);
  const relays = new Map(relaysOf(site, tunnels).map((relay): [string, Relay] => [relay.tunnel, relay]));
  const large = (bytes: number) => (largeEveryMs === undefined ? {} : { large: { bytes, intervalMs: largeEveryMs } });
  return site.links.flatMap((link): readonly LinkProbe[] => {
    const relay = link.kind === 'vpn' ? relays.get(link.tunnel) : undefined;
    if (relay !== undefined && link.probe === undefined) {
      return [
        {
          link: link.name,
          id: `${link.name}/${relay.address}`,
          kind: 'tcp',
          address: relay.address,
          port: relay.port,
          intervalMs: tauMs,
          relayed: { bytes: relay.echoBytes },
          ...large(relay.echoBytes),
        },
      ];
    }
    const mtu =
      link.kind === 'dx' ? DX_MTU : (relay?.echoBytes ?? tunnels.find(({ name }) => name === link.tunnel)!.mtu.mtu);
    return addressesOf(site, link).map((address) => ({
      link: link.name,
      id: `${link.name}/${address}`,
      kind: link.probe?.kind ?? 'icmp',
      address,
      ...(link.probe?.port === undefined ? {} : { port: link.probe.port }),
      intervalMs: tauMs,
      way: wayOf(site, link),
      ...large(mtu),
    }));
  });
};
