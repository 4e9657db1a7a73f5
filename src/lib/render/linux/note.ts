import { cryptoWarnings } from '../../domain/crypto.ts';
import { explainMtu, TUN_MTU } from '../../domain/mtu.ts';
import type { End, Tunnel } from '../../domain/tunnel.ts';
import type { LinuxTunnel } from './box.ts';

/** `vpn1: gw-1 (203.0.113.11) to rtr-1 (198.51.100.77), crypto level modern` */
export const title = ({ tunnel, local, remote }: LinuxTunnel): string =>
  `${tunnel.name}: ${local.device} (${local.publicAddress}) to ${remote.device} (${remote.publicAddress}), crypto level ${tunnel.suite.level}`;

export const warnings = ({ tunnel, local, remote }: LinuxTunnel): readonly string[] => [
  ...cryptoWarnings(tunnel.suite),
  ...forwardingNote(tunnel, local.side === 'onprem' ? local : remote),
];

/** A NAT lets a packet in that nobody inside asked for only where it forwards the port. */
export const forwardingNote = ({ cloud }: Tunnel, { device, address, publicAddress }: End): readonly string[] =>
  cloud.initiates && address !== publicAddress
    ? [
        `The NAT at ${publicAddress} has to forward UDP 500 and 4500 to ${address} (${device}), since the gateway begins.`,
      ]
    : [];

/** The numbers of the field documents "BJS VPN" and "OpenSwan", for crypto level `legacy` only. */
const LEGACY_NUMBERS = { mtu: 1436, mss: 1387 };

export interface LinkNumbers {
  readonly mtu: number;
  readonly mss: number;
  /** The sum a person can check, a line each. */
  readonly because: readonly string[];
}

/**
 * MTU and MSS as rendered: the computed sum, except in userspace, and at level `legacy`, which keeps the documents' own
 * numbers where the line carries 1500 bytes as theirs did.
 */
export const linkNumbers = ({ name, suite, mtu }: Tunnel, local: End): LinkNumbers => {
  const sum = `${name}: ${explainMtu(mtu)}`;
  if (local.interface === 'tun' && mtu.mtu > TUN_MTU) {
    return {
      mtu: TUN_MTU,
      mss: TUN_MTU - 40,
      because: [
        sum,
        `${name}: userspace ESP takes no packet above ${TUN_MTU} bytes, so MTU ${TUN_MTU} and MSS ${TUN_MTU - 40}.`,
      ],
    };
  }
  if (suite.level !== 'legacy' || mtu.path < 1500) return { mtu: mtu.mtu, mss: mtu.mss, because: [sum] };
  const tooBig = `${name}: the field document's MTU ${LEGACY_NUMBERS.mtu} and MSS ${LEGACY_NUMBERS.mss} are kept here; they are too big by ${LEGACY_NUMBERS.mtu - mtu.mtu} and ${LEGACY_NUMBERS.mss - mtu.mss} bytes, so full-size packets leave in two fragments.`;
  return { ...LEGACY_NUMBERS, because: [sum, tooBig] };
};
