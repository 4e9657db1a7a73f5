import { isAead, type Proposal, type Suite } from './crypto.ts';

/**
 * kernel-libipsec reads its TUN device with a buffer of 1400 bytes (TUN_DEFAULT_MTU in its plugin), whatever the
 * device's MTU says: a longer packet is cut off there and lost.
 */
export const TUN_MTU = 1400;

/** One line of the sum a person can check: `ESP header 8`. */
export interface Overhead {
  readonly what: string;
  readonly bytes: number;
}

export interface TunnelMtu {
  /** Largest inner IPv4 packet that leaves as one outer packet of `path` bytes. */
  readonly mtu: number;
  /** Largest TCP payload for IPv4 inside: mtu - 40. (IPv6 inside: mtu - 60.) */
  readonly mss: number;
  readonly path: number;
  readonly overhead: readonly Overhead[];
}

/** Truncated ICV lengths, bytes (RFC 2404, RFC 4868). */
const ICV = { sha1: 12, sha256: 16, sha384: 24, sha512: 32 } as const;

/**
 * ESP tunnel mode over IPv4 (RFC 4303 §2). The inner packet and the two trailer bytes are padded up to the cipher's
 * block: 16 for CBC, 4 for GCM; what is lost to that alignment is shown as "padding".
 *
 * AWS's own figures are the same sum: 1446 and an MSS of 1406 at the most, less by cipher and NAT-T (Site-to-Site VPN
 * user guide, "Best practices for your customer gateway device", "Adjust MTU and MSS sizes").
 *
 * @param natT NAT traversal adds a UDP header (RFC 3948). A gateway behind an Elastic IP always has it.
 * @param path MTU of the path between the two ends, bytes.
 */
export const espMtu = (proposal: Proposal, natT: boolean, path = 1500): TunnelMtu => {
  const aead = isAead(proposal.encryption);
  const fixed: Overhead[] = [
    { what: 'outer IPv4 header', bytes: 20 },
    ...(natT ? [{ what: 'UDP header (NAT-T)', bytes: 8 }] : []),
    { what: 'ESP header', bytes: 8 },
    { what: aead ? 'GCM IV' : 'CBC IV', bytes: aead ? 8 : 16 },
    { what: aead ? 'GCM ICV' : `${proposal.hash} ICV`, bytes: aead ? 16 : ICV[proposal.hash] },
    { what: 'ESP trailer', bytes: 2 },
  ];
  const block = aead ? 4 : 16;
  const room = path - fixed.reduce((sum, { bytes }) => sum + bytes, 0) + 2;
  const padding = room % block;
  const mtu = room - padding - 2;
  const overhead = padding > 0 ? [...fixed, { what: 'padding', bytes: padding }] : fixed;
  return { mtu, mss: mtu - 40, path, overhead };
};

/** The tightest of a suite's ESP proposals: the two ends may settle on any of them. */
export const suiteMtu = (suite: Suite, natT: boolean, path = 1500): TunnelMtu =>
  suite.esp.map((proposal) => espMtu(proposal, natT, path)).reduce((a, b) => (b.mtu < a.mtu ? b : a));

/** `1500 - 20 outer IPv4 header - … = 1438` */
export const explainMtu = ({ mtu, mss, path, overhead }: TunnelMtu): string =>
  `${path} ${overhead.map(({ what, bytes }) => `- ${bytes} ${what}`).join(' ')} = MTU ${mtu}; MSS ${mtu} - 40 = ${mss}`;
