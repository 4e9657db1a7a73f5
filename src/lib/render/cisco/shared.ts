import { usageError } from '../../core/errors.ts';
import { netmask, wildcard, type Cidr } from '../../domain/cidr.ts';
import { cryptoWarnings, type CryptoLevel, type Suite } from '../../domain/crypto.ts';
import { explainMtu } from '../../domain/mtu.ts';
import type { Router } from '../../domain/site.ts';
import type { Tunnel } from '../../domain/tunnel.ts';
import { forwardingNote } from '../linux/note.ts';
import type { Device } from '../types.ts';

/**
 * The alphabet of secrets on a Cisco command line: letters, digits and what base64 and AWS keys use. A space ends the
 * key, `?` calls for help in the middle of it, and a quote or a control character is a line of its own sooner or later.
 * The lower bound of 5 is the field document's own key; it also keeps `0` and `6` (encryption types) out.
 */
const SECRET = /^[A-Za-z0-9._+/=-]{5,80}$/;
/** Where a key is expected, IOS reads these as keywords. */
const KEYWORDS = ['local', 'remote'];

/** @returns the secret as given. Throws a usage error that does not show it. */
export const ciscoSecret = (secret: string | undefined, what: string, field: string): string => {
  if (secret === undefined) throw usageError(`there is no ${what}`, { field, next: 'pass the file, mode 0600' });
  if (!SECRET.test(secret) || KEYWORDS.includes(secret)) {
    throw usageError(`the ${what} can't be typed on a Cisco command line`, {
      field,
      next: 'use 5 to 80 letters, digits and . _ - + / =',
    });
  }
  return secret;
};

/** Empty where the ends have certificates. */
export const pskOf = ({ psks }: Device, { name, onprem }: Tunnel): string =>
  onprem.auth === 'cert' ? '' : ciscoSecret(psks.get(name), 'pre-shared key', `tunnels.${name}.psk_file`);

/** Throws a RangeError for a site that was not validated. */
export const routerOf = ({ name, site }: Device): Router => {
  const router = site.onprem.routers.find((one) => one.name === name);
  if (router === undefined) throw new RangeError(`no router is called ${name}`);
  return router;
};

export const levelOf = ({ tunnels, site }: Device): CryptoLevel => tunnels[0]?.suite.level ?? site.crypto;

/** Does Direct Connect end on this router too? Its BGP route (distance 20) must then win over the tunnels. */
export const hasDx = ({ name, site }: Device): boolean =>
  site.links.some((link) => link.kind === 'dx' && link.router === name);

/**
 * Administrative distance of the n-th tunnel's static route on a box: 1, 2, …; where the route floats below Direct
 * Connect, 100, 101, …, which is worse than eBGP (20) and better than OSPF (110). Above OSPF, a router would give up
 * its own route while it hears another's, and when that one dies the office has none until OSPF has told everybody.
 */
export const staticDistance = (index: number, floating: boolean): number => (floating ? 100 : 1) + index;

/**
 * OSPF metric of a tunnel's route: below it lies Direct Connect (10, 15); then the tunnels in file order, so that the
 * LAN has one best path.
 */
export const staticMetric = ({ site }: Device, { name }: Tunnel): number =>
  20 + 10 * site.tunnels.findIndex((tunnel) => tunnel.name === name);

/** A dialect is one of the two ways of deciding what enters a tunnel, and can't do the other. */
export const requireMode = (device: Device, mode: Tunnel['mode']): void => {
  const wrong = device.tunnels.find((tunnel) => tunnel.mode !== mode);
  if (wrong === undefined) return;
  const { dialect } = routerOf(device);
  const other = mode === 'policy' ? 'ios-vti or asa-9.7-vti' : 'ios-cryptomap, asa-8.2 or asa-8.3';
  throw usageError(`${dialect} has ${mode}-based tunnels only, and ${wrong.name} is ${wrong.mode}-based`, {
    field: `tunnels.${wrong.name}.mode`,
    next: `set mode: ${mode}, or give ${device.name} the dialect ${other}`,
  });
};

/**
 * The one suite of every tunnel in a crypto map. The tunnels of a router share their selectors, so they share one
 * entry, and an entry has one transform set, one PFS group and one lifetime.
 */
export const oneSuite = ({ tunnels, name }: Device): Suite => {
  const [first, ...rest] = tunnels.map(({ suite }) => suite);
  if (first === undefined) throw new RangeError(`no tunnel ends on ${name}`);
  if (
    rest.some(
      ({ ike, esp, lifetime }) =>
        JSON.stringify([ike, esp, lifetime]) !== JSON.stringify([first.ike, first.esp, first.lifetime]),
    )
  ) {
    throw usageError(
      `${name} has one crypto map entry for all its tunnels, and their gateways differ in lifetimes or PFS`,
      {
        field: `onprem.routers.${name}.dialect`,
        next: 'use one dialect for the gateways, or raise crypto to modern',
      },
    );
  }
  return first;
};

/** What a person should read before pasting the file. */
export const notesOf = ({ tunnels }: Device, mss: 'computed' | 'legacy'): readonly string[] => {
  const first = tunnels[0];
  if (first === undefined) return [];
  const tightest = tunnels.reduce((a, b) => (b.mtu.mtu < a.mtu.mtu ? b : a)).mtu;
  return [
    ...cryptoWarnings(first.suite),
    ...forwardingNote(first, first.onprem),
    `Path MTU: ${explainMtu(tightest)}.`,
    ...(mss === 'legacy' && tightest.path === 1500
      ? ['The MTU and MSS below are those of the field document; where they exceed the sum, packets are fragmented.']
      : []),
  ];
};

/**
 * Boxes whose tunnels are peers of one crypto map entry. Cisco, "Understand IKEv2 Crypto Map Backup Peers" (220638): a
 * firewall that answers takes only the peer that is current, and moves on about 2 minutes after that one died. AWS,
 * "Example: Cisco ASA Device": only one active tunnel at a time.
 */
export const oneAtATimeNote = ({ tunnels }: Device): readonly string[] =>
  tunnels.length < 2
    ? []
    : [
        `One tunnel lives at a time: the crypto map entry has one current peer, and takes the next when that one is dead. So of ${tunnels.map(({ name }) => name).join(', ')} all but one are down, as they should be.`,
      ];

/** IKEv1 on IOS, and any IKE on an ASA, presents the interface's own address as identity. */
export const identityNote = ({ tunnels }: Device): readonly string[] => {
  const first = tunnels[0];
  if (first === undefined || first.onprem.address === first.onprem.publicAddress) return [];
  const { address, publicAddress } = first.onprem;
  return [
    `Behind NAT this box presents ${address} as its IKE identity, not ${publicAddress}: the gateway's file expects that.`,
  ];
};

/**
 * Every pair of networks that a policy-based tunnel carries, seen from the office: the mirror of the gateway's
 * selectors.
 */
export const selectorPairs = (tunnel: Tunnel): readonly { readonly from: Cidr; readonly to: Cidr }[] =>
  tunnel.onprem.selectors.flatMap((from) => tunnel.cloud.selectors.map((to) => ({ from, to })));

/** `10.10.0.0 255.255.0.0` */
export const withMask = ({ address, prefix }: Cidr): string => `${address} ${netmask(prefix)}`;
/** `10.10.0.0 0.0.255.255` */
export const withWildcard = ({ address, prefix }: Cidr): string => `${address} ${wildcard(prefix)}`;
