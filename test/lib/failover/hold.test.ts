import { describe, expect, it } from 'vitest';
import { forgive, holdLeft, holdOf, relapse, watchLinks } from '../../../src/lib/domain/failover/hold.ts';
import { DEFAULT_TIMING, policyOf } from '../../../src/lib/domain/failover/policy.ts';
import { EMPTY_JOURNAL, initialState, type LinkMemory } from '../../../src/lib/domain/failover/state.ts';
import { fixture, siteOf } from '../../helpers/cloud.ts';

const policy = policyOf(siteOf(fixture('lab')));
const memory = (goodFor: number): Readonly<Record<string, LinkMemory>> => ({
  'dx-1': { goodFor, deadFor: 0, alive: true, counted: false },
});
const journal = (holds: Readonly<Record<string, number>>) => ({ ...EMPTY_JOURNAL, holds });

/** The link dies every `everyMs`, each time under traffic. @returns the hold-down after each death, s. */
const dyingEvery = (everyMs: number, times: number): readonly number[] => {
  let holds: Readonly<Record<string, number>> = {};
  return Array.from({ length: times }, () => {
    holds = relapse(forgive(holds, memory(everyMs), DEFAULT_TIMING), 'dx-1', DEFAULT_TIMING);
    return holdOf(journal(holds), 'dx-1', DEFAULT_TIMING) / 1_000;
  });
};

// The way back was held down twice before, each time with a forgiveness of its own (an hour; five times the hold-down),
// and the longer of the two counted: the hour. The journal's is what is left, with the hour.
describe('the hold-down', () => {
  it('is 30 s, doubles to 15 min on relapses, and an hour of peace forgives', () => {
    expect(dyingEvery(60_000, 7)).toEqual([30, 60, 120, 240, 480, 900, 900]);
    expect(dyingEvery(3_600_000, 3)).toEqual([30, 30, 30]);
  });

  it('grows for a link that dies every three minutes, until it is not returned to any more', () => {
    expect(dyingEvery(180_000, 4)).toEqual([30, 60, 120, 240]);
  });

  it('is what is said of a link that carries again; one that was never left has none', () => {
    const left = (goodFor: number, holds: Readonly<Record<string, number>>) =>
      holdLeft({ ...initialState(), journal: journal(holds), links: memory(goodFor) }, 'dx-1', DEFAULT_TIMING);
    expect([
      left(0, {}),
      left(0, { 'dx-1': 60_000 }),
      left(45_000, { 'dx-1': 60_000 }),
      left(61_000, { 'dx-1': 60_000 }),
    ]).toEqual([0, 60_000, 15_000, 0]);
  });

  it('is counted anew after a restart: good time that nobody saw is no merit', () => {
    const verdict = { link: 'dx-1', state: 'alive', suspicion: 0, lastReplyAt: 0, why: '' } as const;
    const links = watchLinks(initialState().links, new Map([['dx-1', verdict]]), 5_000, policy);
    expect(links['dx-1']).toMatchObject({ goodFor: 0, alive: true });
  });
});
