import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RouteTable } from '../../../src/lib/core/ports.ts';
import { decide } from '../../../src/lib/domain/failover/decide.ts';
import { DEFAULT_TIMING, policyOf } from '../../../src/lib/domain/failover/policy.ts';
import { EMPTY_JOURNAL, initialState, type State } from '../../../src/lib/domain/failover/state.ts';
import type { Action, ActionResult, Journal, Observation, Policy } from '../../../src/lib/domain/failover/types.ts';
import { markWaiting } from '../../../src/lib/domain/failover/standby.ts';
import type { PathVerdict } from '../../../src/lib/domain/health/types.ts';
import { linkTargets } from '../../../src/lib/domain/routes.ts';
import { fixture, siteOf } from '../../helpers/cloud.ts';

const site = siteOf(fixture('lab'));
const usual = policyOf(site);
const NET = '10.10.0.0/16';
const LINKS = ['dx-1', 'vpn-a', 'vpn-b'] as const;
type Word = 'alive' | 'dead' | 'unknown';

/** A cloud that does at once what it is told, and a store that keeps what it is given. */
const perfect = (policy: Policy = usual) => {
  const target = (link: string) => linkTargets(site).find(({ name }) => name === link)!.target!;
  const tables = new Map(
    policy.routes.map(({ table }): [string, RouteTable] => [
      table,
      {
        id: table,
        name: undefined,
        propagatingVgws: [],
        routes: [{ destination: NET, target: target('dx-1'), origin: 'static', state: 'active' }],
      },
    ]),
  );
  let journal: Journal = EMPTY_JOURNAL;
  let state: State = initialState();
  let results: ActionResult[] = [];
  let now = 1_000;
  const sent: Action[] = [];
  const round = (words: Readonly<Record<string, Word>>, over: Partial<Observation> = {}): readonly Action[] => {
    now += 100;
    const verdicts = new Map(
      Object.entries(words).map(([link, word]): [string, PathVerdict] => [
        link,
        {
          link,
          state: word,
          suspicion: word === 'dead' ? 1 : 0,
          lastReplyAt: word === 'alive' ? now - 20 : 0,
          why: word,
        },
      ]),
    );
    const decision = decide(policy, now, state, {
      verdicts,
      canary: true,
      lease: { epoch: 1, renewal: now, until: now + 1_000 },
      journal,
      pins: new Map(),
      results,
      ...over,
    });
    state = decision.state;
    results = decision.actions.map((action): ActionResult => {
      if (action.kind === 'read')
        return { id: action.id, outcome: 'done', tables: action.tables.map((id) => tables.get(id)!) };
      if (action.kind === 'record') journal = action.journal;
      if (action.kind === 'create' || action.kind === 'replace')
        tables.set(action.table, {
          ...tables.get(action.table)!,
          routes: [{ destination: NET, target: action.target!, origin: 'static', state: 'active' }],
        });
      if (action.kind === 'inspect') return { id: action.id, outcome: 'done', instances: [] };
      return { id: action.id, outcome: 'done' };
    });
    sent.push(...decision.actions);
    return decision.actions;
  };
  const settle = (words: Readonly<Record<string, Word>>, rounds = 20) => {
    for (let count = 0; count < rounds; count += 1) round(words);
  };
  const at = (table: string) =>
    linkTargets(site).find((link) => link.target?.id === tables.get(table)!.routes[0]!.target.id)!.name;
  return {
    round,
    settle,
    at,
    sent,
    alerts: () => sent.filter(({ kind }) => kind === 'alert'),
    writes: () => sent.filter(({ kind }) => kind === 'replace' || kind === 'create' || kind === 'delete'),
  };
};

const ALL: Readonly<Record<string, Word>> = { 'dx-1': 'alive', 'vpn-a': 'alive', 'vpn-b': 'alive' };
const [first, second] = usual.routes.map(({ table }) => table) as [string, string];

describe('one decision', () => {
  it('leaves a dead path within two rounds, each table by its own order, under one incident', () => {
    const world = perfect();
    world.settle(ALL);
    world.round({ ...ALL, 'dx-1': 'dead' });
    world.round({ ...ALL, 'dx-1': 'dead' });
    expect(world.writes().map((action) => ({ ...action, notAfter: 0, id: 0 }))).toMatchObject([
      {
        kind: 'replace',
        table: first,
        from: 'dx-1',
        to: 'vpn-a',
        incident: 'dx-1-1-1',
        because: 'dx-1 is down (dead)',
      },
      {
        kind: 'replace',
        table: second,
        from: 'dx-1',
        to: 'vpn-b',
        incident: 'dx-1-1-1',
        because: 'dx-1 is down (dead)',
      },
    ]);
    world.settle({ ...ALL, 'dx-1': 'dead' });
    expect(world.alerts()).toHaveLength(2);
  });

  it('waits out the hold-down before it returns, and doubles it after a relapse', () => {
    const world = perfect();
    const roundsToReturn = () => {
      world.settle({ ...ALL, 'dx-1': 'dead' }, 30);
      expect(world.at(first)).toBe('vpn-a');
      let rounds = 0;
      while (world.at(first) !== 'dx-1') world.round(ALL, {}), (rounds += 1);
      return rounds * 100;
    };
    world.settle(ALL);
    const holds = [roundsToReturn(), roundsToReturn(), roundsToReturn()];
    holds.forEach((ms, index) => expect(ms / (DEFAULT_TIMING.holdFirstMs * 2 ** index)).toBeCloseTo(1, 1));
  });

  it.each([
    ['no lease', { lease: undefined }],
    ['a lease that has run out', { lease: { epoch: 1, renewal: 9e9, until: 0 } }],
    ['a silent way out', { canary: false }],
    [
      'a pin',
      {
        pins: new Map([
          [first, 'dx-1'],
          [second, 'dx-1'],
        ]),
      },
    ],
  ] as const)('%s: nothing is written', (_what, over) => {
    const world = perfect();
    world.settle(ALL);
    for (let count = 0; count < 50; count += 1) world.round({ ...ALL, 'dx-1': 'dead' }, over);
    expect(world.writes()).toEqual([]);
  });

  it('a gateway whose tunnel is silent is healed; one that answers again, and only earns its way back, is not', () => {
    const healed = (answering: boolean) => {
      const world = perfect();
      world.settle(ALL);
      for (let count = 0; count < 300; count += 1) {
        const verdict = (now: number): PathVerdict => ({
          link: 'vpn-a',
          state: 'dead',
          suspicion: 1,
          lastReplyAt: answering ? now : 0,
          why: 'dead',
        });
        world.round(
          { ...ALL, 'vpn-a': 'dead' },
          {
            verdicts: new Map([
              ...LINKS.map((link): [string, PathVerdict] => [
                link,
                { ...verdict(1_000 + 100 * (count + 21)), link, state: 'alive', suspicion: 0 },
              ]),
              ['vpn-a', verdict(1_000 + 100 * (count + 21))],
            ]),
          },
        );
      }
      return world.sent.some((action) => action.kind === 'record' && Object.keys(action.journal.heals).length > 0);
    };
    expect([healed(false), healed(true)]).toEqual([true, false]);
  });

  it('a gateway is not healed for a tunnel that waits while the other one of its router is up, nor while it changes', () => {
    const one = policyOf({
      ...site,
      onprem: { ...site.onprem, routers: [{ ...site.onprem.routers[0]!, dialect: 'asa-8.3' }] },
      tunnels: site.tunnels.map((tunnel) => ({ ...tunnel, router: 'rtr-1' })),
    });
    expect(one.single).toEqual([['vpn-a', 'vpn-b']]);
    const heals = (policy: Policy, first: Word, rounds: number): boolean => {
      const world = perfect(policy);
      world.settle(ALL);
      for (let count = 0; count < rounds; count += 1) {
        const verdicts = new Map(
          LINKS.map((link): [string, PathVerdict] => {
            const state = link === 'vpn-b' ? 'dead' : link === 'vpn-a' ? first : 'alive';
            return [link, { link, state, suspicion: 0, lastReplyAt: 0, why: state }];
          }),
        );
        world.round(ALL, { verdicts: markWaiting(verdicts, policy.single) });
      }
      return world.sent.some((action) => action.kind === 'record' && Object.keys(action.journal.heals).length > 0);
    };
    expect(heals(usual, 'alive', 300)).toBe(true);
    expect([heals(one, 'alive', 300), heals(one, 'dead', 300)]).toEqual([false, false]);
  });

  it('everything down: no write, one alert', () => {
    const world = perfect();
    world.settle(ALL);
    world.settle({ 'dx-1': 'dead', 'vpn-a': 'dead', 'vpn-b': 'dead' }, 300);
    expect(world.writes()).toEqual([]);
    expect(world.alerts()).toMatchObject([{ alert: { kind: 'dark' } }]);
  });
});

it('comes to rest where a dumb twin would be, and writes nothing more', () => {
  const words = fc.record({
    'dx-1': fc.constantFrom<Word>('alive', 'dead'),
    'vpn-a': fc.constantFrom<Word>('alive', 'dead'),
    'vpn-b': fc.constantFrom<Word>('alive', 'dead'),
  });
  fc.assert(
    fc.property(fc.array(words, { minLength: 1, maxLength: 3 }), (history) => {
      const world = perfect();
      world.settle(ALL);
      for (const one of history) world.settle(one, 40);
      const last = history.at(-1)!;
      // The longest hold-down these few relapses can earn, and then some.
      world.settle(last, 1_400);
      const before = world.writes().length;
      world.settle(last, 100);
      expect(world.writes()).toHaveLength(before);
      for (const { table, order } of usual.routes) {
        const best = order.find((link) => last[link as (typeof LINKS)[number]] === 'alive');
        if (best !== undefined) expect(world.at(table)).toBe(best);
      }
    }),
    { numRuns: 40 },
  );
});
