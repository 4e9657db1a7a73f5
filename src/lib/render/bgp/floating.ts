import { linuxInterfaceName, type Tunnel } from '../../domain/tunnel.ts';
import { vpcCidrs } from '../../domain/vpc.ts';
import { staticDistance } from '../cisco/shared.ts';
import type { Device } from '../types.ts';

/** Static routes of FRR's through a tunnel, worse than Direct Connect's by their distance. */
export interface FloatingRoutes {
  readonly tunnel: Tunnel;
  /** What stands behind `ip route`, for each network of the VPC. */
  readonly routes: readonly string[];
}

/**
 * The floating routes of an on-prem Linux router, in the order of its tunnels. Without an interface the kernel's
 * policies decide, and there is no route to float; where BGP brings one, none is needed.
 */
export const floatingRoutes = ({ site, tunnels }: Device): readonly FloatingRoutes[] =>
  tunnels.flatMap((tunnel, index) => {
    const via = linuxInterfaceName(tunnel.onprem, tunnel.numbers);
    if (via === undefined || tunnel.bgp !== undefined) return [];
    // The whole VPC, as Direct Connect announces it: a longer prefix here would win over Direct Connect at any distance.
    const routes = vpcCidrs(site).map(
      ({ text }) => `${text} ${tunnel.cloud.inside} ${via} tag ${tunnel.numbers.tunnel} ${staticDistance(index, true)}`,
    );
    return [{ tunnel, routes }];
  });
