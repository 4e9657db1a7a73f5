import { burstsOf, ordinaryLoss, record, startLedger, type Bursts, type Ledger } from './loss.ts';
import { evidenceNats, type CusumProfile } from './profiles.ts';
import { BLACKHOLE, GRAY, levelOf, LEVELS, SHARE, type Chart } from './threshold.ts';
import type { Cause, Evidence, Health, Sample } from './types.ts';

/** One CUSUM: S in its chart's units, and how long it has been above 0 as far as we looked. */
export interface Excursion {
  score: number;
  ageMs: number;
}

/**
 * One target's state: plain data, changed in place (a thousand steps a second make no garbage). No clock, no chance:
 * the same samples give the same bytes.
 */
export interface Target extends Health {
  dead: boolean;
  cause: Cause | undefined;
  suspicion: number;
  seenAt: number | undefined;
  lastReplyAt: number | undefined;
  sent: number;
  lost: number;
  /** Of the lost ones, those right after another, and the runs of two and more. */
  followed: number;
  bursts: number;
  /** Losses in a row up to now. */
  row: number;
  /** When each size was last heard of. */
  smallAt: number | undefined;
  largeAt: number | undefined;
  /** Index in LEVELS. */
  level: number;
  /** Its bursts, where it has a habit of them. */
  habit: Bursts | undefined;
  learntAt: number | undefined;
  readonly blackhole: Excursion;
  readonly gray: Excursion;
  readonly large: Excursion;
  /** SPRT towards "good again", nats, for each size of probe. */
  goodSmall: number;
  goodLarge: number;
  readonly ledger: Ledger;
}

export const startTarget = (): Target => ({
  dead: false,
  cause: undefined,
  suspicion: 0,
  seenAt: undefined,
  lastReplyAt: undefined,
  sent: 0,
  lost: 0,
  followed: 0,
  bursts: 0,
  row: 0,
  smallAt: undefined,
  largeAt: undefined,
  level: LEVELS.length - 1, // nothing is known yet: assume the worst ordinary path
  habit: undefined,
  learntAt: undefined,
  blackhole: { score: 0, ageMs: 0 },
  gray: { score: 0, ageMs: 0 },
  large: { score: 0, ageMs: 0 },
  goodSmall: 0,
  goodLarge: 0,
  ledger: startLedger(),
});

/** p0 is read again at most this often; it is the bound of an hour and can't change faster. */
const LEARN_EVERY_MS = 1_000;
/**
 * SPRT of "loss <= p0" against ">= 30 %" (large probes: against a hole): accepted with an error of 1e-6 (Wald 1945).
 */
const ACCEPT = Math.log(1e6);
/**
 * A bad spell sets the SPRT back to here and no further. At 0 a path that loses 30 % would be taken for good once a day
 * at 100 ms; from here once in decades, for two seconds more on the way back.
 */
const FLOOR = -ACCEPT / 2;

/** Judges one sample. A clock that went back is our own fault, so such a sample counts as unknown. */
export const stepTarget = (
  target: Target,
  { charts, tauMs, largeEveryMs, budget }: CusumProfile,
  sample: Sample,
): void => {
  const { at, kind, size } = sample;
  if (kind === 'unknown' || (target.seenAt !== undefined && at < target.seenAt)) return;
  const lost = kind === 'lost';
  if (!lost) target.lastReplyAt = at;
  target.seenAt = at;
  const calm = target.blackhole.score === 0 && target.gray.score === 0 && target.large.score === 0;
  if (calm && !target.dead) learn(target, at, tauMs, budget);
  const { blackhole, gray, large } = charts[target.level]!;
  if (size === 'small') {
    const dt = elapsed(target.smallAt, at, tauMs);
    target.smallAt = at;
    advance(target.blackhole, blackhole, lost ? blackhole.lost : blackhole.reply, dt, tauMs);
    advance(target.gray, gray, lost ? lostGray(target, gray) : gray.reply, dt, tauMs);
    count(target, lost);
    target.goodSmall = sprt(target.goodSmall, lost, gray.p0, GRAY);
  } else {
    const dt = elapsed(target.largeAt, at, target.large.score === 0 ? largeEveryMs : tauMs);
    target.largeAt = at;
    advance(target.large, large, lost ? large.lost : large.reply, dt, tauMs);
    // A PMTU hole eats every large packet, and they come once a second: six replies acquit, where 30 % loss would take
    // seventy.
    target.goodLarge = sprt(target.goodLarge, lost, gray.p0, BLACKHOLE);
  }
  if (target.dead) recover(target);
  else judge(target, blackhole, gray, large);
  if (!target.dead && target.blackhole.score === 0 && target.gray.score === 0) commit(target, at);
  target.suspicion = target.dead ? 1 : fullest(target, blackhole, gray, large);
};

/** Adds what others saw. Nothing but a link without carrier kills alone: the last word is a lost probe of our own. */
export const hear = (target: Target, { charts, tauMs }: CusumProfile, evidence: Evidence): void => {
  if (target.dead) return;
  if (evidence === 'link-down') return kill(target, 'link-down');
  const { blackhole, gray, large } = charts[target.level]!;
  const { score } = target.blackhole;
  if (score === 0) target.blackhole.ageMs = tauMs;
  target.blackhole.score = Math.max(
    score,
    Math.min(
      blackhole.limit - blackhole.lost,
      score + Math.round(evidenceNats(evidence, blackhole.p0) / blackhole.unit),
    ),
  );
  target.suspicion = fullest(target, blackhole, gray, large);
};

/** How soon the next large probe is due: a missing one is followed up at once, so a PMTU hole is found in a second. */
export const largeDueMs = (target: Target, { tauMs, largeEveryMs }: CusumProfile): number =>
  target.dead || target.large.score > 0 ? tauMs : largeEveryMs;

/** A gap in our own looking does not age an excursion: a stopped monitor has not waited a burst out. */
const elapsed = (before: number | undefined, at: number, usualMs: number): number =>
  before === undefined ? usualMs : Math.min(at - before, 2 * usualMs);

const count = (target: Target, lost: boolean): void => {
  target.sent += 1;
  target.row = lost ? target.row + 1 : 0;
  if (!lost) return;
  target.lost += 1;
  if (target.row > 1) target.followed += 1;
  if (target.row === 2) target.bursts += 1;
};

const advance = (excursion: Excursion, { limit }: Chart, points: number, dtMs: number, tauMs: number): void => {
  const before = excursion.score;
  excursion.score = Math.max(0, Math.min(limit, before + points));
  excursion.ageMs = excursion.score === 0 ? 0 : before === 0 ? tauMs : excursion.ageMs + dtMs;
};

/**
 * On a bursty path one loss foretells the next: only the first says something of a gray failure, or two bursts would be
 * one.
 */
const lostGray = ({ row, habit }: Target, gray: Chart): number =>
  row > 0 && habit !== undefined
    ? Math.max(0, Math.min(gray.lost, Math.round(Math.log(GRAY / habit.persistence) / gray.unit)))
    : gray.lost;

const judge = (target: Target, blackhole: Chart, gray: Chart, large: Chart): void => {
  const wait = target.habit?.waitMs ?? 0;
  const up = ({ score, ageMs }: Excursion, { limit }: Chart): boolean => score >= limit && ageMs >= wait;
  if (up(target.blackhole, blackhole)) kill(target, 'blackhole');
  else if (up(target.gray, gray)) kill(target, 'gray');
  else if (up(target.large, large)) kill(target, 'pmtu');
};

const kill = (target: Target, cause: Cause): void => {
  Object.assign(target, { dead: true, cause, suspicion: 1, goodSmall: 0, goodLarge: 0 });
};

/** SPRT score towards good: loss p0 against p1. */
const sprt = (score: number, lost: boolean, p0: number, p1: number): number =>
  Math.max(FLOOR, Math.min(ACCEPT, score + (lost ? Math.log(p0 / p1) : Math.log((1 - p0) / (1 - p1)))));

const UNCOUNTED = { sent: 0, lost: 0, followed: 0, bursts: 0 } as const;

const recover = (target: Target): void => {
  if (target.goodSmall < ACCEPT || (target.largeAt !== undefined && target.goodLarge < ACCEPT)) return;
  Object.assign(target, { dead: false, cause: undefined, ...UNCOUNTED });
  for (const excursion of [target.blackhole, target.gray, target.large])
    Object.assign(excursion, { score: 0, ageMs: 0 });
};

/** What was seen during suspicion counts as ordinary only once suspicion is over; a death's losses never do. */
const commit = (target: Target, at: number): void => {
  record(target.ledger, at, target);
  Object.assign(target, UNCOUNTED);
};

const learn = (target: Target, at: number, tauMs: number, budget: number): void => {
  if (target.learntAt !== undefined && at - target.learntAt < LEARN_EVERY_MS) return;
  target.learntAt = at;
  target.level = levelOf(ordinaryLoss(target.ledger, at));
  target.habit = burstsOf(target.ledger, at, tauMs, LEVELS[target.level]!, budget * SHARE.blackhole);
};

const fullest = (target: Target, blackhole: Chart, gray: Chart, large: Chart): number =>
  Math.max(target.blackhole.score / blackhole.limit, target.gray.score / gray.limit, target.large.score / large.limit);
