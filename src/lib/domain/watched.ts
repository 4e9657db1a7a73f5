import { issue } from './issue.ts';
import type { Site, SiteIssue } from './site.ts';
import { ends, isLinux, linuxInterfaceName, tunnelsOf, type End, type Tunnel } from './tunnel.ts';

type Side = End['side'];

/** Whether a Linux end has routes of its own through the tunnel. */
const isRouted = (tunnel: Tunnel, side: Side): boolean => {
  const { local } = ends(tunnel, side);
  return (
    isLinux(local.dialect) &&
    linuxInterfaceName(local, tunnel.numbers) !== undefined &&
    (side === 'cloud' || tunnel.bgp === undefined)
  );
};

/**
 * The tunnels of a box whose routes its tunnel watch takes away when they die. On an on-prem Linux router all, since
 * the office has other ways (another router, Direct Connect). On a cloud gateway where it has several: the only one has
 * no substitute there, and the monitor takes the VPC's routes from the gateway. Policy-based tunnels have no routes,
 * and where BGP brings them (a managed VPN) BGP takes them away.
 * @param tunnels of the box.
 */
export const watchedTunnels = (tunnels: readonly Tunnel[], side: Side): readonly Tunnel[] => {
  const routed = tunnels.filter((tunnel) => isRouted(tunnel, side));
  return side === 'cloud' && routed.length < 2 ? [] : routed;
};

const boxesOf = (tunnels: readonly Tunnel[], side: Side): ReadonlyMap<string, readonly Tunnel[]> => {
  const boxes = new Map<string, Tunnel[]>();
  for (const tunnel of tunnels) boxes.set(tunnel[side].device, [...(boxes.get(tunnel[side].device) ?? []), tunnel]);
  return boxes;
};

/** Boxes with a tunnel watch, by tunnel. */
export const watchers = (site: Site): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, string[]>();
  const tunnels = tunnelsOf(site);
  for (const side of ['cloud', 'onprem'] as const)
    for (const [device, own] of boxesOf(tunnels, side))
      for (const { name } of watchedTunnels(own, side)) found.set(name, [...(found.get(name) ?? []), device]);
  return found;
};

/** Linux boxes whose tunnels can't stand in for each other: selectors decide, and they are the same for all. */
export const redundancyWarnings = (site: Site): readonly SiteIssue[] => {
  const tunnels = tunnelsOf(site);
  return (['cloud', 'onprem'] as const).flatMap((side) =>
    [...boxesOf(tunnels, side)].flatMap(([device, own]) => {
      const policy = own.filter(
        (tunnel) => isLinux(tunnel[side].dialect) && linuxInterfaceName(tunnel[side], tunnel.numbers) === undefined,
      );
      if (policy.length < 2) return [];
      const at = site.tunnels.findIndex(({ name }) => name === policy[1]!.name);
      return [
        issue(
          ['tunnels', at, 'mode'],
          `${policy.map(({ name }) => name).join(' and ')} of ${device} are policy-based, with the same selectors: when one dies its packets do not go through the other. Set mode: route, or give each a box of its own`,
        ),
      ];
    }),
  );
};
