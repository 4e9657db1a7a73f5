import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { offerFeed } from '../../../src/lib/adapters/views/feed.ts';
import { followFeed } from '../../../src/lib/adapters/views/follow.ts';
import type { Sink } from '../../../src/lib/monitor/events.ts';
import { feedSink } from '../../../src/lib/monitor/feed.ts';
import { health, MORNING, STORY } from '../../helpers/events.ts';

let folder: string;
let path: string;
const closing: (() => unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hybridctl-feed-'));
  path = join(folder, 'state', 'demo.feed');
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

const monitor = async (): Promise<Sink & { readonly troubles: readonly string[] }> => {
  const troubles: string[] = [];
  const sink = await feedSink({
    offer: (past) => offerFeed(path, past),
    onTrouble: (message) => void troubles.push(message),
  });
  closing.push(() => sink.close());
  return { ...sink, troubles };
};

const reader = () => {
  const heard: { opened: unknown[][]; lines: unknown[]; closed: string[] } = { opened: [], lines: [], closed: [] };
  const { stop } = followFeed(path, {
    opened: (past) => heard.opened.push(past.map((one) => JSON.parse(one))),
    line: (line) => heard.lines.push(JSON.parse(line)),
    closed: (because) => heard.closed.push(because),
  });
  closing.push(stop);
  return { ...heard, stop };
};

test('who comes late gets the start and the last minutes in order, then every event as it happens', async () => {
  const one = await monitor();
  const [start, ...others] = STORY;
  one.accept(start!);
  for (let second = 0; second < 700; second += 1) one.accept(health(MORNING + second * 1_000));
  one.accept({ kind: 'api', at: MORNING, action: 'ReplaceRoute', outcome: 'done', ms: 1 });
  one.accept(others[0]!);
  const late = reader();
  await vi.waitFor(() => expect(late.opened).toHaveLength(1));
  expect(late.opened[0]).toEqual([
    start,
    ...Array.from({ length: 600 }, (_, index) => health(MORNING + (index + 100) * 1_000)),
    others[0],
  ]);
  expect(late.lines).toEqual([]);
  for (const event of others) one.accept(event);
  await vi.waitFor(() => expect(late.lines).toEqual(JSON.parse(JSON.stringify(others))));
  expect(statSync(path).mode & 0o777).toBe(0o660);
});

test('a reader finds a monitor that begins after it, is told when it ends, and finds its successor', async () => {
  const early = reader();
  await vi.waitFor(() => expect(early.closed).toEqual(['no monitor runs on this machine']));
  const first = await monitor();
  await vi.waitFor(() => expect(early.opened).toHaveLength(1));
  first.accept(STORY.at(-1)!);
  await first.close();
  await vi.waitFor(() => expect(early.closed.slice(1)).toEqual(['the monitor has ended']));
  expect(early.lines).toEqual([STORY.at(-1)]);
  await monitor();
  await vi.waitFor(() => expect(early.opened).toHaveLength(2));
});

test('the socket of a dead process is taken over; that of a living one is not, until it ends and we hold the lease', async () => {
  const first = await monitor();
  const second = await monitor();
  const one = reader();
  await vi.waitFor(() => expect(one.opened).toHaveLength(1));
  const lease = { kind: 'lease', at: MORNING, held: true, epoch: 8 } as const;
  second.accept(lease);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await first.close();
  // As a process that is killed leaves it: a name in the folder that nobody listens at.
  writeFileSync(path, '');
  second.accept(lease);
  await vi.waitFor(() => expect(one.opened[1]).toEqual([lease, lease]));
  expect(second.troubles).toEqual([]);
});

test('a path that no socket can have is told, and the monitor goes on', async () => {
  path = join(path, 'x'.repeat(100));
  const { troubles, accept } = await monitor();
  expect(troubles).toEqual([
    expect.stringMatching(/^"hybridctl status" can't see this monitor: .* is too long for a socket$/),
  ]);
  STORY.forEach(accept);
});

test('a reader that does not read is let go, and neither holds up the others nor the end', async () => {
  const one = await monitor();
  one.accept(STORY[0]!);
  const stuck = await new Promise<Socket>((resolve) => {
    const socket: Socket = connect(path, () => resolve(socket.pause()));
  });
  closing.push(() => stuck.destroy());
  const well = reader();
  const loud = { kind: 'error', at: MORNING, during: 'test', message: 'x'.repeat(10_000) } as const;
  await vi.waitFor(() => expect(well.opened).toHaveLength(1));
  const ended = new Promise((resolve) => stuck.once('close', resolve));
  for (let round = 1; round <= 20; round += 1) {
    for (let count = 0; count < 100; count += 1) one.accept(loud);
    await vi.waitFor(() => expect(well.lines).toHaveLength(100 * round), { timeout: 60_000 });
  }
  stuck.resume();
  await ended;
  await one.close();
});

test('what is no feed of a monitor, and never ends its line, fills no memory', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    const flood = (): void => void (socket.destroyed || socket.write('x'.repeat(2 ** 20), flood));
    flood();
  });
  const first = await monitor();
  await first.close();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  closing.push(() => server.close());
  const one = reader();
  await vi.waitFor(() => expect(one.closed.length).toBeGreaterThan(0), { timeout: 60_000 });
  expect(one.opened).toEqual([]);
});
