import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  deadlineMs,
  learnRoundTrip,
  sent,
  startFlight,
  turn,
  type RoundTrip,
} from '../../../src/lib/domain/health/timeout.ts';

const TAU = 100;
const learn = (rtts: readonly number[]): RoundTrip | undefined =>
  rtts.reduce<RoundTrip | undefined>(learnRoundTrip, undefined);

describe('how long to wait', () => {
  test.each([
    ['nothing known', [], 1_000],
    ['a near path: our own loop is no more punctual than half a probe', [2, 2, 2, 2], 50],
    ['a steady path: 3 RTT', Array(50).fill(40), 120],
    ['the first reply: srtt + 4 rttvar', [40], 120],
    ['a restless one: srtt + 4 rttvar', [20, 120, 20, 120, 20, 120, 20, 120], 260.3],
    ['a satellite of satellites: never more than 3 s', [2_000, 2_000], 3_000],
  ] as const)('%s', (_, rtts, expected) => {
    expect(deadlineMs(learn(rtts), TAU)).toBeCloseTo(expected, 0);
  });

  test('is never below 3 RTT nor half a probe, never above 3 s', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1 }), (rtts) => {
        const roundTrip = learn(rtts)!;
        const wait = deadlineMs(roundTrip, TAU);
        return wait >= Math.min(3_000, 3 * roundTrip.srttMs) && wait >= TAU / 2 && wait <= 3_000;
      }),
    );
  });
});

describe('one turn of the loop', () => {
  const flying = () => {
    const flight = startFlight();
    flight.roundTrip = { srttMs: 20, varMs: 2 };
    sent(flight, 1, 0, 'small');
    sent(flight, 2, 10, 'large');
    return flight;
  };

  test('a reply, and the other probe lost when its time is over', () => {
    const flight = flying();
    expect(turn(flight, [{ sequence: 1, at: 21 }], 22, 0, TAU)).toEqual([
      { at: 22, sentAt: 0, kind: 'reply', rttMs: 21, size: 'small' },
    ]);
    expect(turn(flight, [], 60, 0, TAU)).toEqual([]);
    expect(turn(flight, [], 75, 0, TAU)).toEqual([{ at: 75, sentAt: 10, kind: 'lost', size: 'large' }]);
    expect(turn(flight, [], 200, 0, TAU)).toEqual([]);
  });

  test('replies are drained before anything expires: a loop that was stopped for 10 s loses nothing', () => {
    const flight = flying();
    const samples = turn(flight, [{ sequence: 1, at: 20 }], 10_000, 9_900, TAU);
    expect(samples.map(({ kind }) => kind)).toEqual(['reply', 'unknown']);
    expect(flight.roundTrip, 'nor learns from what it read late').toEqual({ srttMs: 20, varMs: 2 });
  });

  test('late by half a probe is late: what was out then is doubted even if it expires later', () => {
    for (const [late, kind] of [
      [50, 'lost'],
      [51, 'unknown'],
    ] as const) {
      const flight = startFlight();
      flight.roundTrip = { srttMs: 40, varMs: 1 };
      sent(flight, 1, 0, 'small');
      expect(turn(flight, [], 60, late, TAU)).toEqual([]);
      expect(turn(flight, [], 130, 0, TAU)).toMatchObject([{ kind }]);
    }
  });

  test('before the first reply only a quarter of the long first deadline is late: a dead path is found after a restart', () => {
    for (const [late, kind] of [
      [250, 'lost'],
      [251, 'unknown'],
    ] as const) {
      const flight = startFlight();
      sent(flight, 1, 0, 'small');
      expect(turn(flight, [], 500, late, TAU)).toEqual([]);
      expect(turn(flight, [], 1_001, 60, TAU)).toMatchObject([{ kind }]);
    }
  });

  test('a path that became slow: the late reply is no second sample, but the next ones are waited for', () => {
    const flight = flying();
    turn(flight, [], 75, 0, TAU);
    expect(turn(flight, [{ sequence: 1, at: 300 }], 300, 0, TAU)).toEqual([]);
    expect(deadlineMs(flight.roundTrip, TAU)).toBeGreaterThan(300);
  });

  test('duplicates and strangers are nobody, and what is gone is forgotten', () => {
    const flight = flying();
    turn(flight, [{ sequence: 1, at: 20 }], 20, 0, TAU);
    expect(
      turn(
        flight,
        [
          { sequence: 1, at: 25 },
          { sequence: 99, at: 25 },
        ],
        25,
        0,
        TAU,
      ),
    ).toEqual([]);
    turn(flight, [], 100, 0, TAU);
    expect(flight.gone.size).toBe(1);
    turn(flight, [], 7_000, 0, TAU);
    expect([flight.out.size, flight.gone.size]).toEqual([0, 0]);
  });
});
