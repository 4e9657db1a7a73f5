import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bursty, cusumProfile, falseAlarms, ofTarget, warmTarget } from '../../../bench/simulate.ts';
import { hear, largeDueMs, startTarget, stepTarget, type Target } from '../../../src/lib/domain/health/detector.ts';
import { burstsOf, ordinaryLoss, record, startLedger, wilson } from '../../../src/lib/domain/health/loss.ts';
import { seeded } from '../../../src/lib/domain/seeded.ts';
import type { Evidence, Sample } from '../../../src/lib/domain/health/types.ts';

const profile = cusumProfile('default');
const TAU = profile.tauMs;

const kind = fc.constantFrom<Sample['kind']>('reply', 'reply', 'lost', 'lost', 'unknown');
const size = fc.constantFrom<Sample['size']>('small', 'small', 'small', 'large');
const stream = fc
  .array(fc.record({ gap: fc.integer({ min: 0, max: 400 }), kind, size }), { minLength: 1, maxLength: 300 })
  .map((list) => {
    let at = 0;
    return list.map((one): Sample => ({ at: (at += one.gap), kind: one.kind, size: one.size }));
  });
const after = (samples: readonly Sample[], target: Target = startTarget()): Target => {
  for (const sample of samples) stepTarget(target, profile, sample);
  return target;
};
const bytes = (target: Target): string => JSON.stringify(target);
const repeat = (
  count: number,
  from: number,
  what: Sample['kind'],
  which: Sample['size'] = 'small',
): readonly Sample[] =>
  Array.from({ length: count }, (_, index) => ({ at: from + index * TAU, kind: what, size: which }));

describe('properties', () => {
  test('the same samples give the same bytes', () => {
    fc.assert(fc.property(stream, (samples) => bytes(after(samples)) === bytes(after(samples))));
  });

  test('unknown samples change nothing, wherever they fall', () => {
    fc.assert(
      fc.property(
        stream,
        (samples) => bytes(after(samples)) === bytes(after(samples.filter((sample) => sample.kind !== 'unknown'))),
      ),
    );
  });

  test('a clock that goes back changes nothing', () => {
    fc.assert(
      fc.property(stream, fc.integer({ min: 1, max: 1e9 }), (samples, back) => {
        const target = after([{ at: 0, kind: 'reply', size: 'small' }, ...samples]);
        const before = bytes(target);
        stepTarget(target, profile, { at: target.seenAt! - back, kind: 'lost', size: 'small' });
        return bytes(target) === before;
      }),
    );
  });

  test('every score stays between 0 and its cap, suspicion between 0 and 1, and dead means 1', () => {
    fc.assert(
      fc.property(stream, (samples) => {
        const target = startTarget();
        for (const sample of samples) {
          stepTarget(target, profile, sample);
          const charts = profile.charts[target.level]!;
          for (const name of ['blackhole', 'gray', 'large'] as const) {
            expect(target[name].score).toBeGreaterThanOrEqual(0);
            expect(target[name].score).toBeLessThanOrEqual(charts[name].limit);
          }
          expect(target.suspicion >= 0 && target.suspicion <= 1 && (!target.dead || target.suspicion === 1)).toBe(true);
        }
      }),
    );
  });

  test('a shifted clock shifts nothing but times', () => {
    const timeless = (target: Target, shift: number): string =>
      JSON.stringify(target, (key, value: unknown) =>
        typeof value === 'number' && /At$|^origin$/.test(key) ? value - shift : value,
      );
    fc.assert(
      fc.property(
        stream,
        fc.integer({ min: 0, max: 2 ** 40 }),
        (samples, shift) =>
          timeless(after(samples.map((sample) => ({ ...sample, at: sample.at + shift }))), shift) ===
          timeless(after(samples), 0),
      ),
    );
  });

  test('one more loss never comes to the verdict later, while p0 stands still', () => {
    const frozen = (): Target => Object.assign(startTarget(), { learntAt: Infinity });
    const diesAt = (samples: readonly Sample[]): number => {
      const target = frozen();
      return samples.find((sample) => (stepTarget(target, profile, sample), target.dead))?.at ?? Infinity;
    };
    fc.assert(
      fc.property(stream, fc.nat(), (samples, pick) => {
        const index = pick % samples.length;
        const worse = samples.map(
          (sample, other): Sample =>
            other === index && sample.kind === 'reply' ? { ...sample, kind: 'lost' } : sample,
        );
        return diesAt(worse) <= diesAt(samples);
      }),
    );
  });
});

describe('kinds of failure', () => {
  const warm = (): Target => warmTarget(profile, 0, 60, seeded(1));

  test('five silent probes on a clean path, and four are not enough', () => {
    expect(after(repeat(4, 60_000, 'lost'), warm())).toMatchObject({ dead: false });
    expect(after(repeat(5, 60_000, 'lost'), warm())).toMatchObject({ dead: true, cause: 'blackhole', suspicion: 1 });
  });

  test('large packets alone: a PMTU hole, followed up every tau once one is missing', () => {
    const target = warm();
    expect(largeDueMs(target, profile)).toBe(1_000);
    for (let at = 60_000; !target.dead && at < 70_000; at += TAU) {
      stepTarget(target, profile, { at, kind: 'reply', size: 'small' });
      stepTarget(target, profile, { at, kind: 'lost', size: 'large' });
      expect(largeDueMs(target, profile)).toBe(TAU);
    }
    expect(target).toMatchObject({ dead: true, cause: 'pmtu' });
    after(repeat(200, 70_000, 'reply'), target);
    expect(target.dead, 'small replies alone do not heal it').toBe(true);
    after(repeat(3, 90_000, 'reply', 'large'), target);
    expect(target.dead, 'nor three large ones').toBe(true);
    after(repeat(3, 93_000, 'reply', 'large'), target);
    expect(target.dead).toBe(false);
  });

  test('comes back only after some seventy replies in a row; a path at 30 % loss does not come back in a day', () => {
    const target = after(repeat(30, 60_000, 'lost'), warm());
    const replies = repeat(100, 63_000, 'reply').findIndex(
      (sample) => (stepTarget(target, profile, sample), !target.dead),
    );
    expect(replies).toBeGreaterThan(60);
    expect(replies).toBeLessThan(72);
    const gray = after(repeat(30, 60_000, 'lost'), warm());
    const random = seeded(11);
    for (let at = 63_000; at < 63_000 + 86_400_000; at += TAU)
      stepTarget(gray, profile, { at, kind: random() < 0.3 ? 'lost' : 'reply', size: 'small' });
    expect(gray.dead).toBe(true);
  });
});

describe('evidence of others', () => {
  test.each(['child-down', 'ike-down', 'bfd-down'] as const)(
    '%s alone, however often, kills nothing; with it fewer lost probes do',
    (evidence) => {
      const target = warmTarget(profile, 0, 60, seeded(1));
      for (let time = 0; time < 5; time += 1)
        for (const each of ['child-down', 'ike-down', 'bfd-down'] satisfies Evidence[]) hear(target, profile, each);
      expect(target.dead).toBe(false);
      expect(target.suspicion).toBeGreaterThan(0.5);
      expect(target.suspicion).toBeLessThan(1);
      expect(after(repeat(1, 60_000, 'lost'), target)).toMatchObject({ dead: true });
      const once = warmTarget(profile, 0, 60, seeded(1));
      hear(once, profile, evidence);
      expect(
        repeat(9, 60_000, 'lost').findIndex((sample) => (stepTarget(once, profile, sample), once.dead)),
      ).toBeLessThan(4);
    },
  );

  test.each(['default', 'fast'] as const)('what it saves of the wait, on the same silence, profile %s', (name) => {
    const each = cusumProfile(name);
    /** Lost probes until the path is dead, on a path that never lost one in a minute. */
    const wait = (...heard: readonly Evidence[]): number => {
      const target = warmTarget(each, 0, 60, seeded(1));
      for (const evidence of heard) hear(target, each, evidence);
      return (
        1 +
        Array.from(
          { length: 20 },
          (_, at): Sample => ({ at: 60_000 + at * each.tauMs, kind: 'lost', size: 'small' }),
        ).findIndex((sample) => (stepTarget(target, each, sample), target.dead))
      );
    };
    expect({
      none: wait(),
      child: wait('child-down'),
      ike: wait('ike-down'),
      bfd: wait('bfd-down'),
      both: wait('bfd-down', 'ike-down'),
    }).toEqual({ none: 5, child: 3, ike: 2, bfd: 2, both: 1 });
  });

  test('repeated every second for six hours it does not kill a path that carries', () => {
    const target = warmTarget(profile, 0, 60, seeded(1));
    const all: readonly Evidence[] = ['child-down', 'ike-down', 'bfd-down'];
    for (let at = 60_000; at < 60_000 + 6 * 3_600_000; at += TAU) {
      if (at % 1_000 === 0) all.forEach((evidence) => hear(target, profile, evidence));
      stepTarget(target, profile, { at, kind: 'reply', size: 'small' });
      if (target.dead) expect.fail(`dead after ${at - 60_000} ms`);
    }
    expect(target.suspicion).toBe(0);
  });

  test('replies outweigh it', () => {
    const target = warmTarget(profile, 0, 60, seeded(1));
    hear(target, profile, 'child-down');
    expect(after(repeat(10, 60_000, 'reply'), target).suspicion).toBe(0);
  });

  test('a link without carrier is dead at once', () => {
    const target = startTarget();
    hear(target, profile, 'link-down');
    expect(target).toMatchObject({ dead: true, cause: 'link-down', suspicion: 1 });
  });
});

describe('what a path ordinarily loses', () => {
  const counts = (sent: number, lost: number, followed = 0, bursts = 0) => ({ sent, lost, followed, bursts });

  test('bounds of a proportion', () => {
    expect([
      wilson(0, 0, 1),
      wilson(0, 0, -1),
      wilson(0, 268, 1).toFixed(4),
      wilson(50, 1_000, 1).toFixed(3),
      wilson(50, 1_000, -1).toFixed(3),
    ]).toEqual([1, 0, '0.0100', '0.063', '0.040']);
  });

  test('an hour counts, and no more; a minute that is surely worse lifts it at once', () => {
    const ledger = startLedger();
    for (let minute = 0; minute < 60; minute += 1) record(ledger, minute * 60_000, counts(600, 0));
    expect(ordinaryLoss(ledger, 3_599_000)).toBeLessThan(0.001);
    record(ledger, 3_600_000, counts(600, 60));
    expect(ordinaryLoss(ledger, 3_601_000)).toBeGreaterThan(0.03);
    expect(ordinaryLoss(ledger, 3_900_000)).toBeLessThan(0.003);
    expect(ordinaryLoss(ledger, 9_000_000), 'nothing left: unknown').toBe(1);
    expect(ledger.sum).toEqual(counts(0, 0));
  });

  test("a failure's losses are not learnt: p0 stands still from the first suspicion to the return", () => {
    const target = warmTarget(profile, 0, 60, seeded(1));
    const before = JSON.stringify(target.ledger.sum);
    after([...repeat(600, 60_000, 'lost'), ...repeat(60, 120_000, 'reply')], target);
    expect([target.dead, target.level, JSON.stringify(target.ledger.sum)]).toEqual([true, 0, before]);
  });

  test('p0 stands still while anything is suspected, and is read again once nothing is', () => {
    const target = warmTarget(profile, 0, 60, seeded(1));
    const hours = 60_000 + 7_200_000;
    after([...repeat(1, 60_000, 'lost'), ...repeat(1, hours, 'lost')], target);
    expect(target.level, 'the hour behind it is over, and yet').toBe(0);
    after(repeat(20, hours + TAU, 'reply'), target);
    after(repeat(1, hours + 5_000, 'reply'), target);
    expect(target.level).toBeGreaterThan(5);
  });

  test('singles are no bursts, three bursts are a habit that is waited out, a rare one for shorter', () => {
    const ledger = startLedger();
    record(ledger, 0, counts(36_000, 1_800, 90, 86));
    expect(burstsOf(ledger, 3_600_000, TAU, 0.05, 0.5)).toBeUndefined();
    const often = startLedger();
    record(often, 0, counts(36_000, 400, 300, 60));
    const habit = burstsOf(often, 3_500_000, TAU, 0.02, 0.5)!;
    expect(habit.persistence).toBeCloseTo(0.79, 2);
    expect(habit.waitMs).toBe(5_000);
    const twice = startLedger();
    record(twice, 0, counts(36_000, 40, 38, 2));
    expect(burstsOf(twice, 3_500_000, TAU, 0.01, 0.5)).toBeUndefined();
    const rare = startLedger();
    record(rare, 0, counts(36_000, 30, 12, 4));
    expect(burstsOf(rare, 3_500_000, TAU, 0.01, 0.5)!.waitMs).toBeLessThan(2_500);
  });

  test('a burst is waited out by looking: a gap in our own looking does not age it', () => {
    const habitual = (): Target =>
      Object.assign(warmTarget(profile, 0, 60, seeded(1)), {
        habit: { persistence: 0.6, waitMs: 1_500 },
        learntAt: Infinity,
      });
    expect(after(repeat(14, 60_000, 'lost'), habitual())).toMatchObject({ dead: false, suspicion: 1 });
    expect(after(repeat(15, 60_000, 'lost'), habitual())).toMatchObject({ dead: true });
    expect(after([...repeat(4, 60_000, 'lost'), ...repeat(4, 120_000, 'lost')], habitual())).toMatchObject({
      dead: false,
      suspicion: 1,
    });
  });

  test('a path with 300 ms of silence every minute: of 7,200 bursts hardly one is called a death', () => {
    expect(falseAlarms(ofTarget(profile)(), 5 * 864_000, TAU, bursty(TAU, 0.005, 300, 60_000), seeded(2))).toBeLessThan(
      8,
    );
  });
});
