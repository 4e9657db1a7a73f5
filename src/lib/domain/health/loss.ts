import { YEAR_MS } from './threshold.ts';

/**
 * What a path ordinarily loses, from what it lost in the last hour outside of failures. Mutable and plain: it is stepped
 * a thousand times a second, and a replay compares it as JSON.
 */
export interface Ledger {
  /** The first sample's time; minutes count from here, so that a shifted clock changes nothing. */
  origin: number | undefined;
  /** One slot a minute, by minute modulo 60. */
  readonly slots: Slot[];
  sent: number;
  lost: number;
  runs: number;
}

interface Slot {
  minute: number;
  sent: number;
  lost: number;
  /** Losses after a reply, each of which begins a run. */
  runs: number;
}

const SLOTS = 60;

export const startLedger = (): Ledger => ({ origin: undefined, slots: Array.from({ length: SLOTS }, () => ({ minute: -1, sent: 0, lost: 0, runs: 0 })), sent: 0, lost: 0, runs: 0 });

const slotAt = (ledger: Ledger, at: number): Slot => {
  ledger.origin ??= at;
  const minute = Math.floor((at - ledger.origin) / 60_000);
  const slot = ledger.slots[minute % SLOTS]!;
  if (slot.minute !== minute) {
    for (const old of ledger.slots) {
      if (old.minute < 0 || (old !== slot && old.minute > minute - SLOTS)) continue;
      ledger.sent -= old.sent;
      ledger.lost -= old.lost;
      ledger.runs -= old.runs;
      Object.assign(old, { minute: -1, sent: 0, lost: 0, runs: 0 });
    }
    slot.minute = minute;
  }
  return slot;
};

/** Adds what was counted since the last call. */
export const record = (ledger: Ledger, at: number, sent: number, lost: number, runs: number): void => {
  const slot = slotAt(ledger, at);
  slot.sent += sent;
  slot.lost += lost;
  slot.runs += runs;
  ledger.sent += sent;
  ledger.lost += lost;
  ledger.runs += runs;
};

/** One-sided 95 %. */
const Z = 1.645;

/** Wilson's score bound of a proportion (Wilson 1927), upper for `side` 1, lower for -1. 0 of 0 lies between 0 and 1. */
export const wilson = (hits: number, of: number, side: 1 | -1): number => {
  if (of === 0) return side === 1 ? 1 : 0;
  const p = hits / of;
  const centre = p + (Z * Z) / (2 * of);
  const spread = Z * Math.sqrt((p * (1 - p)) / of + (Z * Z) / (4 * of * of));
  return Math.min(1, Math.max(0, (centre + side * spread) / (1 + (Z * Z) / of)));
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
  return Math.max(wilson(ledger.lost, ledger.sent, 1), wilson(lost, sent, -1));
};

export interface Bursts {
  /** P(the next probe is lost too | this one was). */
  readonly persistence: number;
  /** Age below which an excursion is taken for a burst, ms. */
  readonly waitMs: number;
}

/** Losses that speak as if they had been single ones, until the path's own are many: one 0.5 s outage is no habit yet. */
const PRIOR_LOSSES = 10;
/** Users call a longer silence an outage, whatever the path's habits. */
const LONGEST_WAIT_MS = 5_000;

/**
 * Bursts can't be told from failures by any threshold, only waited out: T_b = b ln(lambda Y / F), where b is the mean
 * length and lambda the rate of bursts, here as a geometric tail of loss runs. undefined where losses come singly:
 * then a run is as long as chance makes it, which the charts' thresholds already cover.
 */
export const burstsOf = (ledger: Ledger, at: number, tauMs: number, p0: number, budget: number): Bursts | undefined => {
  const followed = ledger.lost - ledger.runs;
  if (ledger.origin === undefined || wilson(followed, ledger.lost, -1) <= p0) return undefined;
  const persistence = (followed + PRIOR_LOSSES * p0) / (ledger.lost + PRIOR_LOSSES);
  // A rate from less than ten minutes would be no rate.
  const seenMs = Math.max(600_000, Math.min(at - ledger.origin, SLOTS * 60_000));
  const aYear = (ledger.runs * YEAR_MS) / seenMs;
  const probes = Math.log(Math.max(1, aYear / budget)) / Math.log(1 / persistence);
  return { persistence, waitMs: Math.min(LONGEST_WAIT_MS, probes * tauMs) };
};
