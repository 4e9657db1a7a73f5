import type { Dialect, Site } from './site.ts';

/** Dialects whose tunnels are peers of one crypto map entry. */
const ONE_ENTRY: readonly Dialect[] = ['asa-8.2', 'asa-8.3', 'ios-cryptomap'];

/** Tunnels of which one at most is up, and what carries them. */
export interface OneAtATime {
  readonly router: string;
  readonly tunnels: readonly string[];
}

/**
 * Policy-based Cisco boxes with two gateways or more: the entry's peers are tried one after the other, and one is
 * current (AWS, "Example: Cisco ASA Device": one active tunnel at a time; Cisco 220638, "Understand IKEv2 Crypto Map
 * Backup Peers"). The other tunnels are down meanwhile without being broken.
 */
export const oneAtATime = ({ onprem, tunnels }: Pick<Site, 'onprem' | 'tunnels'>): readonly OneAtATime[] =>
  onprem.routers.flatMap(({ name, dialect }) => {
    const own = tunnels.filter(({ router }) => router === name).map((tunnel) => tunnel.name);
    return ONE_ENTRY.includes(dialect) && own.length > 1 ? [{ router: name, tunnels: own }] : [];
  });
