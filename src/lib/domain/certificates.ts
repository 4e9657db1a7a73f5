import type { Dialect } from './site.ts';
import { ends, type End, type Tunnel } from './tunnel.ts';

/** What the ends of a tunnel prove who they are with. Own CA of the site: RFC 4945 (IKE and PKIX), RFC 5280. */

export const DAY_MS = 86_400_000;
/** ms. A certificate is renewed, and warned of, from here on: a month is enough for a change window. */
export const EXPIRY_WARNING_MS = 30 * DAY_MS;
/** Days. 397 is what browsers allow a certificate (CA/Browser Forum SC-31); a year and a month of grace. */
export const CERTIFICATE_DAYS = 397;
/**
 * Days. The ASA reads no date after 2038-01-19 and IOS none after 2049 ("Digital Certificates", ASA general
 * operations configuration guide; "crypto pki authenticate").
 */
export const AUTHORITY_DAYS = 3_650;

export type KeyKind = 'ecdsa' | 'rsa';

/** What a box presents, and what it judges others by. All texts are PEM. */
export interface Credentials {
  readonly ca: string;
  readonly crl: string;
  /** Absent where none was issued, or the last one is revoked. */
  readonly own: OwnCertificate | undefined;
}

export interface OwnCertificate {
  readonly certificate: string;
  /** Absent where the box keeps its key to itself and only its request was signed. */
  readonly key: string | undefined;
  /** For a box that is typed at: the same, under a passphrase, in the two forms that IOS and the ASA import. */
  readonly transport: { readonly passphrase: string; readonly pem: string; readonly pkcs12: string } | undefined;
}

const isCert = ({ cloud, onprem }: Tunnel): boolean => cloud.auth === 'cert' || onprem.auth === 'cert';

/** Tunnels of a box whose ends have certificates. */
export const certTunnels = (tunnels: readonly Tunnel[], device: string): readonly Tunnel[] =>
  tunnels.filter((tunnel) => isCert(tunnel) && [tunnel.cloud.device, tunnel.onprem.device].includes(device));

/** Boxes that need a certificate, in the order of the site file. */
export const certDevices = (tunnels: readonly Tunnel[]): readonly string[] => {
  const chosen = tunnels.filter(isCert);
  return [...new Set([...chosen.map(({ cloud }) => cloud.device), ...chosen.map(({ onprem }) => onprem.device)])];
};

const endsOf = (tunnels: readonly Tunnel[], device: string): readonly { local: End; remote: End }[] =>
  certTunnels(tunnels, device).map((tunnel) => ends(tunnel, tunnel.cloud.device === device ? 'cloud' : 'onprem'));

/**
 * Addresses that the certificate of a box has as subjectAltName: the IKE identity is one of them, else the other end
 * refuses it (RFC 4945 §3.1). Behind NAT a box may present its own address.
 */
export const certAddresses = (tunnels: readonly Tunnel[], device: string): readonly string[] => [
  ...new Set(endsOf(tunnels, device).flatMap(({ local }) => [local.id, local.publicAddress])),
];

const HAS_ECDSA: readonly Dialect[] = ['swanctl', 'ipsec-conf'];

/**
 * ECDSA (P-384) between two strongSwan boxes in IKEv2; RSA (3072) wherever a Cisco box, Libreswan or IKEv1 stands at an
 * end: `rsa-sig` is what they all have.
 */
export const keyKindOf = (tunnels: readonly Tunnel[], device: string): KeyKind =>
  certTunnels(tunnels, device).every(
    ({ cloud, onprem, suite }) =>
      suite.ikeVersion === 2 && [cloud, onprem].every(({ dialect }) => HAS_ECDSA.includes(dialect)),
  )
    ? 'ecdsa'
    : 'rsa';

/** What goes into OpenSSL's configuration and a command line: nothing in it has a meaning there. */
const PLAIN_NAME = /^[A-Za-z][A-Za-z0-9-]{0,30}$/;
const PLAIN_ADDRESS = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** The names of a site that go into certificates. @throws RangeError for one that the site schema would not let in. */
export const plain = (text: string): string => {
  if (!PLAIN_NAME.test(text) && !PLAIN_ADDRESS.test(text))
    throw new RangeError('a name that is neither letters, digits and "-" nor an IPv4 address');
  return text;
};

/** The CA's distinguished name, as OpenSSL, strongSwan and Libreswan write it. */
export const authorityName = (site: string): string => `O=hybridctl, CN=${plain(site)} CA`;
/** File name of a site's CA on a box, without its ending: two sites on one box never meet. */
export const authorityFile = (site: string): string => `hybridctl-${plain(site)}`;
/** The same for a box's own certificate and key; "_" can be part of neither name, so that no two pairs are one. */
export const certificateFile = (site: string, device: string): string => `hybridctl-${plain(site)}_${plain(device)}`;
