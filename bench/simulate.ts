import { profileOf, type CusumProfile } from '../src/lib/domain/health/profiles.ts';
import { stepTarget, startTarget, type Target } from '../src/lib/domain/health/detector.ts';
import type { Control } from '../src/lib/domain/health/controls.ts';
import type { Sample } from '../src/lib/domain/health/types.ts';

/** See `seeded`. */
export type Random = () => number;

/** Whether the next probe is lost. */
export type Channel = (random: Random) => boolean;
export const randomLoss =
  (loss: number): Channel =>
  (random) =>
    random() < loss;

/**
 * Gilbert's two states (1960): bursts of mean `burstMs` at `aYear`, in which everything is lost; `loss` between them.
 */
export const bursty = (tauMs: number, loss: number, burstMs: number, everyMs: number): Channel => {
  let bad = false;
  return (random) => {
    bad = random() < (bad ? 1 - tauMs / burstMs : tauMs / everyMs);
    return bad || random() < loss;
  };
};

/** One detector on one path, new each time. @returns whether it calls the path dead. */
export type Judge = (sample: Sample) => boolean;
export const ofControl = (make: () => Control) => (): Judge => {
  const control = make();
  return (sample) => control.step(sample);
};
export const ofTarget =
  (profile: CusumProfile, target: () => Target = startTarget) =>
  (): Judge => {
    const state = target();
    return (sample) => {
      stepTarget(state, profile, sample);
      return state.dead;
    };
  };

export const cusumProfile = (name: 'fast' | 'default', budget?: number): CusumProfile =>
  profileOf(name, budget) as CusumProfile;

/** A target that has watched a path with this loss for long, as every failure but the first finds it. */
export const warmTarget = (profile: CusumProfile, loss: number, seconds: number, random: Random): Target => {
  const target = startTarget();
  const { tauMs } = profile;
  for (let at = 0; at < seconds * 1_000; at += tauMs)
    stepTarget(target, profile, { at, kind: random() < loss ? 'lost' : 'reply', size: 'small' });
  return target;
};

/** From a fault at a random phase to the verdict, ms; Infinity where it takes longer than `mostMs`. */
export const delayOf = (
  judge: Judge,
  startAt: number,
  tauMs: number,
  waitMs: number,
  fault: Channel,
  random: Random,
  mostMs = 3_600_000,
): number => {
  const phase = random() * tauMs;
  for (let after = phase; after < mostMs; after += tauMs) {
    const lost = fault(random);
    if (
      judge({
        at: startAt + after + (lost ? waitMs : 0),
        sentAt: startAt + after,
        kind: lost ? 'lost' : 'reply',
        size: 'small',
      })
    )
      return after + waitMs;
  }
  return Infinity;
};

/** Times that a detector calls a path dead that only has ordinary loss, in so many probes. */
export const falseAlarms = (judge: Judge, probes: number, tauMs: number, channel: Channel, random: Random): number => {
  let alarms = 0;
  let dead = false;
  for (let probe = 0; probe < probes; probe += 1) {
    const was = dead;
    dead = judge({ at: probe * tauMs, kind: channel(random) ? 'lost' : 'reply', size: 'small' });
    if (dead && !was) alarms += 1;
  }
  return alarms;
};

export const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!;
