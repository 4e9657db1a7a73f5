import { meanTimeToAlarm, type Scores } from './chain.ts';

export const YEAR_MS = 365 * 86_400_000;

/** A path that loses nearly everything; 0.98 and not 1, so that a stray reply is a setback and no acquittal. */
export const BLACKHOLE = 0.98;
/** A path that loses this much carries no useful TCP: the least that counts as a failure of its own. */
export const GRAY = 0.3;

/**
 * Levels of ordinary loss p0 the charts are made for; a measured loss takes the next level up. Below 1 % a single
 * unlucky minute would be a failure, above 10 % nothing is left to tell ordinary from gray. Half a percent apart where
 * it costs a probe to be a level too high.
 */
export const LEVELS = [0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.04, 0.045, 0.05, 0.055, 0.06, 0.07, 0.08, 0.1] as const;

/**
 * The gray chart never takes ordinary loss for less than this. At p0 = 1 % it would call a path that went from 0 to 5 %
 * random loss dead within minutes; at 5 % it still finds 30 % loss in the time asked of it.
 */
export const GRAY_FLOOR = 0.05;

/**
 * The smaller of a chart's two scores is this many units: the larger is then off by at most a twelfth, before the exact
 * solve.
 */
const GRAIN = 6;

export interface Chart extends Scores {
  /** Nats a unit of score: S in units times this is a log-likelihood ratio. */
  readonly unit: number;
  readonly p1: number;
  readonly p0: number;
}

/**
 * Threshold in nats by the bound ARL >= e^h, with `charts` side by side sharing the budget: ln(Y/(tau F)) + ln charts.
 */
export const boundNats = (tauMs: number, budget: number, charts: number): number =>
  Math.log(YEAR_MS / (tauMs * budget)) + Math.log(charts);

const scores = (p1: number, p0: number): Omit<Chart, 'limit'> => {
  const lost = Math.log(p1 / p0);
  const reply = Math.log((1 - p1) / (1 - p0));
  const unit = Math.min(lost, -reply) / GRAIN;
  return { lost: Math.round(lost / unit), reply: Math.round(reply / unit), unit, p1, p0 };
};

export interface ChartSpec {
  readonly p1: number;
  readonly p0: number;
  /** Between probes while nothing is suspected, and while something is; ms. */
  readonly restMs: number;
  readonly suspectMs: number;
  /** False alarms a year of this chart alone, at a random loss of p0. */
  readonly budget: number;
}

/** The chart with the lowest threshold that keeps the budget, by exact solve; about 20 % fewer nats than the bound. */
export const chartFor = ({ p1, p0, restMs, suspectMs, budget }: ChartSpec): Chart => {
  const base = scores(p1, p0);
  const keeps = (limit: number): boolean =>
    meanTimeToAlarm({ ...base, limit }, p0, restMs, suspectMs) >= YEAR_MS / budget;
  let low = base.lost;
  let high = Math.max(low + 1, Math.ceil(boundNats(restMs, budget, 1) / base.unit));
  while (!keeps(high)) high += base.lost;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (keeps(middle)) high = middle;
    else low = middle;
  }
  return { ...base, limit: high };
};

/**
 * How the charts share the budget. A nat of threshold costs the gray chart a third of a second at 30 % loss, but may
 * cost the blackhole chart a whole probe, so that gets the larger part.
 */
export const SHARE = { blackhole: 0.5, gray: 0.25, large: 0.25 } as const;

/** The charts of one level of ordinary loss. */
export interface Charts {
  readonly p0: number;
  readonly blackhole: Chart;
  readonly gray: Chart;
  readonly large: Chart;
}

export interface Rates {
  readonly tauMs: number;
  /** Between large probes while none is missing; a missing one is followed up every tau. */
  readonly largeEveryMs: number;
}

/** @param budget false failovers a year that the operator accepts. @returns charts by level, in the order of LEVELS. */
export const chartsFor = ({ tauMs, largeEveryMs }: Rates, budget: number): readonly Charts[] => {
  const gray = new Map<number, Chart>();
  return LEVELS.map((p0) => {
    const floor = Math.max(p0, GRAY_FLOOR);
    const grayChart =
      gray.get(floor) ??
      chartFor({ p1: GRAY, p0: floor, restMs: tauMs, suspectMs: tauMs, budget: budget * SHARE.gray });
    gray.set(floor, grayChart);
    return {
      p0,
      blackhole: chartFor({ p1: BLACKHOLE, p0, restMs: tauMs, suspectMs: tauMs, budget: budget * SHARE.blackhole }),
      gray: grayChart,
      large: chartFor({ p1: BLACKHOLE, p0, restMs: largeEveryMs, suspectMs: tauMs, budget: budget * SHARE.large }),
    };
  });
};

/** Index in LEVELS of the level that covers a loss; the last where none does. */
export const levelOf = (loss: number): number => {
  const index = LEVELS.findIndex((level) => loss <= level);
  return index === -1 ? LEVELS.length - 1 : index;
};

/** False failovers a year at a random loss, of all three charts (their sum bounds the rate of the first to fire). */
export const falseAlarmsAYear = (
  { blackhole, gray, large }: Charts,
  { tauMs, largeEveryMs }: Rates,
  loss: number,
): number =>
  YEAR_MS / meanTimeToAlarm(blackhole, loss, tauMs) +
  YEAR_MS / meanTimeToAlarm(gray, loss, tauMs) +
  YEAR_MS / meanTimeToAlarm(large, loss, largeEveryMs, tauMs);
