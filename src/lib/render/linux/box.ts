import type { LinuxDialect } from '../../domain/site.ts';
import { ends, isLinux, linuxInterfaceName, type End, type Tunnel } from '../../domain/tunnel.ts';
import type { Device } from '../types.ts';
import { linkNumbers, type LinkNumbers } from './note.ts';
import { refuseBox, refusePsk } from './refuse.ts';

/** One tunnel as its Linux box sees it. */
export interface LinuxTunnel {
  readonly tunnel: Tunnel;
  readonly local: End;
  readonly remote: End;
  /** undefined: its ends have certificates. */
  readonly psk: string | undefined;
  /** The interface packets enter the tunnel by; undefined when selectors decide (policy-based). */
  readonly device: string | undefined;
  readonly link: LinkNumbers;
}

/** One Linux box. All its tunnels share a daemon, hence a dialect, and an uplink. */
export interface LinuxBox {
  readonly device: Device;
  readonly dialect: LinuxDialect;
  readonly wan: string;
  readonly tunnels: readonly LinuxTunnel[];
}

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
    const both = ends(tunnel, device.side);
    const psk = both.local.auth === 'cert' ? undefined : device.psks.get(tunnel.name);
    if (both.local.auth === 'psk') refusePsk(tunnel.name, psk);
    return {
      tunnel,
      ...both,
      psk,
      device: linuxInterfaceName(both.local, tunnel.numbers),
      link: linkNumbers(tunnel, both.local),
    };
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
 * Every cloud network with every on-prem one, an SA pair each and in the same order on both ends, so that a name means
 * the same pair there and here: IKEv1 carries one pair only, and a crypto map has one a line. The first bears the
 * tunnel's name; `_` can't be part of a tunnel's name, so the others never meet another tunnel.
 */
export const selectorPairs = ({ tunnel, local }: LinuxTunnel): readonly SelectorPair[] =>
  tunnel.cloud.selectors
    .flatMap(({ text: cloud }) =>
      tunnel.onprem.selectors.map(({ text: onprem }) =>
        local.side === 'cloud' ? { local: cloud, remote: onprem } : { local: onprem, remote: cloud },
      ),
    )
    .map((pair, index) => ({ name: index === 0 ? tunnel.name : `${tunnel.name}_${index + 1}`, ...pair }));
