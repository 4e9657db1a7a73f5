import { isLinux, linuxInterfaceName, tunnelsOf, type Tunnel } from '../tunnel.ts';
import type { Suite } from '../crypto.ts';
import type { Link, Site } from '../site.ts';
import type { ProfileName } from './profiles.ts';
import { slaPace } from './sla-pace.ts';
import { watchPace } from './watch-pace.ts';

/** BFD of Direct Connect: 300 ms x 3, so that a dead path is seen in 900 ms (AWS Direct Connect user guide). */
export const BFD = { intervalMs: 300, multiplier: 3 } as const;

/**
 * Keepalive and hold time, s, of a session without BFD: those of AWS's end of a tunnel ("Your customer gateway device",
 * AWS Site-to-Site VPN). Without them a dead Direct Connect is seen after AWS's 90 s (its keepalive is 30 s).
 */
export const BGP_TIMERS = { keepalive: 10, hold: 30 } as const;

/** IKE keepalive of an ASA, s: it takes 10-3600 and 2-10, and gives up after three retries. */
export const asaKeepalive = ({ dpd }: Suite): { readonly threshold: number; readonly retry: number } => ({
  threshold: Math.max(10, dpd.delay),
  retry: Math.min(10, Math.max(2, Math.floor((dpd.timeout - dpd.delay) / 3))),
});
const ASA_RETRIES = 3;

/** What the office's router goes by. `nothing`: a dead tunnel is never left, since selectors decide and not routes. */
export type OfficeDetector = 'bfd' | 'bgp-hold' | 'tunnel-watch' | 'ip-sla' | 'ike-keepalive' | 'nothing';

/** How soon the office's router leaves a dead link by itself; ms from the failure. */
export interface OfficeHalf {
  readonly router: string;
  readonly by: OfficeDetector;
  /** null: never. */
  readonly leastMs: number | null;
  readonly mostMs: number | null;
}

type Given = Partial<Record<'rttMs' | 'lossPercent' | 'budget', number | undefined>> & {
  readonly profile?: ProfileName;
};

type Found = Omit<OfficeHalf, 'router'>;

const within = (by: OfficeDetector, [leastMs, mostMs]: readonly [number, number]): Found => ({ by, leastMs, mostMs });

/** The session ends a hold time after its last packet, which came up to one interval before the failure. */
const HOLD = within('bgp-hold', [(BGP_TIMERS.hold - BGP_TIMERS.keepalive) * 1_000, BGP_TIMERS.hold * 1_000]);
/** RFC 5880, 6.8.4: the same, by the last BFD packet. */
const BY_BFD = within('bfd', [(BFD.multiplier - 1) * BFD.intervalMs, BFD.multiplier * BFD.intervalMs]);
/** The field document's SLA: every 5 s, IOS's own timeout of 5 s, seen by a track that looks every 5 s. */
const LEGACY_SLA = within('ip-sla', [5_000, 15_000]);

const ofTunnel = (site: Site, tunnel: Tunnel, given: Given): Found => {
  const { name, onprem, mode, bgp, suite } = tunnel;
  const { dialect } = onprem;
  if (bgp !== undefined) return HOLD;
  if (isLinux(dialect))
    return linuxInterfaceName(onprem, tunnel.numbers) === undefined
      ? { by: 'nothing', leastMs: null, mostMs: null }
      : within('tunnel-watch', watchPace(site, name, given).withinMs);
  if (mode === 'route' && dialect === 'ios-vti')
    return suite.level === 'legacy' ? LEGACY_SLA : within('ip-sla', slaPace(site, name, given).withinMs);
  if (mode === 'route' && dialect === 'asa-9.7-vti') {
    const { threshold, retry } = asaKeepalive(suite);
    return within('ike-keepalive', [ASA_RETRIES * retry * 1_000, (threshold + ASA_RETRIES * retry) * 1_000]);
  }
  return { by: 'nothing', leastMs: null, mostMs: null };
};

/**
 * The office's half of a failover as rendered. What OSPF takes to tell the office's other routers is not in it.
 * @param given in place of what the site file says.
 */
export const officeHalf = (site: Site, link: Link, given: Given = {}): OfficeHalf => {
  if (link.kind === 'dx') return { router: link.router, ...(link.bfd ? BY_BFD : HOLD) };
  const tunnel = tunnelsOf(site).find(({ name }) => name === link.tunnel)!;
  return { router: tunnel.onprem.device, ...ofTunnel(site, tunnel, given) };
};
