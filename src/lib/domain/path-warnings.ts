import { issue } from './issue.ts';
import { oneAtATime } from './one-at-a-time.ts';
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

/**
 * A firewall answers by its own route, whatever the packet came in by, and drops what belongs to no connection of that
 * interface: where a route table prefers another of its tunnels, the answer takes the wrong one.
 */
const opposedOrders = (site: Site): readonly SiteIssue[] =>
  site.onprem.routers.flatMap(({ name, dialect }) => {
    const own = site.tunnels.filter(({ router }) => router === name).map((tunnel) => tunnel.name);
    if (dialect !== 'asa-9.7-vti' || own.length < 2) return [];
    return site.route_tables.flatMap((table, index) => {
      const order = table.links.flatMap((wanted) => {
        const link = site.links.find((one) => one.name === wanted);
        return link?.kind === 'vpn' && own.includes(link.tunnel) ? [link.tunnel] : [];
      });
      const usual = own.filter((tunnel) => order.includes(tunnel));
      return order.join() === usual.join()
        ? []
        : [
            issue(
              ['route_tables', index, 'links'],
              `${table.name} prefers ${order.join(', ')}, and ${name}, which is a stateful firewall, answers by ${usual.join(', ')} (the order of tunnels): it drops answers that take the other tunnel: give both the same order`,
            ),
          ];
    });
  });

/** What the path between the two ends has to be like, and nobody has said. Pure. */
export const pathWarnings = (site: Site): readonly SiteIssue[] => [...routerWarnings(site), ...opposedOrders(site)];

const routerWarnings = (site: Site): readonly SiteIssue[] =>
  site.onprem.routers.flatMap((router, index) => {
    const single = oneAtATime(site).find((one) => one.router === router.name);
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
      ...(single === undefined
        ? []
        : [
            issue(
              ['onprem', 'routers', index, 'dialect'],
              `${router.dialect} has one crypto map entry for ${single.tunnels.join(' and ')}, and one of them lives at a time: the others are down meanwhile, the monitor takes that for standby, and the change to another takes the box about 2 minutes`,
            ),
          ]),
      ...(forwarding === undefined
        ? []
        : [
            issue(['onprem', 'routers', index, 'private_ip'], `${forwarding}: or set initiator: router on its tunnels`),
          ]),
    ];
  });
