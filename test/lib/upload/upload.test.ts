import { describe, expect, it } from 'vitest';
import { failure } from '../../../src/lib/core/errors.ts';
import type { SourceFile } from '../../../src/lib/core/objects.ts';
import { createMeter, progressLine, rateOf } from '../../../src/lib/upload/meter.ts';
import { planOf } from '../../../src/lib/upload/plan.ts';
import { upload, type UploadOptions } from '../../../src/lib/upload/upload.ts';
import { fakeObjects, type FakeObjects } from '../../fakes/objects.ts';

const PART = 1_000;
const content = (size: number, seed = 7): Uint8Array =>
  Uint8Array.from({ length: size }, (_, at) => (at * 131 + seed + (at >> 8)) & 255);

const sourceOf = (bytes: Uint8Array, changed: () => boolean = () => false): SourceFile => ({
  path: '/dcp.tar',
  size: bytes.length,
  read: async (offset, into) => into.set(bytes.subarray(offset, offset + into.length)),
  async unchanged() {
    if (changed()) throw failure('/dcp.tar changed while it was read');
  },
  close: async () => undefined,
});

const start = (store: FakeObjects, bytes: Uint8Array, more: Partial<UploadOptions> = {}) => {
  const said: string[] = [];
  const marks: number[] = [];
  const result = upload({
    store,
    source: sourceOf(bytes),
    key: 'k',
    signal: new AbortController().signal,
    onProgress: ({ kept, sent }) => void marks.push(kept + sent),
    say: (line) => void said.push(line),
    partSize: PART,
    ...more,
  });
  return { result, said, marks };
};
const there = (store: FakeObjects, bytes: Uint8Array) =>
  expect(Buffer.compare(store.objects.get('k') ?? Buffer.alloc(0), bytes)).toBe(0);
const sentParts = ({ calls }: FakeObjects) => calls.filter((call) => call.startsWith('putPart')).length;

describe.each([
  ['crc32', false],
  ['crc64xz', false],
  ['crc32', true],
] as const)('upload, %s, a server without checksums: %s', (checksum, plain) => {
  const open = () => fakeObjects({ checksum, plain, leastPart: 1 });

  it.each([1, PART - 1, PART, PART + 1, 10 * PART, 10 * PART + 3])('%i bytes', async (size) => {
    const store = open();
    const bytes = content(size);
    const { result, marks } = start(store, bytes);
    expect(await result).toMatchObject({ size, sent: size, parts: Math.ceil(size / PART) });
    there(store, bytes);
    expect(marks.at(-1)).toBe(size);
  });

  it('takes up what a run that died has sent, and sends the rest alone', async () => {
    const store = open();
    const bytes = content(10 * PART + 3);
    store.onPart = (number) => {
      if (number === 6) throw failure('the line is cut');
    };
    const first = start(store, bytes);
    await expect(first.result).rejects.toThrow('the line is cut');
    const before = sentParts(store);
    expect(before).toBeGreaterThan(0);
    expect(first.said.at(-1)).toContain(`${before} of 11 parts are kept`);
    store.onPart = () => undefined;
    const again = start(store, bytes);
    expect(await again.result).toMatchObject({ size: bytes.length });
    expect([sentParts(store), again.said[0]]).toEqual([
      11,
      `taking up an earlier upload: ${before} of 11 parts are there`,
    ]);
    expect(store.calls.filter((call) => call === 'begin')).toHaveLength(1);
    there(store, bytes);
  });

  it('notices a file that changed since, part by part', async () => {
    const store = open();
    const bytes = content(10 * PART);
    store.onPart = (number) => {
      if (number === 8) throw failure('the line is cut');
    };
    await expect(start(store, bytes).result).rejects.toThrow();
    store.onPart = () => undefined;
    const changed = bytes.slice();
    changed[PART + 5]! ^= 1;
    const again = start(store, changed);
    await again.result;
    expect(again.said[1]).toContain('1 parts that were sent are sent again');
    there(store, changed);
  });

  it('begins anew beside an upload of another content, which it leaves', async () => {
    const store = open();
    store.onPart = (number) => {
      if (number === 5) throw failure('cut');
    };
    await expect(start(store, content(8 * PART, 1)).result).rejects.toThrow();
    store.onPart = () => undefined;
    const bytes = content(8 * PART, 99);
    await start(store, bytes).result;
    there(store, bytes);
    expect(await store.uploads('k')).toHaveLength(1);
  });
});

describe('upload', () => {
  it('sends nothing that is there already', async () => {
    const store = fakeObjects({ leastPart: 1 });
    const bytes = content(3 * PART);
    store.objects.set('k', bytes);
    expect(await start(store, bytes).result).toMatchObject({ sent: 0 });
    expect(store.calls).toEqual([]);
  });

  it('takes a lost yes for a yes, once it has looked', async () => {
    const store = fakeObjects({ leastPart: 1 });
    store.losesAnswer = true;
    const bytes = content(3 * PART);
    expect(await start(store, bytes).result).toMatchObject({ sent: 3 * PART });
    there(store, bytes);
  });

  it('takes its upload back where not one part could be sent', async () => {
    const store = fakeObjects({ leastPart: 1 });
    store.onPart = () => {
      throw failure('not allowed', { code: 'AccessDenied' });
    };
    await expect(start(store, content(3 * PART)).result).rejects.toMatchObject({ code: 'AccessDenied' });
    expect([store.calls, await store.uploads('')]).toEqual([['begin', 'abort'], []]);
  });

  it('leaves nothing of a file that changed under it', async () => {
    const store = fakeObjects({ leastPart: 1 });
    let sent = 0;
    store.onPart = () => void (sent += 1);
    const bytes = content(6 * PART);
    await expect(start(store, bytes, { source: sourceOf(bytes, () => sent > 3) }).result).rejects.toThrow(
      'changed while it was read',
    );
    expect([store.objects.has('k'), await store.uploads('')]).toEqual([false, []]);
  });

  it('begins anew, and says so, where nobody may look for an earlier upload', async () => {
    const store = {
      ...fakeObjects({ leastPart: 1 }),
      uploads: async () =>
        Promise.reject(
          failure('not allowed to s3:ListBucketMultipartUploads', { code: 'AccessDenied', kind: 'denied' }),
        ),
    };
    const { result, said } = start(store, content(3 * PART));
    expect([await result, said]).toMatchObject([
      { sent: 3 * PART },
      [expect.stringContaining('s3:ListBucketMultipartUploads')],
    ]);
  });

  it('refuses an empty file', async () => {
    await expect(start(fakeObjects(), new Uint8Array()).result).rejects.toThrow('is empty');
  });

  it('never has more parts in flight than lanes, and ends them all at the first error or Ctrl-C', async () => {
    const store = fakeObjects({ leastPart: 1 });
    let flying = 0;
    let most = 0;
    const stop = new AbortController();
    store.onPart = async (number) => {
      flying += 1;
      most = Math.max(most, flying);
      await new Promise((resolve) => setImmediate(resolve));
      flying -= 1;
      if (number === 12) stop.abort();
    };
    const { result, said } = start(store, content(40 * PART), { signal: stop.signal });
    await expect(result).rejects.toMatchObject({ exit: 130 });
    expect(said.at(-1)).toMatch(/^\d+ of 40 parts are kept: run it again/);
    expect(most).toBe(4);
    expect(sentParts(store)).toBeLessThan(16);
    expect(await store.uploads('')).toHaveLength(1);
  });
});

describe('plan', () => {
  it.each([
    [1, 1, 8 * 2 ** 20, 1],
    [2 ** 30, 128, 8 * 2 ** 20, 4],
    [80 * 2 ** 30, 10_000, 9 * 2 ** 20, 4],
    [2 ** 40, 9_987, 105 * 2 ** 20, 1],
  ])('%i bytes', (size, most, partSize, parallel) => {
    const plan = planOf(size);
    expect([plan.parts.length <= most, plan.partSize, plan.parallel]).toEqual([true, partSize, parallel]);
    expect(plan.parts.length).toBeLessThanOrEqual(10_000);
    expect(plan.parts.reduce((sum, part) => sum + part.size, 0)).toBe(size);
    expect(planOf(size)).toEqual(plan);
  });
});

describe('meter', () => {
  it('tells share, rate and time left', () => {
    expect(progressLine({ total: 1_000_000_000, kept: 250_000_000, sent: 250_000_000 }, 50_000_000)).toBe(
      '[============............]  50 %  500.0 MB of 1.0 GB  50.0 MB/s  10s left',
    );
    expect(progressLine({ total: 100, kept: 0, sent: 100 }, 50)).toBe(
      '[========================] 100 %  100 B of 100 B  50 B/s',
    );
    expect(rateOf([{ at: 0, sent: 0 }])).toBeUndefined();
  });

  it('writes a line every tenth off a terminal, and a live one at most every 100 ms on it', () => {
    let now = 0;
    const lines: string[] = [];
    const live: string[] = [];
    const plain = createMeter({ now: () => now, line: (text) => void lines.push(text) });
    const onTerminal = createMeter({
      now: () => now,
      line: (text) => void lines.push(text),
      live: (text) => void live.push(text),
    });
    for (let sent = 1; sent <= 1_000; sent += 1) {
      now += 1;
      plain({ total: 1_000, kept: 0, sent });
      onTerminal({ total: 1_000, kept: 0, sent });
    }
    expect([lines.length, live.length, lines[0]!.includes(' 10 %'), live.at(-1)!.includes('100 %')]).toEqual([
      10,
      10,
      true,
      true,
    ]);
  });

  it('speaks every half minute of a slow line, and forgets an old rate', () => {
    let now = 0;
    const lines: string[] = [];
    const meter = createMeter({ now: () => now, line: (text) => void lines.push(text) });
    for (let second = 1; second <= 90; second += 1) {
      now += 1_000;
      meter({
        total: 10 ** 9,
        kept: 0,
        sent: second * (second < 60 ? 1_000_000 : 0) + (second >= 60 ? 59_000_000 + second : 0),
      });
    }
    expect([lines.length, lines.at(-1)!.includes('1 B/s')]).toEqual([3, true]);
  });
});
