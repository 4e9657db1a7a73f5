import type { LinuxDialect } from '../../domain/site.ts';
import { ends, isLinux, type End, type Tunnel } from '../../domain/tunnel.ts';
import type { Device } from '../types.ts';
import { refuseBox, refusePsk } from './refuse.ts';

/** One tunnel as its Linux box sees it. */
export interface LinuxTunnel {
  readonly tunnel: Tunnel;
  readonly local: End;
  readonly remote: End;
  readonly psk: string;
  /** The interface packets enter the tunnel by; undefined when selectors decide (policy-based). */
  readonly device: string | undefined;
}

/** One Linux box. All its tunnels share a daemon, hence a dialect, and an uplink. */
export interface LinuxBox {
  readonly device: Device;
  readonly dialect: LinuxDialect;
  readonly wan: string;
  readonly tunnels: readonly LinuxTunnel[];
}

/**
 * The name of a tunnel's interface on its Linux box, for those who route through it; undefined for a policy-based one.
 * `tunnel1`, `tunnel2`, … in file order (the seed's name); `ipsec0` is what kernel-libipsec calls its TUN device, and
 * Libreswan makes `ipsec<number>` out of `ipsec-interface=<number>`, whatever we would like to call it.
 */
export const interfaceOf = (device: Device, tunnel: Tunnel): string | undefined => {
  const { local } = ends(tunnel, device.side);
  if (local.interface === 'policy') return undefined;
  if (local.interface === 'tun') return 'ipsec0';
  if (local.interface === 'xfrm' && local.dialect === 'libreswan') return `ipsec${tunnel.numbers.tunnel}`;
  const routed = device.tunnels.filter((other) => ends(other, device.side).local.interface !== 'policy');
  return `tunnel${routed.findIndex(({ name }) => name === tunnel.name) + 1}`;
};

/**
 * @throws HybridError (usage) when the box's dialect can't express what the site asks, or a key can't be quoted.
 * @throws RangeError when the device is not a Linux box with at least one tunnel.
 */
export const linuxBox = (device: Device): LinuxBox => {
  const [first] = device.tunnels;
  if (first === undefined) throw new RangeError(`${device.name} has no tunnel`);
  const { dialect, wan } = ends(first, device.side).local;
  if (!isLinux(dialect)) throw new RangeError(`${device.name} is no Linux box: its dialect is ${dialect}`);
  refuseBox(device, dialect, wan);
  const tunnels = device.tunnels.map((tunnel) => {
    const psk = device.psks.get(tunnel.name);
    refusePsk(tunnel.name, psk);
    return { tunnel, ...ends(tunnel, device.side), psk, device: interfaceOf(device, tunnel) };
  });
  return { device, dialect, wan, tunnels };
};

/** One pair of selectors, and the name of its CHILD_SA. */
export interface SelectorPair {
  readonly name: string;
  readonly local: string;
  readonly remote: string;
}

/**
 * Every local network with every remote one, an SA pair each: IKEv1 carries one pair only, and a crypto map has one a
 * line. The first bears the tunnel's name; `_` can't be part of a tunnel's name, so the others never meet another tunnel.
 */
export const selectorPairs = ({ tunnel, local, remote }: LinuxTunnel): readonly SelectorPair[] =>
  local.selectors
    .flatMap((mine) => remote.selectors.map((theirs) => ({ local: mine.text, remote: theirs.text })))
    .map((pair, index) => ({ name: index === 0 ? tunnel.name : `${tunnel.name}_${index + 1}`, ...pair }));
