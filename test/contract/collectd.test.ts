import { createServer, type Server } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unixsock } from '../../src/lib/adapters/collectd.ts';
import type { Collectd } from '../../src/lib/core/collectd.ts';
import { EXIT } from '../../src/lib/core/errors.ts';
import { fakeCollectd } from '../fakes/collectd.ts';
import { startCollectd, type TestCollectd } from '../helpers/collectd.ts';

const MEMORY = { identifier: 'test/memory/memory-used', values: ['value'] };
const LOAD = { identifier: 'test/load/load', values: ['shortterm', 'midterm', 'longterm'] };

const contract = (open: () => Collectd, stop: () => Promise<void>) => {
  it('tells what is read, with the names of the values', async () => {
    const lists = await open().valueLists();
    expect(lists).toContainEqual(MEMORY);
    expect(lists).toContainEqual(LOAD);
    expect(await open().valueLists(), 'and again').toContainEqual(LOAD);
  });
  it('says that nobody listens', async () => {
    await stop();
    await expect(open().valueLists()).rejects.toMatchObject({
      exit: EXIT.missing,
      field: '--socket',
      message: expect.stringMatching(/^no collectd listens on/),
    });
  });
};

describe('a real collectd', () => {
  let real: TestCollectd;
  beforeAll(async () => void (real = await startCollectd('LoadPlugin memory\nLoadPlugin load\n')));
  afterAll(() => real?.stop());
  contract(
    () => unixsock(real.socket, new AbortController().signal),
    () => real.stop(),
  );
});

describe('the fake', () => {
  const fake = fakeCollectd(MEMORY, LOAD);
  contract(
    () => fake.collectd,
    async () => void (fake.running = false),
  );
});

describe('what is no collectd, or one that fails', () => {
  let server: Server | undefined;
  let folder: string;
  const listen = async (answer: string, end: boolean): Promise<string> => {
    folder = await mkdtemp(join(tmpdir(), 'hyc-'));
    server = createServer(
      (socket) =>
        void socket.on('data', () => (end ? socket.end(answer) : socket.write(answer))).on('error', () => undefined),
    );
    await new Promise<void>((resolve) => server!.listen(join(folder, 's'), resolve));
    return join(folder, 's');
  };
  const close = async (): Promise<void> => {
    server?.close();
    await rm(folder, { recursive: true, force: true });
  };
  it.each([
    ['another server', '220 mail ready\n', false, { message: expect.stringContaining('is no collectd') }],
    [
      'one that ends in the middle',
      '2 Values found\n1.0 a/b/c\n',
      true,
      { message: expect.stringContaining('in the middle of an answer') },
    ],
    ['an empty cache', '0 Values found\n', false, undefined],
  ])('%s', async (_name, answer, end, wanted) => {
    const path = await listen(answer, end);
    const asked = unixsock(path, new AbortController().signal).valueLists();
    if (wanted === undefined) expect(await asked).toEqual([]);
    else await expect(asked).rejects.toMatchObject({ exit: EXIT.failed, ...wanted });
    await close();
  });
  it('Ctrl-C ends the wait', async () => {
    const path = await listen('', false);
    const controller = new AbortController();
    const asked = unixsock(path, controller.signal).valueLists();
    controller.abort();
    await expect(asked).rejects.toMatchObject({ exit: EXIT.interrupted });
    await close();
  });
});
