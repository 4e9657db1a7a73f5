import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  cusumProfile,
  delayOf,
  falseAlarms,
  ofTarget,
  quantile,
  randomLoss,
  warmTarget,
} from '../../../bench/simulate.ts';
import { alarmWithin, meanTimeToAlarm } from '../../../src/lib/domain/health/chain.ts';
import { prospectsOf } from '../../../src/lib/domain/health/delay.ts';
import { profileOf } from '../../../src/lib/domain/health/profiles.ts';
import {
  boundNats,
  chartsFor,
  falseAlarmsAYear,
  LEVELS,
  levelOf,
  YEAR_MS,
} from '../../../src/lib/domain/health/threshold.ts';
import { seeded } from '../../../src/lib/domain/seeded.ts';

const RATES = { tauMs: 100, largeEveryMs: 1_000 };

describe('the chain is solved exactly', () => {
  test('N in a row is a CUSUM that a reply empties: the closed form, to ten digits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.double({ min: 0.01, max: 0.9, noNaN: true }), (n, p) => {
        const closed = (1 - p ** n) / (p ** n * (1 - p));
        expect(meanTimeToAlarm({ lost: 1, reply: -n, limit: n }, p, 1) / closed).toBeCloseTo(1, 10);
      }),
    );
  });

  test('any chart: the solved mean is the mean of a hundred thousand simulated runs', () => {
    const chart = { lost: 5, reply: -2, limit: 17 };
    const random = seeded(7);
    let probes = 0;
    const runs = 100_000;
    for (let run = 0; run < runs; run += 1) {
      for (let score = 0; score < chart.limit; probes += 1)
        score = Math.max(0, score + (random() < 0.2 ? chart.lost : chart.reply));
    }
    expect(probes / runs / meanTimeToAlarm(chart, 0.2, 1)).toBeCloseTo(1, 1);
  });

  test('the distribution of the delay has the same mean', () => {
    const chart = { lost: 5, reply: -2, limit: 17 };
    const within = alarmWithin(chart, 0.6);
    expect(within.reduce((sum, share) => sum + 1 - share, 0) / meanTimeToAlarm(chart, 0.6, 1)).toBeCloseTo(1, 1);
    expect(alarmWithin(chart, 1)).toEqual([0, 0, 0, 0, 1]);
    expect(alarmWithin(chart, 0, 50).at(-1)).toBe(0);
  });
});

describe('thresholds from the budget', () => {
  test.each([[0.1], [1], [12]])(
    '%s a year: kept at every level, spent at the level of the charts, lower than the bound',
    (budget) => {
      for (const charts of chartsFor(RATES, budget)) {
        expect(falseAlarmsAYear(charts, RATES, charts.p0)).toBeLessThanOrEqual(budget);
        expect(charts.gray.limit * charts.gray.unit).toBeLessThan(boundNats(RATES.tauMs, budget, 3));
        const lower = { ...charts.gray, limit: charts.gray.limit - 1 };
        expect(
          YEAR_MS / meanTimeToAlarm(lower, charts.gray.p0, RATES.tauMs),
          'one unit less would not keep it',
        ).toBeGreaterThan(budget / 4);
      }
    },
  );

  test('the figures they were designed by: h near 18.5, 7 probes of silence, 25 of half loss, 54 of 30 %', () => {
    const { blackhole, gray } = chartsFor(RATES, 1)[levelOf(0.05)]!;
    const median = (chart: typeof gray, loss: number): number =>
      alarmWithin(chart, loss).findIndex((share) => share >= 0.5);
    expect(
      [blackhole.limit * blackhole.unit, gray.limit * gray.unit].map((nats) => Math.abs(nats - 18.5) < 0.5),
    ).toEqual([true, true]);
    expect([Math.ceil(blackhole.limit / blackhole.lost), median(gray, 0.5), median(gray, 0.3)]).toEqual([7, 25, 54]);
  });

  test('a smaller budget never lowers a threshold, more loss never shortens the way to the alarm', () => {
    const [strict, loose] = [chartsFor(RATES, 0.1), chartsFor(RATES, 10)];
    strict.forEach(({ blackhole, gray, large }, index) => {
      const other = loose[index]!;
      expect([
        blackhole.limit >= other.blackhole.limit,
        gray.limit >= other.gray.limit,
        large.limit >= other.large.limit,
      ]).toEqual([true, true, true]);
    });
    const steps = strict.map(({ blackhole }) => Math.ceil(blackhole.limit / blackhole.lost));
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(LEVELS.map(levelOf)).toEqual(LEVELS.map((_, index) => index));
  });
});

describe('the figures that route tune prints are those of the detector itself', () => {
  const RUNS = 300;
  test.each([
    ['default', 1, 'blackhole', 0.02],
    ['default', 0.5, 'half', 0.15],
    ['default', 0.3, 'gray', 0.15],
    ['fast', 1, 'blackhole', 0.02],
  ] as const)('%s at %d loss', (name, fault, kind, tolerance) => {
    const profile = cusumProfile(name);
    const prospects = prospectsOf(profile, 10, 0.01);
    const delays = Array.from({ length: RUNS }, (_, run) => {
      const target = warmTarget(profile, 0, 40, seeded(run));
      return delayOf(
        ofTarget(profile, () => target)(),
        40_000,
        profile.tauMs,
        prospects.deadlineMs,
        randomLoss(fault),
        seeded(9_000 + run),
      );
    });
    const solved = prospects[kind].p50Ms!;
    expect(quantile(delays, 0.5) / solved).toBeGreaterThan(fault === 1 ? 1 - tolerance : 0.8);
    expect(quantile(delays, 0.5) / solved).toBeLessThan(1 + tolerance);
  });

  test('what issue 3 asks for: fast 180 / 250 ms, default 0.85 / 1.0 s, half 2.6 s, 30 % 5.8 s', () => {
    const fast = prospectsOf(profileOf('fast'), 2, 0.01);
    const usual = prospectsOf(profileOf('default'), 10, 0.05);
    const reached = [
      fast.blackhole.p50Ms! < 150,
      fast.blackhole.p99Ms! < 220,
      usual.blackhole.p50Ms! < 0.8e3,
      usual.blackhole.p99Ms! < 0.95e3,
      usual.half.p50Ms! < 2.6e3,
      usual.gray.p50Ms! < 5.8e3,
    ];
    expect(reached).toEqual(Array(6).fill(true));
  });

  test('the seed: 3 to 7 s, a thousand false failovers a year at 5 % loss', () => {
    expect(prospectsOf(profileOf('legacy'), 10, 0.05)).toMatchObject({
      falseAYear: expect.closeTo(985.5),
      pmtu: { p50Ms: undefined },
    });
    expect(prospectsOf(profileOf('legacy'), 10, 0.05).blackhole.p50Ms).toBeCloseTo(5_000, 0);
  });
});

test('no wolf: a day at 5 % random loss, also right after a clean one', () => {
  const profile = cusumProfile('default');
  expect(falseAlarms(ofTarget(profile)(), 864_000, 100, randomLoss(0.05), seeded(3))).toBe(0);
  const clean = warmTarget(profile, 0, 3_600, seeded(4));
  const random = seeded(5);
  expect(
    falseAlarms(
      (sample) => ofTarget(profile, () => clean)()({ ...sample, at: sample.at + 3_600_000 }),
      100_000,
      100,
      randomLoss(0.05),
      random,
    ),
  ).toBe(0);
});
