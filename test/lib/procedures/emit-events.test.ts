import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Aws } from '../../../src/lib/core/aws.ts';
import { failure, type HybridError } from '../../../src/lib/core/errors.ts';
import { BATCH, emitAll, type Entry } from '../../../src/lib/procedures/events/emit.ts';
import { fakeClock } from '../../fakes/clock.ts';

/**
 * A bus that treats each entry as its list says: a code is a refusal, undefined is taken; after the list it takes
 * everything.
 */
const busOf = (moods: ReadonlyMap<string, readonly (string | undefined)[]>) => {
  const tries = new Map<string, number>();
  const taken: string[] = [];
  const sizes: number[] = [];
  const ask = (async (_service: string, _operation: string, { Entries }: { Entries: readonly Entry[] }) => {
    sizes.push(Entries.length);
    return {
      Entries: Entries.map(({ Detail }) => {
        const at = tries.get(Detail!) ?? 0;
        tries.set(Detail!, at + 1);
        const code = moods.get(Detail!)?.[at];
        if (code !== undefined) return { ErrorCode: code, ErrorMessage: code };
        taken.push(Detail!);
        return { EventId: `id-${Detail}` };
      }),
    };
  }) as unknown as Aws['ask'];
  return { aws: { ask }, taken, sizes, tries };
};

const entries = (count: number): readonly Entry[] =>
  Array.from({ length: count }, (_, index) => ({ Source: 's', DetailType: 't', Detail: String(index) }));
const send = (aws: Pick<Aws, 'ask'>, count: number, signal = new AbortController().signal) =>
  emitAll(entries(count), { aws, clock: fakeClock(), signal, progress: () => undefined });

describe('events in batches', () => {
  it('takes every entry once, in batches of ten, whatever the bus refuses for now; what it refuses for good is named', async () => {
    const code = fc.constantFrom('ThrottlingException', 'InternalFailure', 'MalformedDetail');
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 45 }),
        fc.dictionary(fc.integer({ min: 0, max: 44 }).map(String), fc.array(code, { maxLength: 7 })),
        async (count, moods) => {
          const bus = busOf(new Map(Object.entries(moods)));
          const { ids, failed, calls } = await send(bus.aws, count);
          const refused = (index: number): boolean => {
            const list = (moods[String(index)] ?? []).slice(0, 6);
            return list.includes('MalformedDetail') || list.length === 6;
          };
          const all = Array.from({ length: count }, (_, index) => index);
          expect(failed.map(({ index }) => index)).toEqual(all.filter(refused));
          expect(ids).toEqual(all.filter((index) => !refused(index)).map((index) => `id-${index}`));
          expect(new Set(bus.taken).size).toBe(bus.taken.length);
          expect([bus.sizes.length, bus.sizes.every((size) => size > 0 && size <= BATCH)]).toEqual([calls, true]);
          expect(Math.max(0, ...bus.tries.values())).toBeLessThanOrEqual(6);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('says how many are sent when a call fails, and when it is interrupted', async () => {
    const bus = busOf(new Map());
    let calls = 0;
    const ask = (async (...call: Parameters<Aws['ask']>) => {
      calls += 1;
      if (calls === 3) throw failure('no answer', { call: 'unclear' });
      return bus.aws.ask(...call);
    }) as unknown as Aws['ask'];
    const error = (await send({ ask }, 45).catch((thrown: unknown) => thrown)) as HybridError;
    expect([error.exit, error.message]).toEqual([5, 'no answer; 20 of 45 events are sent']);
    const stop = new AbortController();
    const stopping = {
      ask: (async (...call: Parameters<Aws['ask']>) => (stop.abort(), bus.aws.ask(...call))) as unknown as Aws['ask'],
    };
    expect(await send(stopping, 45, stop.signal).catch(({ exit, message }: HybridError) => [exit, message])).toEqual([
      5,
      'interrupted: 10 of 45 events are sent',
    ]);
    expect(await send(bus.aws, 5, AbortSignal.abort()).catch(({ exit }: HybridError) => exit)).toBe(130);
  });
});
