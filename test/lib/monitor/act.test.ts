import { describe, expect, it } from 'vitest';
import { failure } from '../../../src/lib/core/errors.ts';
import { RouteRace } from '../../../src/lib/core/ports.ts';
import { act, type Acting } from '../../../src/lib/monitor/act.ts';
import { keepLease, LEASE_MS, privateStore } from '../../../src/lib/monitor/lease.ts';
import { fakeInstances } from '../../fakes/instances.ts';
import { fakeRouteTables } from '../../fakes/route-tables.ts';

describe('the lease', () => {
  it("is one holder's at a time; the next one waits it out, and takes its journal over", async () => {
    const store = privateStore();
    let now = 0;
    const [one, two] = ['one', 'two'].map((me) => keepLease({ store: { ...store, me }, now: () => now }));
    await one!.tend();
    await one!.record(1, { ...one!.journal()!, version: 7 });
    for (; now < LEASE_MS; now += 1_000) await two!.tend();
    expect([one!.lease()?.epoch, two!.lease()]).toEqual([1, undefined]);
    await two!.tend();
    expect([two!.lease()?.epoch, two!.journal()?.version]).toEqual([2, 7]);
    expect(await one!.record(1, { ...one!.journal()!, version: 8 })).toBe('refused');
    await one!.tend();
    expect(one!.lease()).toBeUndefined();
    await two!.release();
    await one!.tend();
    expect(one!.lease()?.epoch).toBe(3);
  });

  it('a file that is no lease is left alone', async () => {
    const store = privateStore();
    await store.swap(undefined, '<html>');
    await expect(keepLease({ store, now: () => 0 }).tend()).rejects.toThrow('does not hold');
    expect(await store.read()).toBe('<html>');
  });
});

describe('an action', () => {
  const route = {
    kind: 'replace',
    id: 1,
    epoch: 1,
    notAfter: 100,
    key: 'k',
    table: 'rtb-1',
    destination: '10.10.0.0/16',
    target: { kind: 'eni', id: 'eni-1' },
    from: 'dx-1',
    to: 'vpn-a',
    incident: 'i',
    because: 'b',
  } as const;
  const thrown = async (error: unknown, now = 50, decidedAt = 50) => {
    const tables = fakeRouteTables([], {
      before: () => {
        throw error;
      },
    });
    const acting: Acting = {
      tables,
      instances: fakeInstances([]),
      keeper: keepLease({ store: privateStore(), now: () => now }),
      addresses: new Map(),
      now: () => now,
      wall: () => 0,
      dryRun: false,
      tell: () => undefined,
    };
    return { outcome: (await act(acting, route, decidedAt)).outcome, calls: tables.calls.length };
  };

  it.each([
    [new RouteRace('x'), 'race'],
    [failure('x', { call: 'throttled' }), 'throttled'],
    [failure('x', { call: 'refused' }), 'refused'],
    [failure('x', { call: 'unclear' }), 'unclear'],
    [failure('x'), 'unclear'],
    [new TypeError('x'), 'unclear'],
    ['x', 'unclear'],
  ])('%s is %s', async (error, outcome) => expect(await thrown(error)).toEqual({ outcome, calls: 1 }));

  it('does not leave after the lease, nor after the clock went back', async () => {
    expect(await thrown(undefined, 100)).toEqual({ outcome: 'unsent', calls: 0 });
    expect(await thrown(undefined, 49, 50)).toEqual({ outcome: 'unsent', calls: 0 });
  });
});
