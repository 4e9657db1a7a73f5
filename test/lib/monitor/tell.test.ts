import { expect, test } from 'vitest';
import { DEFAULT_TIMING } from '../../../src/lib/domain/failover/policy.ts';
import { markWaiting } from '../../../src/lib/domain/failover/standby.ts';
import { initialState } from '../../../src/lib/domain/failover/state.ts';
import type { Observation, RouteAction } from '../../../src/lib/domain/failover/types.ts';
import type { MonitorEvent } from '../../../src/lib/monitor/events.ts';
import { say, sayWithTime } from '../../../src/lib/monitor/say.ts';
import { teller } from '../../../src/lib/monitor/tell.ts';

const KEY = 'rtb-1|10.10.0.0/16';
const NAMES = new Map([['rtb-1', 'private-1']]);
const SEEN: Observation = {
  verdicts: new Map(),
  canary: true,
  lease: undefined,
  journal: undefined,
  pins: new Map(),
  results: [],
};
const action = (id: number, from: string, to: string): RouteAction => ({
  id,
  kind: 'replace',
  key: KEY,
  table: 'rtb-1',
  destination: '10.10.0.0/16',
  target: { kind: 'eni', id: `eni-${to}` },
  incident: 'dx-1-1-1',
  because: `${from} is down (5 of 5 probes lost in 146 ms)`,
  epoch: 1,
  notAfter: 1_000,
  from,
  to,
});

test('a move that is read back in the turn that decides the next one is told as done, and so is the next', () => {
  const events: MonitorEvent[] = [];
  const telling = teller(
    (event) => events.push(event),
    () => 0,
    DEFAULT_TIMING,
  );
  const decided = (now: number, actions: readonly RouteAction[], at: string): void =>
    telling.decided(now, SEEN, { state: initialState(), actions, standings: [{ key: KEY, at, why: '' }] });
  const [first, second] = [action(1, 'dx-1', 'vpn-a'), action(2, 'vpn-a', 'vpn-b')];
  decided(0, [first], 'dx-1');
  telling.done(100, first, { id: 1, outcome: 'done', ms: 100 });
  decided(200, [second], 'vpn-a');
  telling.done(300, second, { id: 2, outcome: 'done', ms: 100 });
  decided(400, [], 'vpn-b');
  expect(events.flatMap((event) => (event.kind === 'move' ? [[event.to, event.outcome]] : []))).toEqual([
    ['vpn-a', 'done'],
    ['vpn-b', 'done'],
  ]);
});

test('people read names and times', () => {
  const at = Date.UTC(2026, 0, 31, 8, 0, 0, 123);
  const alert = {
    id: '1-1',
    incident: 'dx-1-1-1',
    subject: KEY,
    from: 'dx-1',
    to: 'vpn-a',
    because: 'dx-1 is down (5 of 5 probes lost in 146 ms)',
  };
  expect(sayWithTime({ kind: 'alert', at, alert: { ...alert, kind: 'moved' } }, NAMES)).toBe(
    '08:00:00.123 ALERT private-1 10.10.0.0/16 moved dx-1 -> vpn-a: dx-1 is down (5 of 5 probes lost in 146 ms)',
  );
  expect(say({ kind: 'alert', at, alert: { ...alert, kind: 'found' } }, NAMES)).toBe(
    'ALERT private-1 10.10.0.0/16 was changed by someone else: now vpn-a, expected dx-1',
  );
  expect(say({ kind: 'pin', at, table: 'rtb-1', link: 'vpn-a' }, NAMES)).toBe('private-1: pinned to vpn-a');
  expect(say({ kind: 'stop', at, because: 'stopped on request' })).toBe('stopped on request');
});

test('a link that is down because the other tunnel of its router is up is told as waiting, and as dead when that one dies', () => {
  const events: MonitorEvent[] = [];
  const telling = teller(
    (event) => events.push(event),
    () => 0,
    DEFAULT_TIMING,
  );
  const seen = (a: 'alive' | 'dead', b: 'alive' | 'dead'): Observation => {
    const verdict = (link: string, state: 'alive' | 'dead') =>
      [link, { link, state, suspicion: state === 'dead' ? 1 : 0, lastReplyAt: 0, why: `${link} is ${state}` }] as const;
    return {
      ...SEEN,
      verdicts: markWaiting(new Map([verdict('vpn-a', a), verdict('vpn-b', b)]), [['vpn-a', 'vpn-b']]),
    };
  };
  const told = (observation: Observation) => {
    events.length = 0;
    telling.decided(0, observation, { state: initialState(), actions: [], standings: [] });
    return events.flatMap((event) => (event.kind === 'verdict' ? [[event.link, event.to, event.because]] : []));
  };
  expect(told(seen('alive', 'dead'))).toEqual([['vpn-a', 'alive', 'vpn-a is alive']]);
  expect(told(seen('dead', 'dead'))).toEqual([
    ['vpn-a', 'dead', 'vpn-a is dead'],
    ['vpn-b', 'dead', 'vpn-b is dead'],
  ]);
  expect(told(seen('dead', 'alive'))).toEqual([
    ['vpn-a', 'unknown', 'waits: its router carries one tunnel at a time, and vpn-b is up'],
    ['vpn-b', 'alive', 'vpn-b is alive'],
  ]);
});
