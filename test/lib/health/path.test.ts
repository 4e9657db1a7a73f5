import { describe, expect, test } from 'vitest';
import { cusumProfile, randomLoss, type Random } from '../../../bench/simulate.ts';
import { inARow, outOf } from '../../../src/lib/domain/health/controls.ts';
import {
  hearPath,
  nextLargeMs,
  startPath,
  stepPath,
  verdictOf,
  type Path,
} from '../../../src/lib/domain/health/path.ts';
import { seeded } from '../../../src/lib/domain/seeded.ts';
import { profileOf, type RoundsProfile } from '../../../src/lib/domain/health/profiles.ts';
import { startRounds, stepRounds } from '../../../src/lib/domain/health/rounds.ts';
import { timeBudget } from '../../../src/lib/domain/health/time-budget.ts';
import type { Sample } from '../../../src/lib/domain/health/types.ts';

const profile = cusumProfile('default');
const TAU = profile.tauMs;

/** Every target's probes from `from` to `to`; `lost` says which targets answer nothing. @returns `to`. */
const pass = (path: Path, from: number, to: number, lost: readonly number[] = []): number => {
  for (let at = from; at < to; at += TAU) {
    path.targets.forEach((_, index) =>
      stepPath(path, profile, index, { at, kind: lost.includes(index) ? 'lost' : 'reply', size: 'small' }),
    );
  }
  return to;
};

describe('the verdict on a path', () => {
  test('unknown before the first probe, alive after a reply, unknown again when we have not looked', () => {
    const path = startPath('vpn-a', profile, 1);
    expect(verdictOf(path, profile, 0)).toEqual({
      link: 'vpn-a',
      state: 'unknown',
      suspicion: 0,
      lastReplyAt: undefined,
      why: 'no probe of ours came to a result lately',
    });
    pass(path, 0, 30_000);
    expect(verdictOf(path, profile, 30_000)).toEqual({
      link: 'vpn-a',
      state: 'alive',
      suspicion: 0,
      lastReplyAt: 29_900,
      why: 'carries',
    });
    expect(verdictOf(path, profile, 40_000)).toMatchObject({ state: 'unknown' });
  });

  test('dead, with figures; suspicion rises on the way', () => {
    const path = startPath('vpn-a', profile, 1);
    pass(path, 0, 30_000);
    pass(path, 30_000, 30_300, [0]);
    expect(verdictOf(path, profile, 30_200)).toMatchObject({
      state: 'alive',
      suspicion: expect.closeTo(0.72, 2),
      why: 'carries, 3 of 3 probes lost since it was suspected',
    });
    pass(path, 30_300, 30_500, [0]);
    expect(verdictOf(path, profile, 30_400)).toEqual({
      link: 'vpn-a',
      state: 'dead',
      suspicion: 1,
      lastReplyAt: 29_900,
      why: '5 of 5 probes lost in 500 ms',
    });
  });

  test("one silent target of two is that target's fault; both are the path's", () => {
    const path = startPath('dx-1', profile, 2);
    pass(path, 0, 30_000);
    pass(path, 30_000, 33_000, [1]);
    expect(verdictOf(path, profile, 33_000)).toMatchObject({
      state: 'alive',
      suspicion: 0,
      why: '1 of 2 targets silent, the path carries: a fault of the target',
    });
    pass(path, 33_000, 33_500, [0, 1]);
    expect(verdictOf(path, profile, 33_500)).toMatchObject({ state: 'dead' });
  });

  test('ten seconds of our own silence are no death, and do not end one', () => {
    const path = startPath('vpn-a', profile, 1);
    pass(path, 0, 30_000);
    pass(path, 30_000, 30_200, [0]);
    const before = JSON.stringify(path);
    for (let at = 40_200; at < 41_000; at += TAU) stepPath(path, profile, 0, { at, kind: 'unknown', size: 'small' });
    expect(JSON.stringify(path)).toBe(before);
    pass(path, 41_000, 41_600, [0]);
    expect(path.dead).toBe(true);
    stepPath(path, profile, 0, { at: 61_000, kind: 'unknown', size: 'small' });
    expect(path.dead, 'unknown never heals').toBe(true);
    expect(verdictOf(path, profile, 61_000), 'nor is it still known to be dead').toMatchObject({
      state: 'unknown',
    });
  });

  test('a target that is silent for its own reasons does not kill the path when we lose sight of the other', () => {
    const path = startPath('dx-1', profile, 2);
    pass(path, 0, 30_000);
    pass(path, 30_000, 35_000, [1]);
    for (let at = 35_000; at < 45_000; at += TAU) {
      stepPath(path, profile, 0, { at, kind: 'unknown', size: 'small' });
      stepPath(path, profile, 1, { at, kind: 'lost', size: 'small' });
    }
    expect(verdictOf(path, profile, 45_000)).toMatchObject({ state: 'unknown' });
    expect(path).toMatchObject({ dead: false });
    pass(path, 45_000, 46_000, [1]);
    expect(verdictOf(path, profile, 46_000)).toMatchObject({ state: 'alive' });
  });

  test('carrier loss is heard by all targets; evidence by itself moves nothing', () => {
    const path = startPath('dx-1', profile, 2);
    pass(path, 0, 30_000);
    hearPath(path, profile, 'bfd-down');
    expect(verdictOf(path, profile, 30_000)).toMatchObject({ state: 'alive' });
    hearPath(path, profile, 'link-down');
    expect(verdictOf(path, profile, 30_000)).toMatchObject({ state: 'dead', why: 'link down' });
    expect(nextLargeMs(path, profile, 0)).toBe(TAU);
  });
});

describe('the usual detectors, as controls', () => {
  const feed = (step: (sample: Sample) => boolean, pattern: string): string =>
    [...pattern]
      .map((mark, index) =>
        step({ at: index * 300, kind: mark === 'x' ? 'lost' : mark === '?' ? 'unknown' : 'reply', size: 'small' })
          ? 'D'
          : '-',
      )
      .join('');

  test.each([
    ['3 in a row', () => inARow(3), 'x.xx.xx?x..xxxx', '--------D----DD'],
    ['2 of the last 4', () => outOf(2, 4), 'x...x.x....xx', '------DD----D'],
  ] as const)('%s', (_, make, pattern, expected) => {
    const control = make();
    expect(feed((sample) => control.step(sample), pattern)).toBe(expected);
  });

  test('the seed: dead 3 to 7 s after, back after ten good rounds that need not follow one another', () => {
    const seed = profileOf('legacy') as RoundsProfile;
    const delays = Array.from({ length: 400 }, (_, index) => {
      const rounds = startRounds();
      const fault = 20_000 + index * 10;
      for (let sentAt = 0; ; sentAt += 1_000) {
        const lost = sentAt >= fault;
        stepRounds(rounds, seed, {
          at: sentAt + (lost ? 500 : 20),
          sentAt,
          kind: lost ? 'lost' : 'reply',
          size: 'small',
        });
        if (rounds.dead) return sentAt - fault;
      }
    });
    expect([Math.min(...delays), Math.max(...delays)].map((ms) => Math.round(ms / 100) / 10)).toEqual([3, 7]);
    const rounds = startRounds();
    let at = 0;
    const send = (seconds: number, kind: Sample['kind']): void => {
      for (const end = at + seconds * 1_000; at < end; at += 1_000)
        stepRounds(rounds, seed, { at, kind, size: 'small' });
    };
    send(10, 'lost');
    send(20, 'reply');
    send(6, 'lost');
    send(15, 'reply');
    expect(rounds).toMatchObject({ dead: true, cause: 'rounds', suspicion: 1 });
    expect(rounds.goodLeft).toBeLessThan(3);
    send(12, 'reply');
    expect(rounds).toMatchObject({ dead: false, suspicion: 0 });
    const path = startPath('dx-1', seed, 1);
    for (let second = 0; second < 8; second += 1)
      stepPath(path, seed, 0, { at: second * 1_000, kind: 'lost', size: 'small' });
    expect(verdictOf(path, seed, 7_000)).toMatchObject({
      state: 'dead',
      why: 'no answer to a whole round of pings, no reply yet',
    });
  });

  test('on one stream at 5 % loss for six hours 3 x 300 ms cries wolf and the path does not', () => {
    const random: Random = seeded(21);
    const path = startPath('vpn-a', profile, 1);
    const control = inARow(3);
    let wolves = 0;
    let deaths = 0;
    for (let probe = 0; probe < 216_000; probe += 1) {
      const sample: Sample = { at: probe * TAU, kind: randomLoss(0.05)(random) ? 'lost' : 'reply', size: 'small' };
      stepPath(path, profile, 0, sample);
      if (probe % 3 === 0 && control.step(sample)) wolves += 1;
      if (path.dead) deaths += 1;
    }
    expect(wolves).toBeGreaterThan(2);
    expect(deaths).toBe(0);
  });
});

test('the time budget: calls sixteen abreast, a bucket of fifty, then five a second', () => {
  expect([0, 1, 16, 17, 50, 51, 500].map((routes) => timeBudget(700, routes, 100).apiMs)).toEqual([
    0, 100, 100, 200, 400, 400, 90_100,
  ]);
  expect(timeBudget(700, 2, 100)).toEqual({ detectMs: 700, apiMs: 100, verifyMs: 100, totalMs: 900 });
});
