import { PROFILE_NAMES, type ProfileName } from '../domain/health/profiles.ts';
import type { FaultsInput } from '../cloud/faults.ts';
import type { CutSpec } from '../lab/faults.ts';

/** One thing that goes wrong. Every fault can be taken back. */
export type Fault =
  | { readonly kind: 'cut'; readonly cut: CutSpec }
  /** The link's BGP session is shut down at the cloud's end; its wire stays. */
  | { readonly kind: 'bgp'; readonly link: string }
  /** The gateway's charon ends in good order and tells its peer. */
  | { readonly kind: 'charon'; readonly gateway: string }
  /** The gateway's charon starts again with another key than its peer. */
  | { readonly kind: 'psk'; readonly gateway: string }
  /** Somebody stops the gateway's instance in the cloud. */
  | { readonly kind: 'instance'; readonly gateway: string }
  /** The endpoint misbehaves; `forMs`: and is well again after this. */
  | { readonly kind: 'api'; readonly faults: FaultsInput; readonly forMs?: number }
  /** The monitor is killed at a step of its work and started again, or stopped for a while by SIGSTOP. */
  | { readonly kind: 'kill'; readonly at: KillStep }
  | { readonly kind: 'freeze'; readonly ms: number };

/**
 * `fault`: when the fault sets in; `verdict`: when it is found; `call`: when the route call was answered; `moved`: when
 * it was read back.
 */
export const KILL_STEPS = ['fault', 'verdict', 'call', 'moved'] as const;
export type KillStep = (typeof KILL_STEPS)[number];

/** Every profile can be drilled; what the 3-ping loop can't find is left out (`FOUND_WITHIN` in cases.ts). */
export const DRILL_PROFILES = PROFILE_NAMES;
export type DrillProfile = ProfileName;

/** What has to be found; the time for it follows from the profile. */
export type Signature = 'blackhole' | 'half' | 'third' | 'large';

export interface Expectation {
  /** Link of every route table, by the table's name, while the fault stands. */
  readonly at: Readonly<Record<string, string>>;
  /** undefined: nothing is to be found and nothing may move. */
  readonly signature: Signature | undefined;
  /**
   * The stream crosses the fault, so its gap is bounded too (small packets pass a PMTU hole; a one-way stream does not
   * see the way back).
   */
  readonly silences: boolean;
  /** What the fault costs beside detection, ms: a slow API, a monitor that starts again. */
  readonly extraMs: number;
  /** Kinds of alert that have to come. */
  readonly alerts: readonly string[];
  /** Of all tables together. */
  readonly mostMoves?: number;
}

/** One named drill. Plain data. */
export interface DrillCase {
  readonly name: string;
  /** Class of fault. */
  readonly group: string;
  readonly about: string;
  /** In force before the monitor starts: what makes a standby path carry the traffic. */
  readonly standing: readonly Fault[];
  /** Set in this order at one random moment. */
  readonly faults: readonly Fault[];
  /** The fault comes and goes so many times, this far apart. */
  readonly flaps?: { readonly times: number; readonly everyMs: number };
  /** Route table whose app host sends the stream, by position. */
  readonly table: number;
  /** How long nothing may happen, ms; with no signature. */
  readonly watchMs: number;
  /** The return is watched too: the fault is taken back, or the monitor itself heals it. */
  readonly back?: 'undone' | 'healed';
  readonly expects: Expectation;
}

/** A stretch of a lane of the timeline, ms since the fault. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly tone: 'good' | 'bad' | 'unknown' | 'other';
}

export interface Lane {
  readonly name: string;
  readonly stretches: readonly Stretch[];
}

export interface CaseResult {
  readonly name: string;
  readonly group: string;
  readonly about: string;
  readonly passed: boolean;
  /** It did not pass, and the machine was too busy to tell: the sender of the stream paused for too long itself. */
  readonly invalid: boolean;
  /** Why it did not pass. */
  readonly problems: readonly string[];
  /** What an application feels: the longest time without an echo; null: none came back at all. */
  readonly roundTripMs: number | null;
  /** Longest silence at the office, one way: the part of the cloud. null: no packet arrived at all. */
  readonly gapMs: number | null;
  /** Longest time in which echoes were lost on their way back: the part of the office. */
  readonly backMs: number | null;
  /** The stream's sender's own longest pause: no gap is known better than this. null: no stream was sent. */
  readonly pauseMs: number | null;
  /** From the fault until the last route was where it belongs. */
  readonly reactMs: number | null;
  readonly detectMs: number | null;
  readonly apiMs: number | null;
  readonly verifyMs: number | null;
  /** What was allowed for the reaction; null: nothing was to happen. */
  readonly limitMs: number | null;
  /** Link of each route table while the fault stood. */
  readonly at: Readonly<Record<string, string>>;
  readonly moves: number;
  readonly alerts: readonly string[];
  readonly lanes: readonly Lane[];
  /**
   * What the monitor and the lab told from the fault on, a line each, with ms since the fault; of a case that failed,
   * also what came before.
   */
  readonly story: readonly string[];
  /** From the fault's end until every route was home again; null where the case does not watch that. */
  readonly returnMs: number | null;
  /** How everything stood at the end, of a case that failed. */
  readonly scene: readonly string[];
}

/** A case that was not run, and why. */
export interface LeftOut {
  readonly name: string;
  readonly why: string;
}

export interface DrillReport {
  readonly lab: string;
  readonly site: string;
  readonly profile: DrillProfile;
  readonly seed: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly tookMs: number;
  readonly passed: number;
  readonly failed: number;
  /** Cases that neither passed nor failed: the machine was too busy each time. */
  readonly invalid: number;
  readonly leftOut: readonly LeftOut[];
  /** What did not come back to order after the last case. */
  readonly amiss: readonly string[];
  readonly cases: readonly CaseResult[];
}
