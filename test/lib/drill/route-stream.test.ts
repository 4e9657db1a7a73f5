import { describe, expect, it } from 'vitest';
import { gapsOf } from '../../../src/lib/drill/real/report.ts';
import { holesOf } from '../../../src/lib/drill/real/stream.ts';

describe('holes of the stream', () => {
  it.each<[what: string, answered: number[], lost: number[], holes: unknown]>([
    ['nothing lost, whatever the pauses of ours', [0, 10, 500], [], []],
    ['one lost', [0, 20], [10], [{ from: 0, to: 20, lost: 1 }]],
    ['answers come out of order', [40, 0, 10], [30, 20], [{ from: 10, to: 40, lost: 2 }]],
    [
      'two holes',
      [0, 20, 30, 60],
      [10, 40, 50],
      [
        { from: 0, to: 20, lost: 1 },
        { from: 30, to: 60, lost: 2 },
      ],
    ],
    ['not over yet', [0, 10], [20, 30], [{ from: 10, to: 100, lost: 2 }]],
    ['lost before anything was answered', [30], [10, 20], []],
    ['nothing answered at all', [], [10, 20], []],
  ])('%s', (_, answered, lost, holes) => {
    expect(holesOf(answered, lost, 100)).toEqual(holes);
  });

  const marks = { begunAt: 0, outAt: 2_000, awayAt: 2_100, backAt: 10_000, endAt: 11_000 };
  it.each<[what: string, hole: [from: number, to: number], gaps: unknown]>([
    ['before the move: none of ours', [500, 900], { out: 0, away: 0, back: 0 }],
    ['that the move began', [1_990, 2_050], { out: 60, away: 0, back: 0 }],
    ['a moment after the answer of the API', [2_900, 3_200], { out: 300, away: 0, back: 0 }],
    ['while away: the standby', [5_000, 5_400], { out: 0, away: 400, back: 0 }],
    ['that only the return ended', [2_050, 10_200], { out: 8_150, away: 0, back: 0 }],
    ['of the return', [9_995, 10_095], { out: 0, away: 0, back: 100 }],
  ])('a hole %s', (_, [from, to], gaps) => {
    expect(gapsOf([{ from, to, lost: 1 }], marks, 10)).toEqual(gaps);
  });

  it('of what was not done there is none', () => {
    expect(gapsOf([], { ...marks, outAt: undefined, awayAt: undefined, backAt: undefined }, 10)).toEqual({
      out: null,
      away: null,
      back: null,
    });
  });
});
