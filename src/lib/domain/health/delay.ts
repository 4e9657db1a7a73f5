import { alarmWithin } from './chain.ts';
import type { Profile, RoundsProfile } from './profiles.ts';
import { deadlineMs } from './timeout.ts';
import { falseAlarmsAYear, levelOf, YEAR_MS, type Charts } from './threshold.ts';

/** From the fault, at a random phase of the probing, to the verdict; ms. undefined: not found by this detector. */
export interface Delay {
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

/** What a profile does on a path, by exact solve: no simulation, so the same input prints the same figures. */
export interface Prospects {
  readonly blackhole: Delay;
  /** Half of all packets lost. */
  readonly half: Delay;
  /** 30 % lost. */
  readonly gray: Delay;
  /** Large packets lost, small ones pass. */
  readonly pmtu: Delay;
  readonly falseAYear: number;
  /** How long a probe is waited for. */
  readonly deadlineMs: number;
}

/**
 * @param rttMs round trip of the path; its variation is taken as a quarter of it.
 * @param loss ordinary loss, 0 to 1.
 */
export const prospectsOf = (profile: Profile, rttMs: number, loss: number): Prospects => {
  if (profile.kind === 'rounds') return roundsProspects(profile, loss);
  const { tauMs, largeEveryMs } = profile;
  const charts = profile.charts[levelOf(loss)]!;
  const wait = deadlineMs({ srttMs: rttMs, varMs: rttMs / 4 }, tauMs);
  return {
    blackhole: smallDelay(charts, 1, tauMs, wait),
    half: smallDelay(charts, 0.5, tauMs, wait),
    gray: smallDelay(charts, 0.3, tauMs, wait),
    pmtu: delayOf(alarmWithin(charts.large, 1), largeEveryMs, tauMs, wait),
    falseAYear: falseAlarmsAYear(charts, profile, loss),
    deadlineMs: wait,
  };
};

/** The two charts run side by side; the one that is sooner at each quantile bounds the two together. */
const smallDelay = ({ blackhole, gray }: Charts, loss: number, tauMs: number, wait: number): Delay => {
  const both = [blackhole, gray].map((chart) => delayOf(alarmWithin(chart, loss), tauMs, tauMs, wait));
  const sooner = (of: (delay: Delay) => number | undefined): number | undefined => {
    const found = both.map(of).filter((ms) => ms !== undefined);
    return found.length === 0 ? undefined : Math.min(...found);
  };
  return { p50Ms: sooner(({ p50Ms }) => p50Ms), p99Ms: sooner(({ p99Ms }) => p99Ms) };
};

/**
 * Quantiles of U + (M - 1) step + wait: U, uniform below `firstMs`, is the time from the fault to the next probe; M the
 * number of probes to the alarm, with `within[m]` = P(M <= m).
 */
const delayOf = (within: readonly number[], firstMs: number, stepMs: number, wait: number): Delay => {
  const reached = (ms: number): number => {
    let sum = 0;
    for (let probes = 1; probes < within.length && (probes - 1) * stepMs < ms; probes += 1) {
      sum += (within[probes]! - within[probes - 1]!) * Math.min(1, (ms - (probes - 1) * stepMs) / firstMs);
    }
    return sum;
  };
  const quantile = (share: number): number | undefined => {
    let high = firstMs + within.length * stepMs;
    if (reached(high) < share) return undefined;
    let low = 0;
    while (high - low > 0.01) {
      const middle = (low + high) / 2;
      if (reached(middle) >= share) high = middle;
      else low = middle;
    }
    return high + wait;
  };
  return { p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
};

/** A round is two seconds of pings and a pause; a bad one waits another second for its last answer. */
const roundsProspects = ({ pings, tauMs, timeoutMs, pauseMs }: RoundsProfile, ordinary: number): Prospects => {
  const pingMs = (pings - 1) * tauMs;
  const roundMs = pingMs + pauseMs;
  const delay = (loss: number): Delay => {
    const bad = loss ** pings;
    const within = [0];
    while (within.at(-1)! < 0.999) within.push(1 - (1 - within.at(-1)!) * (1 - bad));
    return delayOf(within, roundMs, roundMs, pingMs + timeoutMs);
  };
  const never = { p50Ms: undefined, p99Ms: undefined };
  return {
    blackhole: delay(1),
    half: delay(0.5),
    gray: delay(0.3),
    pmtu: never,
    falseAYear: (YEAR_MS / roundMs) * ordinary ** pings,
    deadlineMs: timeoutMs,
  };
};
