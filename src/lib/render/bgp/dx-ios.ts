import source from '../../../../templates/dx-ios/bgp.hbs?raw';
import { usageError } from '../../core/errors.ts';
import { cidr } from '../../domain/cidr.ts';
import { namingOf, ospfOf } from '../cisco/names.ts';
import { levelOf, routerOf, withMask } from '../cisco/shared.ts';
import { template } from '../engine.ts';
import type { Renderer } from '../types.ts';
import { BFD } from '../../domain/health/office-half.ts';
import { asnOf, bgpMetric, prefixesOf, sessionsOf, tunnelSessions } from './policy.ts';

const bgp = template(source);

/**
 * BGP of a Cisco IOS router towards Direct Connect, and inside the tunnels that have it. A standby link prepends the
 * own AS twice, so that the cloud prefers the other, and lowers the local preference to 50, so that the office does
 * (the field document "BJS DX").
 *
 * At crypto level `legacy` it is the field document's own form, which announces a default route if the router has one.
 * Otherwise it announces the on-prem networks and accepts the VPC's, and nothing else in either direction.
 *
 * @throws a usage error on an ASA, without an AS number, or with a password that can't be typed.
 */
export const renderIosBgp: Renderer = (device) => {
  const router = routerOf(device);
  if (router.dialect.startsWith('asa')) {
    throw usageError('Direct Connect is rendered for IOS and FRR routers, not for an ASA', {
      field: `onprem.routers.${device.name}.dialect`,
      next: 'end the link on another router',
    });
  }
  const asn = asnOf(device);
  const sessions = sessionsOf(device);
  const inTunnels = tunnelSessions(device);
  const what = `BGP ${[...(sessions.length > 0 ? ['towards Direct Connect'] : []), ...(inTunnels.length > 0 ? ['inside the tunnels'] : [])].join(' and ')}`;
  const legacy = levelOf(device) === 'legacy';
  const naming = namingOf(device);
  const actives = sessions.filter(({ link }) => link.role === 'active').length;
  const roles = new Set(sessions.map(({ link }) => link.role));
  const content = bgp({
    what,
    device: device.name,
    site: device.site.site,
    asn,
    dx: sessions.length > 0,
    legacy,
    modern: !legacy,
    routerId: legacy ? '' : (router.router_id ?? ''),
    active: !legacy && roles.has('active'),
    standby: roles.has('standby'),
    paths: !legacy && actives > 1 ? actives : '',
    ...prefixesOf(device),
    ospf: ospfOf(device),
    // The file of a route-based box puts the LAN into OSPF; one with a crypto map or without tunnels has none.
    ospfAlone: device.tunnels.length === 0 || router.dialect !== 'ios-vti',
    lan: router.lan,
    lanIp: router.lan_ip ?? '',
    dxIn: naming('DX-IN'),
    dxOut: naming('DX-OUT'),
    localPre: naming('LOCAL-PRE'),
    prepend: naming('PREPEND'),
    metric: bgpMetric(device, sessions),
    inTunnels,
    sessions: sessions.map(({ link, local, neighbor, prefix, password, timers, mapIn, mapOut }) => ({
      name: link.name,
      vlan: link.vlan,
      subinterface: link.interface === undefined ? '' : `${link.interface}.${link.vlan}`,
      address: withMask({ ...cidr(`${local}/32`), prefix }),
      neighbor,
      cloudAsn: link.cloud_asn,
      password,
      timers: legacy ? '' : timers,
      bfd: link.bfd ? `interval ${BFD.intervalMs} min_rx ${BFD.intervalMs} multiplier ${BFD.multiplier}` : '',
      // The field document leaves an active link as it is.
      mapIn: legacy && link.role === 'active' ? '' : mapIn,
      mapOut: legacy && link.role === 'active' ? '' : mapOut,
    })),
  });
  const secret = sessions.some(({ password }) => password !== '');
  return [
    {
      path: `${device.name}-${sessions.length > 0 ? 'dx' : 'bgp'}.ios`,
      mode: secret ? 0o600 : 0o644,
      content,
      what,
      ...(sessions.length > 0 ? { bgp: true as const } : {}),
    },
  ];
};
