import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { files } from '../../../src/lib/adapters/files.ts';
import { lineLog } from '../../../src/lib/adapters/records/line-log.ts';
import { openSpool, type SpoolOptions } from '../../../src/lib/monitor/spool.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hybridctl-spool-'));
  path = join(folder, 'a.spool');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (options: Partial<SpoolOptions> = {}) =>
  openSpool({ lineLog }, files, { path, onTrouble: () => undefined, ...options });
const ids = (spool: { oldest(most: number): readonly { id: string }[] }) => spool.oldest(10_000).map(({ id }) => id);

test('keeps what is not acked, over any number of starts, in order, in a private file', async () => {
  const first = await open();
  for (const id of ['a', 'b', 'c']) first.put(id, `body of ${id}`, true);
  first.ack(['b']);
  await first.close();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const second = await open();
  expect(second.oldest(9)).toEqual([
    { id: 'a', body: 'body of a' },
    { id: 'c', body: 'body of c' },
  ]);
  second.ack(['a', 'c', 'never seen']);
  second.put('b', 'told again by a successor');
  await second.close();
  expect(ids(await open())).toEqual([]);
});

test('cut anywhere, as by a crash: what was whole before the cut is there, nothing else, and it goes on from there', async () => {
  const spool = await open();
  for (const id of ['a', 'b', 'c', 'd']) spool.put(id, `body "of"\n${id}`);
  await spool.close();
  const text = readFileSync(path, 'utf8');
  for (let cut = 0; cut <= text.length; cut += 1) {
    writeFileSync(path, text.slice(0, cut));
    const again = await open();
    const whole = text.slice(0, cut).split('\n').length - 1;
    // The last line may be whole but for its newline.
    expect([whole, whole + 1].map((count) => ['a', 'b', 'c', 'd'].slice(0, count).join(''))).toContain(
      ids(again).join(''),
    );
    const there = ids(again);
    again.put('e', 'after');
    await again.close();
    expect(ids(await open())).toEqual([...there, 'e']);
  }
});

test('like a list in memory, whatever is done to it and whenever it is started again', async () => {
  const step = fc.oneof(
    { arbitrary: fc.record({ put: fc.integer({ min: 0, max: 30 }) }), weight: 5 },
    { arbitrary: fc.record({ ack: fc.integer({ min: 0, max: 30 }) }), weight: 3 },
    { arbitrary: fc.constant({ restart: true }), weight: 1 },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      rmSync(path, { force: true });
      let spool = await open();
      const seen = new Set<string>();
      let model: string[] = [];
      for (const one of steps) {
        if ('put' in one) {
          const id = `i${one.put}`;
          spool.put(id, `body ${id}`);
          if (!seen.has(id)) model.push(id);
          seen.add(id);
        } else if ('ack' in one) {
          spool.ack([`i${one.ack}`]);
          model = model.filter((id) => id !== `i${one.ack}`);
        } else {
          await spool.close();
          spool = await open();
        }
        expect(ids(spool)).toEqual(model);
      }
      await spool.close();
    }),
    { numRuns: 60 },
  );
});

test('bounded: the oldest go, it is told once, and the file does not grow with what is done', async () => {
  const told: string[] = [];
  const spool = await open({ bytes: 10_000, onTrouble: (message) => void told.push(message) });
  for (let n = 0; n < 100; n++) spool.put(`n${n}`, 'x'.repeat(1_000));
  expect(ids(spool)).toEqual(Array.from({ length: 10 }, (_, index) => `n${90 + index}`));
  expect(told).toEqual([expect.stringContaining('more waits than 10000 bytes')]);
  for (let n = 100; n < 5_000; n++) {
    spool.put(`n${n}`, 'x'.repeat(1_000));
    spool.ack([`n${n}`]);
    if (n % 50 === 0) await spool.flush();
  }
  await spool.close();
  expect(statSync(path).size).toBeLessThan(2_500_000);
  expect(ids(await open())).toEqual(Array.from({ length: 10 }, (_, index) => `n${90 + index}`).slice(1));
});
