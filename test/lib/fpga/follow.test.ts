import { describe, expect, it } from 'vitest';
import { failure } from '../../../src/lib/core/errors.ts';
import type { FpgaCloud } from '../../../src/lib/core/fpga.ts';
import { errorLines, buildLog } from '../../../src/lib/fpga/build-log.ts';
import { follow } from '../../../src/lib/fpga/follow.ts';
import { order } from '../../../src/lib/fpga/order.ts';
import { fakeClock } from '../../fakes/clock.ts';
import { fakeFpga } from '../../fakes/fpga.ts';
import { fakeObjects } from '../../fakes/objects.ts';

const REQUEST = {
  bucket: 'b',
  key: 'k',
  logs: 'logs/',
  name: undefined,
  description: undefined,
  tags: {},
  source: 'crc32:1:2',
};

const world = async (fpga = fakeFpga()) => {
  const clock = fakeClock();
  const lines: string[] = [];
  const { id } = await order(fpga, REQUEST);
  const start = clock.now();
  const go = (over: Partial<FpgaCloud> = {}, isNew = false) =>
    follow(id, {
      fpga: { ...fpga, ...over },
      isNew,
      clock,
      signal: new AbortController().signal,
      progress: (line) => void lines.push(line),
    });
  return { fpga, clock, lines, id, go, waited: () => (clock.now() - start) / 60_000 };
};

describe('following a build', () => {
  it('asks every minute and speaks every ten', async () => {
    const { fpga, id, go, lines, waited } = await world();
    let asked = 0;
    const image = await go({
      images: async (ids) => {
        if ((asked += 1) === 36) fpga.end(id);
        return fpga.images(ids);
      },
    });
    expect([image.state, asked, waited(), lines.length]).toEqual(['available', 36, 35, 4]);
  });

  it('says at once how to go on, however long the first answer takes', async () => {
    const { fpga, id, go, lines, clock } = await world();
    let asked = 0;
    await go({
      images: async (ids) => {
        clock.advance(40);
        if ((asked += 1) === 2) fpga.end(id);
        return fpga.images(ids);
      },
    });
    expect(lines).toEqual([expect.stringContaining(`hybridctl fpga wait ${id} --cloud aws --region cn-north-1`)]);
  });

  it('waits for an image that is not known yet, not for one that is not there', async () => {
    const { fpga, id, go, waited } = await world();
    let asked = 0;
    const late = async (ids?: readonly string[]) => {
      if ((asked += 1) <= 3)
        throw failure('not yet', { call: 'refused', code: 'InvalidFpgaImageID.NotFound', kind: 'absent' });
      fpga.end(id);
      return fpga.images(ids);
    };
    await expect(go({ images: late })).rejects.toThrow('not yet');
    expect([(await go({ images: late }, true)).state, waited()]).toEqual(['available', 2]);
  });

  it('gives up after six hours and says how to go on', async () => {
    const { go, id, waited } = await world();
    await expect(go()).rejects.toMatchObject({
      exit: 1,
      message: `${id} is still pending after 6h00m`,
      next: expect.stringContaining(`hybridctl fpga wait ${id} --cloud aws`),
    });
    expect(waited()).toBe(360);
  });

  it('outlasts an hour of answers that do not come, and no more; a refusal ends it at once', async () => {
    const { go, waited } = await world();
    const silent = async (): Promise<never> => {
      throw failure('no answer', { call: 'unclear' });
    };
    await expect(go({ images: silent })).rejects.toThrow('no answer');
    expect(waited()).toBe(59);
    const other = await world();
    let asked = 0;
    const nowAndThen = async (ids?: readonly string[]) => ((asked += 1) % 2 === 0 ? silent() : other.fpga.images(ids));
    await expect(other.go({ images: nowAndThen })).rejects.toThrow('still pending');
    const refused = async (): Promise<never> => {
      throw failure('not allowed', { call: 'refused', code: 'UnauthorizedOperation' });
    };
    await expect(go({ images: refused })).rejects.toThrow('not allowed');
    expect(waited()).toBe(59);
  });
});

describe('an order', () => {
  it('of the same content finds its image, until it failed', async () => {
    const fpga = fakeFpga();
    const first = await order(fpga, REQUEST);
    expect(await order(fpga, REQUEST)).toMatchObject({ id: first.id, found: { state: 'pending' } });
    expect((await order(fpga, { ...REQUEST, source: 'crc32:3:4' })).id).not.toBe(first.id);
    const named = await order(fpga, { ...REQUEST, name: 'other' });
    expect(named.id).not.toBe(first.id);
    for (const { id } of [first, named]) fpga.end(id, { code: 'X', message: '' });
    const second = await order(fpga, REQUEST);
    expect([second.id === first.id, second.found]).toEqual([false, undefined]);
  });
});

describe('build log', () => {
  it('takes the lines that speak of errors, without control characters', () => {
    expect(
      errorLines(
        'INFO: fine\r\nERROR: [Route 35-54] net \u001b[31mclk\u001b[0m\r\nCRITICAL WARNING: [Timing 38-282]\nno error here\nmake: error: 2\nFATAL gone',
      ),
    ).toEqual([
      'ERROR: [Route 35-54] net  [31mclk [0m',
      'CRITICAL WARNING: [Timing 38-282]',
      'make: error: 2',
      'FATAL gone',
    ]);
    expect(errorLines('ERROR: x\n'.repeat(100))).toHaveLength(20);
  });

  it("is the image's own, else the newest since it was asked for", async () => {
    const fpga = fakeFpga();
    const { id } = await order(fpga, REQUEST);
    const [image] = await fpga.images([id]);
    const store = fakeObjects({ now: () => Date.UTC(2026, 0, 2) });
    expect(await buildLog(store, 'logs/', image!)).toBeUndefined();
    await store.put('logs/other_vivado.log', new TextEncoder().encode('ERROR: other'));
    expect(await buildLog(store, 'logs/', image!)).toEqual({ key: 'logs/other_vivado.log', errors: ['ERROR: other'] });
    await store.put(`logs/${id}/x_vivado.log`, new TextEncoder().encode('ERROR: own'));
    expect(await buildLog(store, 'logs/', image!)).toEqual({ key: `logs/${id}/x_vivado.log`, errors: ['ERROR: own'] });
    const early = fakeObjects({ now: () => 0 });
    await early.put('logs/old_vivado.log', new TextEncoder().encode('ERROR: old'));
    expect(await buildLog(early, 'logs/', image!)).toBeUndefined();
  });
});
