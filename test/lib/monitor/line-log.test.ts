import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { lineLog } from '../../../src/lib/adapters/records/line-log.ts';
import type { LineLogOptions } from '../../../src/lib/core/outlets.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hybridctl-log-'));
  path = join(folder, 'deep', 'events.ndjson');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (options: Partial<LineLogOptions> = {}) =>
  lineLog(path, {
    mode: 0o640,
    repair: (bytes) => JSON.stringify({ torn: bytes }),
    onTrouble: () => undefined,
    ...options,
  });
const lines = (file = path): unknown[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

test('lines stand in the order given, in a file only its owner and group read', async () => {
  const log = open();
  for (const n of numbers(0, 1_200)) log.append(String(n), n % 100 === 0);
  await log.close();
  expect(lines()).toEqual(numbers(0, 1_200));
  expect(statSync(path).mode & 0o777).toBe(0o640);
});

test('torn at any byte of the last line: whole lines stay, the rest is told in one, the file never shrinks', async () => {
  const whole = '{"n":1}\n{"n":2}\n';
  const last = '{"n":3,"text":"a record longer than what tells of its loss"}\n';
  mkdirSync(join(folder, 'deep'));
  for (let cut = 1; cut < last.length; cut++) {
    writeFileSync(path, whole + last.slice(0, cut));
    const log = open();
    log.append('{"n":4}');
    await log.close();
    expect(lines(), `cut at ${cut}`).toEqual([{ n: 1 }, { n: 2 }, { torn: cut }, { n: 4 }]);
    expect(statSync(path).size).toBeGreaterThan(whole.length + cut);
  }
});

test('a file of nothing but a torn line, longer than one block', async () => {
  mkdirSync(join(folder, 'deep'));
  writeFileSync(path, 'x'.repeat(200_000));
  const log = open();
  log.append('{"n":1}');
  await log.close();
  expect(lines()).toEqual([{ torn: 200_000 }, { n: 1 }]);
});

test('turns a full file and keeps so many', async () => {
  const log = open({ rotate: { bytes: 100, keep: 2 } });
  for (const n of numbers(0, 50)) {
    log.append(JSON.stringify({ n, pad: 'x'.repeat(20) }));
    await log.flush();
  }
  await log.close();
  expect(readdirSync(join(folder, 'deep')).sort()).toEqual(['events.ndjson', 'events.ndjson.1', 'events.ndjson.2']);
  const kept = [`${path}.2`, `${path}.1`, path].flatMap((file) => lines(file) as { n: number }[]).map(({ n }) => n);
  expect(kept).toEqual(numbers(50 - kept.length, 50));
});

test('renamed, removed or cut under us: goes on in the file of that name', async () => {
  const log = open();
  const put = async (n: number) => (log.append(String(n)), log.flush());
  await put(1);
  renameSync(path, `${path}.old`);
  await put(2);
  expect([lines(`${path}.old`), lines()]).toEqual([[1], [2]]);
  rmSync(path);
  await put(3);
  expect(lines()).toEqual([3]);
  truncateSync(path);
  await put(4);
  expect(lines()).toEqual([4]);
  await log.close();
});

test('a disk that refuses: append neither throws nor waits, all lines come when it gives way, and trouble is told once', async () => {
  writeFileSync(join(folder, 'deep'), 'a file where the folder should be');
  const told: string[] = [];
  const log = open({ onTrouble: (message) => void told.push(message) });
  for (const n of numbers(0, 10)) {
    log.append(String(n));
    await log.flush();
  }
  expect(told).toEqual([expect.stringContaining("can't be written (")]);
  rmSync(join(folder, 'deep'));
  await vi.waitFor(() => expect(lines()).toEqual(numbers(0, 10)), { timeout: 60_000 });
  await log.close();
  expect(told.slice(1)).toEqual([expect.stringContaining('written again')]);
});
