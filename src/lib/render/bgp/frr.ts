import source from '../../../../templates/frr/frr.hbs?raw';
import { namingOf } from '../cisco/names.ts';
import { routerOf, staticMetric } from '../cisco/shared.ts';
import { template } from '../engine.ts';
import type { Renderer } from '../types.ts';
import { floatingRoutes } from './floating.ts';
import { BFD } from '../../domain/health/office-half.ts';
import { asnOf, bgpMetric, prefixesOf, sessionsOf, tunnelSessions } from './policy.ts';

const frr = template(source);

/**
 * FRR of an on-prem Linux router: BGP towards Direct Connect, through each tunnel BGP or a floating static route, and
 * OSPF on the office LAN, which hears both and so sends where the cloud sends. FRR 8.4 and later.
 *
 * @throws a usage error when Direct Connect lacks an AS number or a password can't be typed.
 */
export const renderFrr: Renderer = (device) => {
  const { site } = device;
  const naming = namingOf(device);
  const router = routerOf(device);
  const sessions = sessionsOf(device);
  const inTunnels = tunnelSessions(device);
  const speaks = sessions.length + inTunnels.length > 0;
  const roles = new Set(sessions.map(({ link }) => link.role));
  const tunnels = floatingRoutes(device).map(({ tunnel, routes }) => ({
    name: tunnel.name,
    number: tunnel.numbers.tunnel,
    sequence: 10 * (device.tunnels.indexOf(tunnel) + 1),
    metric: staticMetric(device, tunnel),
    routes,
  }));
  const content = frr({
    device: device.name,
    site: site.site,
    routerId: router.router_id ?? router.lan_ip ?? '',
    lan: router.lan,
    tunnels,
    floating: tunnels.length > 0,
    dxIn: naming('DX-IN'),
    dxOut: naming('DX-OUT'),
    localPre: naming('LOCAL-PRE'),
    prepend: naming('PREPEND'),
    static2ospf: naming('static2ospf'),
    bgp: speaks,
    asn: speaks ? asnOf(device) : 0,
    bfd: sessions.some(({ link }) => link.bfd),
    intervalMs: BFD.intervalMs,
    multiplier: BFD.multiplier,
    active: roles.has('active'),
    standby: roles.has('standby'),
    ...prefixesOf(device),
    metric: bgpMetric(device, sessions),
    inTunnels,
    sessions: sessions.map(({ link, neighbor, password, timers, mapIn, mapOut }) => ({
      name: link.name,
      neighbor,
      cloudAsn: link.cloud_asn,
      password,
      timers,
      bfd: link.bfd,
      mapIn,
      mapOut,
    })),
  });
  const secret = sessions.some(({ password }) => password !== '');
  return [
    {
      path: 'etc/frr/frr.conf',
      mode: secret ? 0o600 : 0o644,
      content,
      what: 'BGP towards Direct Connect, routes through the tunnels, OSPF on the LAN',
      bgp: true,
    },
  ];
};
