import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXIT, failure, interrupted } from '../../src/lib/core/errors.ts';
import { inParallel } from '../../src/lib/core/parallel.ts';
import { pauseAfter, pauses } from '../../src/lib/domain/backoff.ts';

const never = new AbortController().signal;
const turn = async (times: number): Promise<void> => {
  for (let at = 0; at < times; at += 1) await Promise.resolve();
};

describe('side by side', () => {
  it('works through all, once each and in order, never more at once than there are lanes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(9), { maxLength: 30 }), fc.integer({ min: 1, max: 6 }), async (items, lanes) => {
        const [begun, busy] = [[] as number[], new Set<number>()];
        let most = 0;
        await inParallel(items.entries(), lanes, never, async ([at, turns], { index }) => {
          expect(busy.has(index)).toBe(false);
          busy.add(index);
          begun.push(at);
          most = Math.max(most, busy.size);
          await turn(turns);
          busy.delete(index);
        });
        expect([begun, most, busy.size]).toEqual([[...items.keys()], Math.min(lanes, items.length), 0]);
      }),
    );
  });

  it('the first error ends the others, and is thrown when nothing is under way any more', async () => {
    const begun: number[] = [];
    let ended = 0;
    const work = inParallel([0, 1, 2, 3, 4, 5], 2, never, async (item, { signal }) => {
      begun.push(item);
      if (item === 1) throw failure('the cause');
      while (!signal.aborted) await turn(1);
      ended += 1;
      throw interrupted();
    });
    await expect(work).rejects.toThrow('the cause');
    expect([begun, ended]).toEqual([[0, 1], 1]);
  });

  it('a Ctrl-C is told as one, whatever it broke', async () => {
    const stop = new AbortController();
    const work = inParallel([0, 1, 2], 1, stop.signal, async () => {
      stop.abort();
      throw failure('cut off');
    });
    await expect(work).rejects.toMatchObject({ exit: EXIT.interrupted });
  });
});

describe('pauses between tries', () => {
  it('double up to the longest, and stay there', () => {
    const backoff = { firstMs: 250, mostMs: 3_000 };
    const some = pauses(backoff);
    expect(Array.from({ length: 6 }, () => some.next().value)).toEqual([250, 500, 1_000, 2_000, 3_000, 3_000]);
    expect([pauseAfter(1, backoff), pauseAfter(4, backoff), pauseAfter(1e9, backoff)]).toEqual([250, 2_000, 3_000]);
  });
});
