// Detectors on the same kind of path: false failovers a year at 5 % random loss, and how soon 100, 50 and 30 % loss are
// found.
import { inARow, outOf, type Control } from '../src/lib/domain/health/controls.ts';
import { prospectsOf } from '../src/lib/domain/health/delay.ts';
import { startTarget, stepTarget } from '../src/lib/domain/health/detector.ts';
import { profileOf, type RoundsProfile } from '../src/lib/domain/health/profiles.ts';
import { startRounds, stepRounds } from '../src/lib/domain/health/rounds.ts';
import { chartFor, SHARE, YEAR_MS, BLACKHOLE, GRAY } from '../src/lib/domain/health/threshold.ts';
import { seeded } from '../src/lib/domain/seeded.ts';
import {
  cusumProfile,
  delayOf,
  ofControl,
  ofTarget,
  quantile,
  randomLoss,
  warmTarget,
  type Judge,
} from './simulate.ts';

const LOSS = 0.05;
const FAULTS = [1, 0.5, 0.3];
const RUNS = Number(process.argv[2] ?? 400);
const WAIT_MS = 10;

/**
 * False alarms in one simulated year at 5 % random loss. Replies are drawn as whole stretches between losses
 * (geometric), so a year of 315 million probes takes seconds; `lost` and `replies` are the detector's own arithmetic.
 */
interface Year {
  readonly lost: () => boolean;
  readonly replies: (count: number) => void;
  readonly reset: () => void;
}
const falseInAYear = (tauMs: number, { lost, replies, reset }: Year): number => {
  const random = seeded(2026);
  const probes = YEAR_MS / tauMs;
  let alarms = 0;
  for (let probe = 0; probe < probes; probe += 1) {
    const stretch = Math.floor(Math.log(1 - random()) / Math.log(1 - LOSS));
    if (stretch > 0) replies(stretch);
    probe += stretch;
    if (!lost()) continue;
    alarms += 1;
    reset();
  }
  return alarms;
};

const rowYear = (n: number): Year => {
  let run = 0;
  return { lost: () => (run += 1) === n, replies: () => (run = 0), reset: () => (run = 0) };
};
const windowYear = (k: number, n: number): Year => {
  let at = 0;
  let seen: number[] = [];
  return {
    lost: () => ((at += 1), (seen = [...seen.filter((loss) => loss > at - n), at]).length >= k),
    replies: (count) => (at += count),
    reset: () => (seen = []),
  };
};
const cusumYear = (tauMs: number, budget: number): Year => {
  const charts = [
    chartFor({ p1: BLACKHOLE, p0: LOSS, restMs: tauMs, suspectMs: tauMs, budget: budget * SHARE.blackhole }),
    chartFor({ p1: GRAY, p0: LOSS, restMs: tauMs, suspectMs: tauMs, budget: budget * SHARE.gray }),
  ];
  let scores = [0, 0];
  return {
    lost: () => (
      (scores = scores.map((score, index) => score + charts[index]!.lost)),
      scores.some((score, index) => score >= charts[index]!.limit)
    ),
    replies: (count) => (scores = scores.map((score, index) => Math.max(0, score + count * charts[index]!.reply))),
    reset: () => (scores = [0, 0]),
  };
};

interface Contender {
  readonly name: string;
  readonly tauMs: number;
  readonly year: number;
  /** New for each run, after `warmMs` on the path. */
  readonly judge: (run: number) => Judge;
  readonly warmMs: number;
}
const control = (name: string, tauMs: number, year: Year, make: () => Control): Contender => ({
  name,
  tauMs,
  year: falseInAYear(tauMs, year),
  judge: ofControl(make),
  warmMs: 0,
});

const cusum = (name: 'fast' | 'default', loss: number): Contender => {
  const profile = cusumProfile(name);
  const warmS = 120;
  // p0 as an hour on the path would leave it; watching it for an hour 400 times over would take all day.
  const warm = (run: number) => {
    const target = warmTarget(profile, loss, warmS, seeded(run));
    return loss === LOSS
      ? Object.assign(target, { level: profile.charts.findIndex(({ p0 }) => p0 === LOSS), learntAt: Infinity })
      : target;
  };
  const year = loss === LOSS ? falseInAYear(profile.tauMs, cusumYear(profile.tauMs, profile.budget)) : NaN;
  return {
    name: `two CUSUMs, ${name}${loss === LOSS ? '' : ', on a clean path'}`,
    tauMs: profile.tauMs,
    year,
    judge: (run) => ofTarget(profile, () => warm(run))(),
    warmMs: warmS * 1_000,
  };
};

const seedLoop = (): Contender => {
  const profile = profileOf('legacy') as RoundsProfile;
  const judge = (): Judge => {
    const rounds = startRounds();
    return (sample) => (stepRounds(rounds, profile, sample), rounds.dead);
  };
  const warm = (run: number): Judge => {
    const random = seeded(run);
    const made = judge();
    const warmMs = 8_000 + Math.floor(random() * 4) * 1_000;
    for (let at = 60_000 - warmMs; at < 60_000; at += 1_000) made({ at, kind: 'reply', size: 'small' });
    return made;
  };
  return {
    name: '3-ping loop',
    tauMs: 1_000,
    year: Math.round(prospectsOf(profile, 10, LOSS).falseAYear),
    judge: warm,
    warmMs: 60_000,
  };
};

const contenders: readonly Contender[] = [
  seedLoop(),
  control('3 in a row at 300 ms', 300, rowYear(3), () => inARow(3)),
  control('7 in a row', 100, rowYear(7), () => inARow(7)),
  control('10 of the last 20', 100, windowYear(10, 20), () => outOf(10, 20)),
  cusum('default', LOSS),
  cusum('default', 0),
  cusum('fast', LOSS),
  cusum('fast', 0),
];

const seconds = (ms: number): string =>
  ms < 10_000 ? (ms / 1_000).toFixed(2) : Number.isFinite(ms) ? (ms / 1_000).toFixed(0) : 'never';
console.log(
  `Detectors by seeded simulation: ${RUNS} faults each at a random phase; ${LOSS * 100} % random loss for a year; s, p50 (p99)\n`,
);
console.log(
  ['detector'.padEnd(36), 'false/yr'.padStart(9), ...FAULTS.map((loss) => `${loss * 100} % lost`.padStart(16))].join(
    '',
  ),
);
for (const { name, tauMs, year, judge, warmMs } of contenders) {
  const cells = FAULTS.map((loss, index) => {
    const delays = Array.from({ length: RUNS }, (_, run) =>
      delayOf(judge(run), warmMs, tauMs, WAIT_MS, randomLoss(loss), seeded(1_000 * (index + 1) + run)),
    );
    return `${seconds(quantile(delays, 0.5))} (${seconds(quantile(delays, 0.99))})`.padStart(16);
  });
  console.log([name.padEnd(36), (Number.isNaN(year) ? '' : String(year)).padStart(9), ...cells].join(''));
}

const profile = cusumProfile('default');
const target = startTarget();
const random = seeded(1);
const start = performance.now();
const STEPS = 2_000_000;
for (let step = 0; step < STEPS; step += 1)
  stepTarget(target, profile, { at: step * 100, kind: random() < LOSS ? 'lost' : 'reply', size: 'small' });
const nanos = ((performance.now() - start) / STEPS) * 1e6;
console.log(
  `\nA step takes ${nanos.toFixed(0)} ns: 1,000 probes a second are ${((nanos * 1_000) / 1e7).toFixed(3)} % of a core.`,
);
