import { expect, test } from 'vitest';
import { clock } from '../../../src/lib/adapters/clock.ts';
import { deliver } from '../../../src/lib/monitor/deliver.ts';
import type { Spool, Spooled } from '../../../src/lib/monitor/spool.ts';

/** A spool in memory. */
const memory = (): Spool => {
  let waiting: readonly Spooled[] = [];
  return {
    put: (id, body) => void (waiting = [...waiting, { id, body }]),
    oldest: (most) => waiting.slice(0, most),
    ack: (ids) => void (waiting = waiting.filter(({ id }) => !ids.includes(id))),
    flush: async () => undefined,
    close: async () => undefined,
  };
};

test('what came while a try was under way is tried at the close, although that try failed', async () => {
  const spool = memory();
  spool.put('a', '');
  const sent: string[][] = [];
  let fail: (why: Error) => void = () => undefined;
  const delivery = deliver(spool, {
    name: 'alerts',
    most: 10,
    clock,
    onTrouble: () => undefined,
    timing: { firstMs: 60_000, mostMs: 60_000, closeMs: 60_000 },
    send: async (items) => {
      sent.push(items.map(({ id }) => id));
      if (sent.length === 1) await new Promise((_, reject) => (fail = reject));
      return items.map(({ id }) => id);
    },
  });
  await expect.poll(() => sent).toEqual([['a']]);
  spool.put('b', '');
  delivery.poke();
  const closed = delivery.close();
  fail(new Error('the connection broke'));
  await closed;
  expect([sent, spool.oldest(9)]).toEqual([[['a'], ['a', 'b']], []]);
});
