import { BLACKHOLE, chartsFor, type Charts, type Rates } from './threshold.ts';

export const PROFILE_NAMES = ['fast', 'default', 'legacy'] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

/** The two-CUSUM detector at a probing rate, with its charts solved once for all targets. */
export interface CusumProfile extends Rates {
  readonly kind: 'cusum';
  readonly name: 'fast' | 'default';
  /** False failovers a year. */
  readonly budget: number;
  readonly charts: readonly Charts[];
}

/** Rounds of pings, one after another, all of which must be lost. */
export interface RoundsProfile {
  readonly kind: 'rounds';
  readonly name: 'legacy';
  readonly tauMs: number;
  readonly pings: number;
  /** Wait for the answers of a round without any, after its last ping. */
  readonly timeoutMs: number;
  /** Pause between rounds. */
  readonly pauseMs: number;
  /** Good rounds in a row before a return. */
  readonly goodRounds: number;
}

export type Profile = CusumProfile | RoundsProfile;

/**
 * 20 ms: 50 packets/s a target, for a Direct Connect or a path that is ours alone; finds a blackhole in 0.15 s. 100 ms:
 * 10 packets/s a target, a hundredth of what a firewall's ICMP limit commonly bites at. Large probes once a second.
 */
export const RATES = {
  fast: { tauMs: 20, largeEveryMs: 1_000 },
  default: { tauMs: 100, largeEveryMs: 1_000 },
} as const;

/**
 * `ping -c 3 -W 1`, 2 s between rounds (AWS's "High availability for NAT instances" script), 10 good rounds to return.
 */
const LEGACY: RoundsProfile = {
  kind: 'rounds',
  name: 'legacy',
  tauMs: 1_000,
  pings: 3,
  timeoutMs: 1_000,
  pauseMs: 2_000,
  goodRounds: 10,
};

/** One false failover a year a link: rarer than the circuit's own planned works. */
export const DEFAULT_BUDGET = 1;

/**
 * @param budget false failovers a year. Solving the charts takes some 50 ms of a core; share the profile between
 * targets.
 */
export const profileOf = (name: ProfileName, budget = DEFAULT_BUDGET): Profile =>
  name === 'legacy' ? LEGACY : { kind: 'cusum', name, ...RATES[name], budget, charts: chartsFor(RATES[name], budget) };

/**
 * Log-likelihood ratios of other evidence, in nats: ln P(seen | dead) / P(seen | alive).
 *
 * An SA goes down under a living path a few dozen times a year (rekey collisions, a peer's restart), each for a second
 * or two: about 1e-6 of seconds. It goes down in a given second of a real outage with a chance of 1 % to 10 %, since
 * DPD takes its time. BFD at 300 ms x 3 (the setting of Direct Connect) is three losses in a row.
 */
export const evidenceNats = (evidence: 'child-down' | 'ike-down' | 'bfd-down', p0: number): number => {
  switch (evidence) {
    case 'child-down':
      return 9;
    case 'ike-down':
      return 11;
    case 'bfd-down':
      return 3 * Math.log(BLACKHOLE / p0);
  }
};
