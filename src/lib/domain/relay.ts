import { TUN_MTU } from './mtu.ts';
import type { Site } from './site.ts';
import { isLinux, type End, type Tunnel } from './tunnel.ts';

/** No service is registered there (IANA), and it is below the ephemeral ports of Linux (32768 and up). */
export const RELAY_PORT = 23_999;
/** The relay's table in nftables, as the template templates/linux/probe.nft.hbs names it. */
export const RELAY_TABLE = 'hybridctl_probe';
/** Where its rules lie on a gateway, below the root. */
export const RELAY_FILE = 'etc/hybridctl/probe.nft';
/** systemd's unit that loads them. */
export const RELAY_UNIT = 'hybridctl-probe.service';

/**
 * A gateway's own address as the near end of a tunnel, for probes. A VPC routes its own addresses the same from every
 * subnet, so the probe reaches the gateway whatever the route tables say; the gateway hands it to the router inside the
 * tunnel and nowhere else, and the answer comes back the same way.
 */
export interface Relay {
  readonly tunnel: string;
  readonly gateway: string;
  /** The gateway's private address. */
  readonly address: string;
  /**
   * TCP. A SYN-ACK or an RST is an answer of the router's; Linux and IOS limit neither, as they do ICMP unreachables.
   */
  readonly port: number;
  /**
   * Length of the ICMP echo that is relayed, from its IP header on: the tunnel's MTU, less 4 for each tunnel before it.
   */
  readonly echoBytes: number;
}

const userspace = ({ dialect, interface: kind }: End): boolean => isLinux(dialect) && kind === 'tun';

/**
 * The relays of the tunnels that have one: route-based, on a gateway with an interface for them and with nftables.
 * @param tunnels of one gateway or of all, in the site's order.
 */
export const relaysOf = (site: Site, tunnels: readonly Tunnel[]): readonly Relay[] => {
  const base = site.monitor?.relay_port ?? RELAY_PORT;
  const count = new Map<string, number>();
  return tunnels
    .filter(({ cloud }) => cloud.interface !== 'policy' && cloud.dialect !== 'openswan')
    .map(({ name, cloud, onprem, mtu }) => {
      const index = count.get(cloud.device) ?? 0;
      count.set(cloud.device, index + 1);
      const fits = userspace(cloud) || userspace(onprem) ? Math.min(mtu.mtu, TUN_MTU) : mtu.mtu;
      return {
        tunnel: name,
        gateway: cloud.device,
        address: cloud.address,
        port: base + index,
        echoBytes: fits - 4 * index,
      };
    });
};
