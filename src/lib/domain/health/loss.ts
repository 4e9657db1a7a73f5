import { YEAR_MS } from './threshold.ts';

/**
 * What a path ordinarily loses, from what it lost in the last hour outside of failures. Mutable and plain: it is
 * stepped a thousand times a second, and a replay compares it as JSON.
 */
export interface Ledger {
  /** The first sample's time; minutes count from here, so that a shifted clock changes nothing. */
  origin: number | undefined;
  /** One slot a minute, by minute modulo 60. */
  readonly slots: Slot[];
  readonly sum: Counts;
}

export interface Counts {
  sent: number;
  lost: number;
  /** Losses right after a loss. */
  followed: number;
  /** Runs of two losses and more; single losses are chance, and would hide the bursts among them. */
  bursts: number;
}

interface Slot extends Counts {
  minute: number;
}

const NONE: Readonly<Counts> = { sent: 0, lost: 0, followed: 0, bursts: 0 };
const add = (to: Counts, { sent, lost, followed, bursts }: Counts, sign: 1 | -1): void => {
  to.sent += sign * sent;
  to.lost += sign * lost;
  to.followed += sign * followed;
  to.bursts += sign * bursts;
};

const SLOTS = 60;

export const startLedger = (): Ledger => ({
  origin: undefined,
  slots: Array.from({ length: SLOTS }, () => ({ minute: -1, ...NONE })),
  sum: { ...NONE },
});

const slotAt = (ledger: Ledger, at: number): Slot => {
  ledger.origin ??= at;
  const minute = Math.floor((at - ledger.origin) / 60_000);
  const slot = ledger.slots[minute % SLOTS]!;
  if (slot.minute !== minute) {
    for (const old of ledger.slots) {
      if (old.minute < 0 || (old !== slot && old.minute > minute - SLOTS)) continue;
      add(ledger.sum, old, -1);
      Object.assign(old, { minute: -1, ...NONE });
    }
    slot.minute = minute;
  }
  return slot;
};

/** Adds what was counted since the last call. */
export const record = (ledger: Ledger, at: number, counts: Counts): void => {
  add(slotAt(ledger, at), counts, 1);
  add(ledger.sum, counts, 1);
};

/**
 * Standard normal quantiles, one-sided: 95 %; and 99.9 %, for a question asked every second whose false yes costs time.
 */
const Z95 = 1.645;
const Z999 = 3.09;

/**
 * Wilson's score bound of a proportion (Wilson 1927), upper for `side` 1, lower for -1. 0 of 0 lies between 0 and 1.
 */
export const wilson = (hits: number, of: number, side: 1 | -1, z = Z95): number => {
  if (of === 0) return side === 1 ? 1 : 0;
  const p = hits / of;
  const centre = p + (z * z) / (2 * of);
  const spread = z * Math.sqrt((p * (1 - p)) / of + (z * z) / (4 * of * of));
  return Math.min(1, Math.max(0, (centre + side * spread) / (1 + (z * z) / of)));
};

/**
 * Ordinary loss p0: the upper 95 % bound of the hour. The last one to two minutes lift it as soon as they surely lose
 * more: an hour's mean would take half an hour to follow a path that got worse, crying wolf all the while.
 */
export const ordinaryLoss = (ledger: Ledger, at: number): number => {
  const { minute } = slotAt(ledger, at);
  let sent = 0;
  let lost = 0;
  for (const slot of ledger.slots) {
    if (slot.minute < minute - 1) continue;
    sent += slot.sent;
    lost += slot.lost;
  }
  return Math.max(wilson(ledger.sum.lost, ledger.sum.sent, 1), wilson(lost, sent, -1));
};

export interface Bursts {
  /** P(the next probe is lost too | this one was). */
  readonly persistence: number;
  /** Age below which an excursion is taken for a burst, ms. */
  readonly waitMs: number;
}

/** A burst or two are no habit. */
const FEWEST_BURSTS = 3;
/** Losses that speak as if they had come singly, until the path's own are many. */
const PRIOR_LOSSES = 5;
/** Users call a longer silence an outage, whatever the path's habits. */
const LONGEST_WAIT_MS = 5_000;

/**
 * Bursts can't be told from failures by any threshold, only waited out: T_b = b ln(lambda Y / F), where b is the mean
 * length and lambda the rate of bursts, here as the geometric tail of loss runs. Only what ended before the alarm is
 * learnt: a path that was called dead was dead. undefined where losses come singly: then a run is as long as chance
 * makes it, which the charts' thresholds already cover.
 */
export const burstsOf = (
  { origin, sum }: Ledger,
  at: number,
  tauMs: number,
  p0: number,
  budget: number,
): Bursts | undefined => {
  if (
    origin === undefined ||
    sum.bursts < FEWEST_BURSTS ||
    wilson(sum.followed - sum.bursts, sum.followed, -1, Z999) <= p0
  )
    return undefined;
  const persistence = (sum.followed - sum.bursts + PRIOR_LOSSES * p0) / (sum.followed + PRIOR_LOSSES);
  // A rate from less than ten minutes would be no rate.
  const seenMs = Math.max(600_000, Math.min(at - origin, SLOTS * 60_000));
  const aYear = (sum.bursts * YEAR_MS) / seenMs;
  const probes = 2 + Math.log(Math.max(1, aYear / budget)) / Math.log(1 / persistence);
  return { persistence, waitMs: Math.min(LONGEST_WAIT_MS, probes * tauMs) };
};
