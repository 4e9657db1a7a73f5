import { addressText, cidr, type Cidr } from './cidr.ts';
import { suiteFor, type CryptoLevel, type LegacyStyle, type Suite } from './crypto.ts';
import { suiteMtu, type TunnelMtu } from './mtu.ts';
import type { Dialect, Gateway, InterfaceKind, LinuxDialect, Router, Site, TunnelEntry } from './site.ts';

/** One end of a tunnel, in the words of the box that stands there. */
export interface End {
  readonly device: string;
  readonly side: 'cloud' | 'onprem';
  readonly dialect: Dialect;
  readonly interface: InterfaceKind;
  /** The address the daemon binds: private behind NAT or an Elastic IP. */
  readonly address: string;
  /** The address the other end sends to. */
  readonly publicAddress: string;
  /**
   * IKE identity this end presents: its public address, except where the box can only present its own
   * (`presentsOwnAddress`).
   */
  readonly id: string;
  /** How this end proves who it is. */
  readonly auth: TunnelEntry['auth'];
  /** This end's address inside the tunnel. */
  readonly inside: string;
  /** Networks behind this end. */
  readonly networks: readonly Cidr[];
  /** Traffic selectors: 0.0.0.0/0 when route-based, `networks` when policy-based. */
  readonly selectors: readonly Cidr[];
  /** Exactly one end initiates and re-establishes; the other waits (else rekeys and restarts collide). */
  readonly initiates: boolean;
  readonly wan: string;
  readonly lan: string | undefined;
  readonly routerId: string | undefined;
}

/** Numbers that must not collide on a box. */
export interface Numbers {
  /** Tunnel interface, VTI key / XFRM if_id / mark, track, ISAKMP policy, route tag. */
  readonly tunnel: number;
  /** IP SLA, and the Linux routing table and rule priority. */
  readonly sla: number;
}

export interface Tunnel {
  readonly name: string;
  readonly mode: 'route' | 'policy';
  readonly suite: Suite;
  readonly natT: boolean;
  /** The /30 inside. */
  readonly inside: Cidr;
  readonly mtu: TunnelMtu;
  readonly numbers: Numbers;
  readonly cloud: End;
  readonly onprem: End;
  /** The ends tell each other their networks by BGP; undefined: static routes lead through the tunnel. */
  readonly bgp?: TunnelBgp;
}

export interface TunnelBgp {
  readonly cloudAsn: number;
  /** 0 is the way that both ends take first; each end's next has one more. */
  readonly rank: number;
}

export const isLinux = (dialect: Dialect): dialect is LinuxDialect =>
  dialect === 'swanctl' || dialect === 'ipsec-conf' || dialect === 'libreswan' || dialect === 'openswan';

/**
 * The tunnel interface on a Linux end, or undefined where selectors decide. One spelling for everything that names it:
 * the daemon's files, the routes, the lab. kernel-libipsec makes its one interface itself and calls it ipsec0.
 */
export const linuxInterfaceName = (end: End, numbers: Numbers): string | undefined => {
  switch (end.interface) {
    case 'tun':
      return 'ipsec0';
    case 'vti':
      // The field document's tunnel1 is number 100's; 110 is tunnel2, …, 990 is tunnel90, and the numbers below 100
      // follow.
      return `tunnel${((numbers.sla + 89) % 99) + 1}`;
    case 'xfrm':
      // Libreswan makes the name out of `ipsec-interface=<number>`, whatever we would like to call it.
      return `${end.dialect === 'libreswan' ? 'ipsec' : 'xfrm'}${numbers.tunnel}`;
    case 'policy':
      return undefined;
  }
};

export const ends = (tunnel: Tunnel, side: End['side']): { local: End; remote: End } =>
  side === 'cloud' ? { local: tunnel.cloud, remote: tunnel.onprem } : { local: tunnel.onprem, remote: tunnel.cloud };

/**
 * IOS in IKEv1 and an ASA in any version present the address of the interface, whatever the internet sees: behind NAT
 * the other end has to expect that one. (Cisco IOS `self-identity address`; ASA `crypto isakmp identity address`.)
 */
export const presentsOwnAddress = (dialect: Dialect, ikeVersion: 1 | 2): boolean =>
  dialect.startsWith('asa-') || (dialect.startsWith('ios-') && ikeVersion === 1);

/** What a key of this end is looked up by: its public address, and the identity it presents where that is another. */
export const keyIds = ({ publicAddress, id }: End): readonly string[] => [...new Set([publicAddress, id])];

/** Which field document's parameters the level `legacy` means for a gateway. */
export const legacyStyle = (dialect: Dialect): LegacyStyle =>
  dialect === 'openswan' || dialect === 'libreswan' ? 'openswan' : 'strongswan';

export interface DeriveOptions {
  readonly crypto?: CryptoLevel;
}

/** Base numbers in file order: 100, 110, … unless given; two tunnels on one box never share one. */
const numbersOf = (site: Site): readonly Numbers[] => {
  const given = site.tunnels.map((tunnel) => tunnel.number);
  const chosen: number[] = [];
  site.tunnels.forEach((tunnel, index) => {
    const neighbours = site.tunnels.flatMap((other, at) => {
      const shares = other.gateway === tunnel.gateway || other.router === tunnel.router;
      const number = at < index ? chosen[at] : given[at];
      return at !== index && shares && number !== undefined ? [number] : [];
    });
    let number = tunnel.number ?? 100;
    while (tunnel.number === undefined && neighbours.includes(number)) number += 10;
    chosen.push(number);
  });
  return chosen.map((number) => ({ tunnel: number, sla: number / 10 }));
};

/**
 * The tunnels a valid site file describes, both ends from one source. Pure; keys are not part of it.
 * @throws RangeError when the site was not validated first.
 */
export const tunnelsOf = (site: Site, options: DeriveOptions = {}): readonly Tunnel[] => {
  const numbers = numbersOf(site);
  return site.tunnels.map((entry, index) => derive(site, entry, numbers[index]!, options));
};

const named = <T extends { name: string }>(items: readonly T[], name: string, what: string): T => {
  const found = items.find((item) => item.name === name);
  if (found === undefined) throw new RangeError(`no ${what} is called ${name}`);
  return found;
};

const ANYWHERE = [cidr('0.0.0.0/0')];

const derive = (site: Site, entry: TunnelEntry, numbers: Numbers, options: DeriveOptions): Tunnel => {
  const gateway: Gateway = named(site.gateways, entry.gateway, 'gateway');
  const router: Router = named(site.onprem.routers, entry.router, 'router');
  const suite = suiteFor(options.crypto ?? site.crypto, legacyStyle(gateway.dialect));
  // A gateway holds a private address behind its Elastic IP, so NAT traversal is a certainty, not a case.
  const natT = true;
  const inside = cidr(entry.inside);
  const cloudNetworks = (site.cloud.networks ?? [site.cloud.cidr]).map(cidr);
  const onpremNetworks = site.onprem.networks.map(cidr);
  return {
    name: entry.name,
    mode: entry.mode,
    suite,
    natT,
    inside,
    mtu: suiteMtu(suite, natT, router.wan_mtu),
    numbers,
    cloud: {
      device: gateway.name,
      side: 'cloud',
      dialect: gateway.dialect,
      interface: entry.mode === 'policy' ? 'policy' : gateway.interface,
      address: gateway.private_ip,
      publicAddress: gateway.public_ip,
      id: gateway.public_ip,
      auth: entry.auth,
      inside: addressText(inside.first + 2),
      networks: cloudNetworks,
      selectors: entry.mode === 'policy' ? cloudNetworks : ANYWHERE,
      initiates: entry.initiator !== 'router',
      wan: gateway.wan,
      lan: undefined,
      routerId: undefined,
    },
    onprem: {
      device: router.name,
      side: 'onprem',
      dialect: router.dialect,
      interface: entry.mode === 'policy' ? 'policy' : router.interface,
      address: router.private_ip ?? router.public_ip,
      publicAddress: router.public_ip,
      id: presentsOwnAddress(router.dialect, suite.ikeVersion)
        ? (router.private_ip ?? router.public_ip)
        : router.public_ip,
      auth: entry.auth,
      inside: addressText(inside.first + 1),
      networks: onpremNetworks,
      selectors: entry.mode === 'policy' ? onpremNetworks : ANYWHERE,
      initiates: entry.initiator === 'router',
      wan: router.wan,
      lan: router.lan,
      routerId: router.router_id,
    },
  };
};
