import { cidr, covers, type Cidr } from '../../domain/cidr.ts';
import { vpcCidrs } from '../../domain/vpc.ts';
import type { Device } from '../types.ts';
import type { LinuxTunnel } from './box.ts';

/**
 * FRR owns the routes of an on-prem box that speaks BGP: it holds the way through the tunnel as a floating static below
 * Direct Connect's route. A kernel route of ours beside it would be a second opinion.
 */
export const frrOwnsRoutes = ({ side, name, site }: Device): boolean =>
  side === 'onprem' &&
  (site.links.some((link) => link.kind === 'dx' && link.router === name) ||
    site.onprem.routers.some((router) => router.name === name && router.asn !== undefined));

/** The instance metadata service (EC2 user guide, "Instance metadata"). */
const METADATA = '169.254.169.254/32';

/**
 * What a gateway must not send into a tunnel although a network of the office lies around it: the VPC itself, the outer
 * addresses of the routers (the tunnel would carry its own packets), and the metadata service. `throw` ends the look-up
 * in the tunnel's table, and the main one decides (ip-route(8)).
 */
const outsideOf = ({ site }: Device, networks: readonly Cidr[]): readonly string[] => [
  ...new Set(
    [...vpcCidrs(site), ...site.onprem.routers.map(({ public_ip }) => cidr(`${public_ip}/32`)), cidr(METADATA)]
      .filter((own) => networks.some((network) => covers(network, own)))
      .map(({ text }) => text),
  ),
];

/** Arguments of `ip route replace` and `ip route del`. */
export interface KernelRoutes {
  readonly all: readonly string[];
  /** Those that lead to the other side's networks; what else is in the tunnel's table stays, whatever becomes of the tunnel. */
  readonly networks: readonly string[];
}

/**
 * A cloud gateway has the on-prem networks in a table of their own before the main one (the field document's form). An
 * on-prem box has them in the main table with a high metric, so that any routing protocol's own route wins.
 */
export const kernelRoutes = (device: Device, { tunnel, remote, device: iface }: LinuxTunnel): KernelRoutes => {
  const { numbers, inside } = tunnel;
  if (device.side === 'cloud') {
    const route = ({ text }: { readonly text: string }): string =>
      `${text} via ${remote.inside} table ${numbers.sla} dev ${iface}`;
    const networks = remote.networks.map(route);
    const outside = outsideOf(device, remote.networks).map((text) => `throw ${text} table ${numbers.sla}`);
    return { all: [...outside, route(inside), ...networks], networks };
  }
  const networks = frrOwnsRoutes(device)
    ? []
    : remote.networks.map(({ text }) => `${text} via ${remote.inside} dev ${iface} metric ${numbers.tunnel}`);
  return { all: networks, networks };
};
