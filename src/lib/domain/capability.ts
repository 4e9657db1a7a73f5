import { issue, repeated, type Path } from './issue.ts';
import type { Dialect, Site, SiteIssue } from './site.ts';
import { isLinux, legacyStyle } from './tunnel.ts';

/** Dialects whose boxes have no tunnel interface: selectors decide, so the tunnel must be policy-based. */
export const POLICY_ONLY: readonly Dialect[] = ['openswan', 'ios-cryptomap', 'asa-8.2', 'asa-8.3'];
/** Dialects that are a tunnel interface. */
export const ROUTE_ONLY: readonly Dialect[] = ['ios-vti', 'asa-9.7-vti'];
/** IKEv1 only (ASA has IKEv2 since 8.4), and neither has AES-GCM with DH 19 or 20. */
export const LEGACY_CRYPTO_ONLY: readonly Dialect[] = ['openswan', 'asa-8.2'];
/** IFNAMSIZ is 16 with the final NUL (linux/if.h); a slash would be a folder in /proc/sys. */
export const LINUX_INTERFACE = /^[A-Za-z][A-Za-z0-9._-]{0,14}$/;
/** Userspace ESP over TUN is strongSwan's kernel-libipsec plugin. */
const HAS_TUN: readonly Dialect[] = ['swanctl', 'ipsec-conf'];

export interface Box {
  readonly path: Path;
  readonly name: string;
  readonly dialect: Dialect;
  readonly interface: Site['gateways'][number]['interface'];
  readonly wan: string;
  readonly tunnels: readonly { readonly entry: Site['tunnels'][number]; readonly path: Path }[];
}

/** Every gateway and router with its tunnels and their places in the file. */
export const boxes = (site: Site): readonly Box[] => {
  const tunnels = site.tunnels.map((entry, index) => ({ entry, path: ['tunnels', index] as Path }));
  return [
    ...site.gateways.map((box, index) => ({
      ...box,
      path: ['gateways', index],
      tunnels: tunnels.filter(({ entry }) => entry.gateway === box.name),
    })),
    ...site.onprem.routers.map((box, index) => ({
      ...box,
      path: ['onprem', 'routers', index],
      tunnels: tunnels.filter(({ entry }) => entry.router === box.name),
    })),
  ];
};

/** What a box can't do, whatever its neighbours are: dialect against crypto, mode, interface and load. */
export const capabilities = (site: Site): readonly SiteIssue[] =>
  boxes(site).flatMap((box) => {
    const found: SiteIssue[] = [];
    const linux = isLinux(box.dialect);
    if (LEGACY_CRYPTO_ONLY.includes(box.dialect) && site.crypto !== 'legacy' && box.tunnels.length > 0) {
      found.push(
        issue(
          [...box.path, 'dialect'],
          `${box.dialect} can't do crypto level ${site.crypto}: set crypto: legacy, or choose a newer dialect`,
        ),
      );
    }
    if (
      linux &&
      box.interface === 'tun' &&
      !HAS_TUN.includes(box.dialect) &&
      box.tunnels.some(({ entry }) => entry.mode === 'route')
    ) {
      found.push(
        issue(
          [...box.path, 'interface'],
          `tun needs strongSwan (swanctl or ipsec-conf): ${box.dialect} takes xfrm or vti`,
        ),
      );
    }
    if (linux && !LINUX_INTERFACE.test(box.wan)) {
      found.push(
        issue(
          [...box.path, 'wan'],
          `${box.wan} is not the name of a Linux interface (at most 15 characters, no "/"): use what "ip link" shows, like eth0`,
        ),
      );
    }
    if (
      box.dialect === 'ipsec-conf' &&
      box.interface === 'xfrm' &&
      box.tunnels.some(({ entry }) => entry.mode === 'route')
    ) {
      found.push(
        issue(
          [...box.path, 'interface'],
          `strongSwan's ipsec.conf has no if_id for xfrm: set interface: vti, or dialect: swanctl`,
        ),
      );
    }
    if (box.dialect.startsWith('asa-') && site.links.some((link) => link.kind === 'dx' && link.router === box.name)) {
      found.push(
        issue(
          [...box.path, 'dialect'],
          `Direct Connect is rendered for IOS and Linux (FRR), not for ${box.dialect}: let it end on another router`,
        ),
      );
    }
    // Its tunnels share their selectors, so they share one crypto map entry, and the field documents' parameters differ
    // by gateway software.
    const styles = box.tunnels.map(
      ({ entry }) =>
        site.gateways.filter(({ name }) => name === entry.gateway).map(({ dialect }) => legacyStyle(dialect))[0],
    );
    const odd = styles.findIndex((style) => style !== styles[0]);
    if (!linux && POLICY_ONLY.includes(box.dialect) && site.crypto === 'legacy' && odd > 0) {
      found.push(
        issue(
          [...box.tunnels[odd]!.path, 'gateway'],
          `${box.name} has one crypto map entry for all its tunnels, and at crypto level legacy an Openswan and a strongSwan gateway differ: set one dialect for both, or crypto: modern`,
        ),
      );
    }
    const certified = box.tunnels.filter(({ entry }) => entry.auth === 'cert');
    if (box.dialect === 'openswan' && certified.length > 0) {
      found.push(
        issue(
          [...certified[0]!.path, 'auth'],
          `cert does not fit ${box.name}: certificates are not rendered for openswan: set auth: psk, or dialect: libreswan`,
        ),
      );
    }
    // One entry of a crypto map, and one policy, for all tunnels of the box.
    if (!linux && POLICY_ONLY.includes(box.dialect) && certified.length > 0 && certified.length < box.tunnels.length) {
      found.push(
        issue(
          [...certified[0]!.path, 'auth'],
          `${box.name} has one crypto map entry for all its tunnels: set the same auth on each of them`,
        ),
      );
    }
    for (const { entry, path } of box.tunnels) {
      if (entry.initiator === 'router' && box.name === entry.router && POLICY_ONLY.includes(box.dialect) && !linux) {
        found.push(
          issue(
            [...path, 'initiator'],
            `router does not fit ${box.name}: a crypto map begins only when the office sends, and the gateway would wait: leave initiator out, or choose a dialect with a tunnel interface`,
          ),
        );
      }
      if (entry.mode === 'route' && POLICY_ONLY.includes(box.dialect)) {
        found.push(
          issue(
            [...path, 'mode'],
            `route does not fit ${box.name}: ${box.dialect} has no tunnel interface: set mode: policy`,
          ),
        );
      } else if (entry.mode === 'policy' && ROUTE_ONLY.includes(box.dialect)) {
        found.push(
          issue(
            [...path, 'mode'],
            `policy does not fit ${box.name}: ${box.dialect} is a tunnel interface: set mode: route`,
          ),
        );
      } else if (entry.mode === 'route' && linux && box.interface === 'policy') {
        found.push(
          issue(
            [...path, 'mode'],
            `route does not fit ${box.name}: it has interface policy: set mode: policy or interface: xfrm`,
          ),
        );
      }
    }
    // kernel-libipsec has one TUN device a network namespace: with two route-based tunnels, both would claim 0.0.0.0/0
    // on it.
    if (linux && box.interface === 'tun' && box.tunnels.length > 1) {
      found.push(
        issue(
          [...box.tunnels[1]!.path, box.path[0] === 'gateways' ? 'gateway' : 'router'],
          `${box.name} has interface tun and carries ${box.tunnels[0]!.entry.name} already: one tunnel a box, or interface xfrm`,
        ),
      );
    }
    found.push(
      ...repeated(
        box.tunnels.flatMap(({ entry, path }) =>
          entry.number === undefined ? [] : [{ path: [...path, 'number'], value: entry.number }],
        ),
        (value, first) => `${value} is ${first} on ${box.name} too: choose another base, or leave it out`,
      ),
    );
    // Defaults climb by ten from 100; 990 is the last that fits an IOS SLA, a track and a Linux table as they are used
    // here.
    if (box.tunnels.length > 90)
      found.push(
        issue(
          [...box.tunnels[90]!.path],
          `${box.name} carries ${box.tunnels.length} tunnels: 90 is the most, numbers run out`,
        ),
      );
    return found;
  });
