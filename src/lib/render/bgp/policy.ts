import { usageError } from '../../core/errors.ts';
import { cidr, netmask } from '../../domain/cidr.ts';
import { dxSession } from '../../domain/direct-connect.ts';
import { BGP_TIMERS } from '../../domain/health/office-half.ts';
import type { DxLink } from '../../domain/site.ts';
import { vpcCidrs } from '../../domain/vpc.ts';
import { namingOf } from '../cisco/names.ts';
import { ciscoSecret, routerOf, staticMetric } from '../cisco/shared.ts';
import type { View } from '../engine.ts';
import type { Device } from '../types.ts';

/** A BGP session of a router over one Direct Connect link. */
export interface Session {
  readonly link: DxLink;
  /** The router's own address, and the cloud's. */
  readonly local: string;
  readonly neighbor: string;
  readonly prefix: number;
  /** Empty when the link has none. */
  readonly password: string;
  /** Empty where BFD finds a dead session. */
  readonly timers: string;
  /** Route-maps by the link's role. */
  readonly mapIn: string;
  readonly mapOut: string;
}

/**
 * Every router's links have the same two policies, so maps are named by role: the field document's names for the
 * standby.
 */
const MAPS = {
  active: { mapIn: 'DX-IN', mapOut: 'DX-OUT' },
  standby: { mapIn: 'LOCAL-PRE', mapOut: 'PREPEND' },
} as const;

/** @throws a usage error when the password can't be typed. */
export const sessionsOf = (device: Device): readonly Session[] =>
  device.site.links.flatMap((link) => {
    if (link.kind !== 'dx' || link.router !== device.name) return [];
    const { router, cloud, prefix } = dxSession(link);
    const field = `links.${link.name}.bgp_password_file`;
    const password =
      link.bgp_password_file === undefined
        ? ''
        : ciscoSecret(device.bgpPasswords.get(link.name), 'BGP password', field);
    const timers = link.bfd ? '' : QUICK_TIMERS;
    const naming = namingOf(device);
    const { mapIn, mapOut } = MAPS[link.role];
    return [
      {
        link,
        local: router,
        neighbor: cloud,
        prefix,
        password,
        timers,
        mapIn: naming(mapIn),
        mapOut: naming(mapOut),
      },
    ];
  });

/** What goes over a session in either direction: prefix lists, and the networks as IOS and ASA announce them. */
export const prefixesOf = (device: Device) => ({
  vpcList: namingOf(device)('VPC'),
  onpremList: namingOf(device)('ONPREM'),
  // Every CIDR of the VPC, and parts of it: a Direct Connect gateway announces its allowed prefixes as they are given,
  // and the smallest VPC or subnet is a /28 (Amazon VPC user guide, "VPC CIDR blocks").
  vpc: vpcCidrs(device.site).map(({ text, prefix }, index) => ({
    text: prefix < 28 ? `${text} le 28` : text,
    sequence: 5 * (index + 1),
  })),
  onprem: device.site.onprem.networks.map((text, index) => ({
    text,
    sequence: 5 * (index + 1),
    masked: `${cidr(text).address} mask ${netmask(cidr(text).prefix)}`,
  })),
});

const QUICK_TIMERS = `${BGP_TIMERS.keepalive} ${BGP_TIMERS.hold}`;
/** Below Direct Connect's (100), also below a standby link's (50); the next tunnel has less. */
const TUNNEL_PREFERENCE = 40;

/**
 * BGP sessions inside tunnels, one to each that has it, with route-maps of its own. AWS goes by the shorter AS path and
 * the office by local preference and OSPF's metric, all three in the tunnels' order: so packets come back the way they
 * went, as an ASA must have it.
 */
export const tunnelSessions = (device: Device) =>
  device.tunnels.flatMap(({ name, bgp, cloud, numbers }, index) =>
    bgp === undefined
      ? []
      : [
          {
            name,
            neighbor: cloud.inside,
            cloudAsn: bgp.cloudAsn,
            timers: QUICK_TIMERS,
            mapIn: namingOf(device)(`VPN-IN-${numbers.tunnel}`),
            mapOut: namingOf(device)(`VPN-OUT-${numbers.tunnel}`),
            preference: TUNNEL_PREFERENCE - 10 * index,
            prepend: Array.from({ length: bgp.rank }, () => asnOf(device)).join(' '),
          } satisfies View,
        ],
  );

/** @throws a usage error when the router has Direct Connect and no AS number. */
export const asnOf = (device: Device): number => {
  const { asn } = routerOf(device);
  if (asn === undefined) {
    throw usageError(`${device.name} has Direct Connect and no BGP AS number`, {
      field: `onprem.routers.${device.name}.asn`,
      next: 'set one, like asn: 65010',
    });
  }
  return asn;
};

/**
 * OSPF metric of what BGP teaches: of Direct Connect, better than any tunnel (20 and up), and a standby link worse than
 * an active one; of tunnels alone, that of the first. The routers of a site have no iBGP between them, so local
 * preference alone would not move the office's traffic.
 */
export const bgpMetric = (device: Device, sessions: readonly Session[]): number => {
  const [first] = device.tunnels;
  return sessions.length === 0 && first !== undefined
    ? staticMetric(device, first)
    : sessions.some(({ link }) => link.role === 'active')
      ? 10
      : 15;
};
