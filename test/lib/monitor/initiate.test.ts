import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Witness } from '../../../src/lib/core/ports.ts';
import type { Heal } from '../../../src/lib/domain/failover/types.ts';
import type { PathVerdict } from '../../../src/lib/domain/health/types.ts';
import type { MonitorEvent } from '../../../src/lib/monitor/events.ts';
import { tunnelStarter } from '../../../src/lib/monitor/initiate.ts';
import { fakeWitness } from '../../fakes/witness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const verdict = (state: PathVerdict['state'], more: Partial<PathVerdict> = {}) =>
  new Map([['vpn-a', { link: 'vpn-a', state, suspicion: 1, why: 'because', ...more } as PathVerdict]]);

/** One gateway with one link, whose charon is listened to. */
const bench = (witnesses?: readonly Witness[]) => {
  let now = 0;
  const charon = fakeWitness('charon');
  const events: MonitorEvent[] = [];
  const starter = tunnelStarter({
    gateways: [{ instance: 'i-1', pool: 'lab', links: ['vpn-a'] }],
    connections: new Map([['vpn-a', 'vpn1']]),
    witnesses: witnesses ?? [charon.witness],
    now: () => now,
    wall: () => now,
    tell: (event) => void events.push(event),
  });
  const look = async (verdicts: ReadonlyMap<string, PathVerdict>, heals: Record<string, Heal> = {}, ms = 2_000) => {
    starter.look(verdicts, { incidents: { 'vpn-a': '7-1' }, heals });
    await vi.advanceTimersByTimeAsync(0);
    now += ms;
  };
  return { charon, events, look, before: () => starter.before('i-1') };
};

it('a tunnel that is down is begun once for each death of its link, and told', async () => {
  const { charon, events, look, before } = bench();
  charon.down.set('vpn1', { outcome: 'failed', because: 'NO_PROPOSAL_CHOSEN' });
  await look(verdict('alive'));
  expect(charon.begun, 'it carries').toEqual([]);
  for (let time = 0; time < 5; time += 1) await look(verdict('dead'));
  expect(charon.begun).toEqual(['vpn1']);
  expect(events).toMatchObject([
    { kind: 'initiate', link: 'vpn-a', connection: 'vpn1', witness: 'charon', up: false, incident: '7-1' },
  ]);
  expect(await before(), 'it did not help').toBe(false);
  await look(verdict('alive'));
  await look(verdict('dead'));
  expect(charon.begun, 'another death').toHaveLength(2);
});

it('what charon still holds up is looked at until it is down: DPD takes its time', async () => {
  const { charon, look } = bench();
  for (let time = 0; time < 3; time += 1) await look(verdict('dead'));
  expect(charon.begun).toEqual([]);
  charon.down.set('vpn1', { outcome: 'up' });
  await look(verdict('dead'));
  expect(charon.begun).toEqual(['vpn1']);
});

it('a stop waits for the try, and is spared once where the tunnel came up', async () => {
  const { charon, look, before } = bench();
  await look(verdict('dead'));
  charon.down.set('vpn1', { outcome: 'up' });
  expect(await before()).toBe(true);
  expect(charon.begun).toEqual(['vpn1']);
  expect(await before(), 'and the link stayed dead').toBe(false);
});

it('a gateway that is back from a stop is tried once more', async () => {
  const { charon, look } = bench();
  charon.down.set('vpn1', { outcome: 'failed', because: 'no answer' });
  const heal = (step: Heal['step']) => ({ lab: { instance: 'i-1', incident: '7-1', step } });
  await look(verdict('dead'));
  for (const step of ['stop', 'start', 'verify', 'verify', 'verify'] as const) await look(verdict('dead'), heal(step));
  expect(charon.begun).toHaveLength(2);
});

it('a link that flaps is begun six times an hour at most', async () => {
  const { charon, look } = bench();
  charon.down.set('vpn1', { outcome: 'failed', because: 'no answer' });
  for (let time = 0; time < 20; time += 1) {
    await look(verdict('dead'));
    await look(verdict('alive'));
  }
  expect(charon.begun).toHaveLength(6);
  await look(verdict('alive'), {}, 3_600_000);
  await look(verdict('dead'));
  expect(charon.begun).toHaveLength(7);
});

it('a link that waits, and a daemon that begins nothing or can not be asked, change nothing', async () => {
  const silent: Witness = { name: 'bfdd', watch: () => ({ stop: () => undefined }) };
  const away: Witness = { ...silent, initiate: async () => Promise.reject(new Error('charon is not running')) };
  const waiting = bench();
  waiting.charon.down.set('vpn1', { outcome: 'up' });
  await waiting.look(verdict('dead', { waits: 'its router carries one tunnel at a time' }));
  expect(waiting.charon.begun).toEqual([]);
  const { events, look, before } = bench([silent, away]);
  await look(verdict('dead'));
  expect([events, await before()]).toEqual([[], false]);
});
