import { usageError } from '../../core/errors.ts';
import { LINUX_INTERFACE } from '../../domain/capability.ts';
import type { LinuxDialect } from '../../domain/site.ts';
import { ends } from '../../domain/tunnel.ts';
import type { Device } from '../types.ts';

/** Throws a usage error for what a Linux dialect can't express: better no file than one the daemon reads otherwise. */
export const refuseBox = (device: Device, dialect: LinuxDialect, wan: string): void => {
  const at = (field: string): string =>
    `${device.side === 'cloud' ? 'gateways' : 'onprem.routers'}.${device.name}.${field}`;
  if (!LINUX_INTERFACE.test(wan)) {
    throw usageError(`${wan} is not the name of a Linux interface: at most 15 characters, no "/"`, {
      field: at('wan'),
      next: `set wan to what "ip link" shows on ${device.name}, like eth0`,
    });
  }
  for (const tunnel of device.tunnels) {
    const kind = ends(tunnel, device.side).local.interface;
    if (tunnel.mode === 'route' && kind === 'policy') {
      throw usageError(
        `${tunnel.name} is route-based, and without an interface its selectors would take all traffic of the box`,
        { field: at('interface'), next: `set interface: xfrm, or mode: policy on ${tunnel.name}` },
      );
    }
    if (dialect === 'openswan' && tunnel.suite.ikeVersion !== 1) {
      throw usageError(
        `Openswan 2.6 has neither AES-GCM in IKE nor DH groups 19 and 20, which crypto level ${tunnel.suite.level} needs`,
        { field: at('dialect'), next: 'set crypto: legacy, or dialect: libreswan or swanctl' },
      );
    }
    if (dialect === 'openswan' && ends(tunnel, device.side).local.auth === 'cert') {
      throw usageError(`certificates are not rendered for Openswan 2.6, which ${tunnel.name} would need`, {
        field: at('dialect'),
        next: `set auth: psk on ${tunnel.name}, or dialect: libreswan or swanctl`,
      });
    }
    if (dialect === 'openswan' && kind !== 'policy') {
      throw usageError(`Openswan 2.6 has no tunnel interface for ${tunnel.name}`, {
        field: at('dialect'),
        next: `set mode: policy on ${tunnel.name}, or dialect: libreswan or swanctl`,
      });
    }
    if (dialect === 'ipsec-conf' && kind === 'xfrm') {
      throw usageError(`strongSwan's ipsec.conf has no if_id, so ${tunnel.name} can't use an XFRM interface`, {
        field: at('interface'),
        next: 'set interface: vti, or dialect: swanctl',
      });
    }
    if (dialect === 'libreswan' && kind === 'tun') {
      throw usageError("userspace ESP over TUN is strongSwan's kernel-libipsec; Libreswan has none", {
        field: at('interface'),
        next: 'set interface: xfrm, or dialect: swanctl',
      });
    }
    // kernel-libipsec makes one TUN device; two tunnels with 0.0.0.0/0 selectors on it would take each other's packets.
    if (kind === 'tun' && device.tunnels.length > 1) {
      throw usageError(`userspace ESP carries one tunnel a box, and ${device.name} has ${device.tunnels.length}`, {
        field: at('interface'),
        next: 'set interface: xfrm, or use a separate box for each tunnel',
      });
    }
  }
};

/**
 * Narrows the key to a string that means the same in every dialect's double quotes; never shows it. strongSwan reads
 * even a quoted `0x…` or `0s…` in swanctl.conf as hex or base64 (swanctl.conf, secrets.ike.secret).
 */
export function refusePsk(tunnel: string, psk: string | undefined): asserts psk is string {
  const field = `tunnels.${tunnel}.psk_file`;
  const next = 'put a key of 8 to 64 letters, digits, "." and "_" into the file';
  if (psk === undefined) throw usageError('the pre-shared key is missing', { field, next });
  if (!/^[\x21-\x7e]+$/.test(psk))
    throw usageError('the pre-shared key is empty or has a space, a line break or a character that is not ASCII', {
      field,
      next,
    });
  if (/["'\\]/.test(psk)) throw usageError('the pre-shared key has a quote or a backslash', { field, next });
  if (/^0[xs]/i.test(psk))
    throw usageError('the pre-shared key begins with 0x or 0s, which strongSwan decodes and others do not', {
      field,
      next,
    });
}
