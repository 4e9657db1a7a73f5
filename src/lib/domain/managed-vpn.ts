import { usageError } from '../core/errors.ts';
import { RESERVED_INSIDE } from './address-plan.ts';
import { layoutOf } from './layout.ts';
import { addressText, cidr, overlaps } from './cidr.ts';
import { suiteFor, type CryptoLevel, type DhGroup, type Encryption, type Hash } from './crypto.ts';
import type { Router, Site } from './site.ts';
import { tunnelsOf, type Tunnel } from './tunnel.ts';

/** What a tunnel of AWS may do, in the words of its API. */
export interface TunnelRules {
  readonly encryption: string;
  readonly integrity: string;
  readonly dh: DhGroup;
  readonly ike: 'ikev2';
  /** s */
  readonly phase1Lifetime: number;
  readonly phase2Lifetime: number;
  readonly dpdTimeout: number;
}

const ENCRYPTION: Readonly<Record<Encryption, string>> = {
  aes128: 'AES128',
  aes256: 'AES256',
  aes128gcm16: 'AES128-GCM-16',
  aes256gcm16: 'AES256-GCM-16',
};
const INTEGRITY: Readonly<Record<Hash, string>> = {
  sha1: 'SHA1',
  sha256: 'SHA2-256',
  sha384: 'SHA2-384',
  sha512: 'SHA2-512',
};

/** Limits of AWS, s ("Tunnel options for your Site-to-Site VPN connection"). */
const [MOST_PHASE1, MOST_PHASE2, LEAST_DPD] = [28_800, 3_600, 30];

/**
 * One proposal and no other: AWS takes the weakest of what both ends have, whatever the order.
 * @throws usage error at level legacy, whose SHA-1 and DH 2 it must not speak.
 */
export const tunnelRules = (level: CryptoLevel): TunnelRules => {
  const {
    ike: [proposal],
    lifetime,
    dpd,
  } = suiteFor(level);
  if (level === 'legacy' || proposal?.dh === undefined)
    throw usageError(`crypto level ${level} is SHA-1 and DH 2, and a managed VPN connection is not made with those`, {
      field: 'crypto',
      next: 'set crypto: modern in the site file',
    });
  return {
    encryption: ENCRYPTION[proposal.encryption],
    integrity: INTEGRITY[proposal.hash],
    dh: proposal.dh,
    ike: 'ikev2',
    phase1Lifetime: Math.min(lifetime.ike, MOST_PHASE1),
    phase2Lifetime: Math.min(lifetime.child, MOST_PHASE2),
    dpdTimeout: Math.max(dpd.timeout, LEAST_DPD),
  };
};

/** A connection has two tunnels, always. */
export const ENDS = [1, 2] as const;
export type EndNumber = (typeof ENDS)[number];

/** The tunnel's name, and that of AWS's end of it. */
export const managedName = (router: string, end: EndNumber): string => `aws-${router}-${end}`;

/** Routers that a managed connection is for: those that have a tunnel; all where the site has none. */
export const managedRouters = (site: Site): readonly Router[] =>
  site.onprem.routers.filter(
    ({ name }) => site.tunnels.length === 0 || site.tunnels.some(({ router }) => router === name),
  );

/** What AWS tells of an end once it is there. */
export interface EndFacts {
  readonly outside: string;
  /** The /30. */
  readonly inside: string;
}

/**
 * A /30 out of 169.254.0.0/16 by the tunnel's name, so that it stays when routers come and go; `taken` are passed over.
 */
const insideFor = (name: string, taken: readonly string[]): string => {
  const start = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 65_521, 7);
  const inUse = [...RESERVED_INSIDE, ...taken.map(cidr)];
  for (let at = start; ; at += 1) {
    const candidate = cidr(`${addressText(cidr('169.254.0.0/16').first + 4 * (at % 16_384))}/30`);
    if (!inUse.some((other) => overlaps(other, candidate))) return candidate.text;
  }
};

/** What an end has for an address until AWS says it: TEST-NET-1 (RFC 5737), which nobody has. */
const standIn = (index: number): string => `192.0.2.${index + 1}`;

/**
 * The same site with AWS's ends in place of gateways of one's own: two to a router, each a tunnel with a key of its
 * own. Direct Connect stays as it is; tunnels to gateways of one's own do not, for their files have the same names on a
 * router.
 */
export const managedSite = (site: Site, facts: (name: string) => EndFacts | undefined = () => undefined): Site => {
  const taken = [
    ...site.tunnels.map(({ inside }) => inside),
    ...site.links.flatMap((link) => (link.kind === 'dx' ? [link.inside] : [])),
  ];
  const keyFile = site.tunnels.find(({ psk_file }) => psk_file !== undefined)?.psk_file;
  const folder = (keyFile ?? `${layoutOf(site).psk}/`).replace(/[^/]*$/, '');
  const ends = managedRouters(site).flatMap(({ name: router }) =>
    ENDS.map((end) => ({ router, name: managedName(router, end) })),
  );
  const vpc = cidr(site.cloud.cidr);
  const tunnels = ends.map(({ router, name }) => {
    const inside = insideFor(`${site.site}/${name}`, taken);
    taken.push(inside);
    return {
      name,
      gateway: name,
      router,
      inside: facts(name)?.inside ?? inside,
      auth: 'psk' as const,
      psk_file: `${folder}${name}`,
      mode: 'route' as const,
    };
  });
  return {
    ...site,
    gateways: ends.map(({ name }, index) => ({
      name,
      az: site.cloud.region,
      private_ip: addressText(vpc.first + 4 + index),
      public_ip: facts(name)?.outside ?? standIn(index),
      dialect: 'swanctl' as const,
      interface: 'xfrm' as const,
      wan: 'eth0',
    })),
    tunnels,
    links: [
      ...site.links.filter(({ kind }) => kind === 'dx'),
      ...tunnels.map(({ name }) => ({ name, kind: 'vpn' as const, tunnel: name })),
    ],
    route_tables: [],
    monitor: undefined,
  };
};

/** AWS's own AS number of a gateway for which nobody chose another (CreateVpnGateway, `AmazonSideAsn`). */
export const AWS_ASN = 64_512;

/**
 * The tunnels as AWS makes them: its end has the first address inside, and stands at its public address. A router with
 * an AS number speaks BGP through its own.
 * @throws usage error for a router whose number is AWS's: between equals it would be iBGP, which AWS does not speak.
 */
export const managedTunnels = (managed: Site, cloudAsn: number = AWS_ASN): readonly Tunnel[] =>
  tunnelsOf(managed).map((tunnel, rank) => {
    const { name, asn } = managed.onprem.routers.find((router) => router.name === tunnel.onprem.device)!;
    if (asn === cloudAsn)
      throw usageError(`${asn} is AWS's own AS number here`, {
        field: `onprem.routers.${name}.asn`,
        next: 'set another one for the router, like 65010',
      });
    return {
      ...tunnel,
      cloud: { ...tunnel.cloud, address: tunnel.cloud.publicAddress, inside: tunnel.onprem.inside },
      onprem: { ...tunnel.onprem, inside: tunnel.cloud.inside },
      ...(asn === undefined ? {} : { bgp: { cloudAsn, rank } }),
    };
  });
