import { issue } from './issue.ts';
import type { Router, Site, SiteIssue } from './site.ts';

/** Interfaces that speak PPP: an Ethernet line then carries 8 bytes less (RFC 2516 §7). */
const PPP = /^(dialer|ppp|pppoe|virtual-ppp)/i;

/** Where a NAT in front of a router has to let the gateway in; undefined where the router begins, or no NAT is there. */
export const forwardingOf = (
  site: Pick<Site, 'tunnels'>,
  { name, public_ip, private_ip }: Router,
): string | undefined =>
  private_ip === undefined ||
  private_ip === public_ip ||
  !site.tunnels.some(({ router, initiator }) => router === name && initiator !== 'router')
    ? undefined
    : `the NAT at ${public_ip} has to forward UDP 500 and 4500 to ${private_ip} (${name}), since the gateway begins`;

/** What the path between the two ends has to be like, and nobody has said. Pure. */
export const pathWarnings = (site: Site): readonly SiteIssue[] =>
  site.onprem.routers.flatMap((router, index) => {
    const used = site.tunnels.some((tunnel) => tunnel.router === router.name);
    const forwarding = forwardingOf(site, router);
    return [
      ...(used && router.wan_mtu === undefined && PPP.test(router.wan)
        ? [
            issue(
              ['onprem', 'routers', index, 'wan'],
              `${router.wan} looks like PPPoE, whose line carries 1492 bytes, and MTU and MSS are computed for 1500: set wan_mtu: 1492`,
            ),
          ]
        : []),
      ...(forwarding === undefined
        ? []
        : [
            issue(['onprem', 'routers', index, 'private_ip'], `${forwarding}: or set initiator: router on its tunnels`),
          ]),
    ];
  });
