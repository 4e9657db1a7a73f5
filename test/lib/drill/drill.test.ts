import { describe, expect, it, test } from 'vitest';
import { clock } from '../../../src/lib/adapters/clock.ts';
import type { Ports } from '../../../src/lib/core/ports.ts';
import type { Lab } from '../../../src/lib/lab/state.ts';
import type { MonitorEvent } from '../../../src/lib/monitor/events.ts';
import { casesOf } from '../../../src/lib/drill/cases.ts';
import { judge, type Seen } from '../../../src/lib/drill/judge.ts';
import { pageOf } from '../../../src/lib/drill/page.ts';
import type { CaseResult, DrillReport } from '../../../src/lib/drill/types.ts';
import { seeded } from '../../../src/lib/domain/seeded.ts';
import { runnable, runSuite } from '../../../src/lib/drill/suite.ts';
import { EXAMPLES } from '../../../src/lib/site/examples.ts';
import { readDocument } from '../../../src/lib/site/document.ts';
import { planCut } from '../../../src/lib/lab/faults.ts';
import { topologyOf } from '../../../src/lib/lab/topology.ts';
import { run } from '../../helpers/run.ts';

const site = readDocument(EXAMPLES['lab']!).site!;
const cases = casesOf(site);

describe('cases', () => {
  test('at least forty, each with a name of its own and links that the site has', () => {
    expect(cases.length).toBeGreaterThanOrEqual(40);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    const links = new Set(site.links.map(({ name }) => name));
    expect(cases.flatMap(({ expects }) => Object.values(expects.at)).filter((link) => !links.has(link))).toEqual([]);
  });

  test('touch every class of fault', () => {
    const groups = new Set(cases.map(({ group }) => group));
    const wanted = [
      'link-down',
      'blackhole',
      'blackhole-one-way',
      'loss',
      'loss-one-way',
      'esp',
      'udp4500',
      'pmtu',
      'gateway-killed',
      'gateway-hung',
      'charon-stopped',
      'wrong-psk',
      'bgp',
      'flapping',
      'return',
      'healed',
      'api-throttled',
      'api-slow',
      'api-stale',
      'api-error',
      'api-garbage',
      'api-down',
      'monitor-killed',
      'monitor-frozen',
      'everything-down',
      'no-wolf',
    ];
    expect(wanted.filter((group) => !groups.has(group))).toEqual([]);
  });

  test("the 3-ping loop is not asked for what it can't find", () => {
    const left = cases.filter((one) => !runnable(cases, 'legacy').includes(one));
    expect([...new Set(left.map(({ expects }) => expects.signature))].sort()).toEqual(['half', 'large', 'third']);
    expect(left).toHaveLength(18);
    expect(runnable(cases, 'fast')).toEqual(cases);
    expect(runnable(cases, 'default')).toEqual(cases);
  });

  test('every cut is one that the lab can make', () => {
    const topology = topologyOf(site, 'x', 0);
    const cuts = cases
      .flatMap(({ standing, faults }) => [...standing, ...faults])
      .flatMap((fault) => (fault.kind === 'cut' ? [fault.cut] : []));
    expect(cuts.length).toBeGreaterThan(40);
    for (const spec of cuts) expect(() => planCut(topology, spec)).not.toThrow();
  });

  test('none for a site without a second way', () => {
    expect(
      casesOf({ ...site, route_tables: site.route_tables.map((table) => ({ ...table, links: ['dx-1'] })) }),
    ).toEqual([]);
  });
});

const blackhole = cases.find(({ name }) => name === 'dx-1/blackhole/out')!;
const quiet = cases.find(({ name }) => name === 'vpn-a/standby')!;
const BEFORE = { 'private-1': 'dx-1', 'private-2': 'dx-1' };
const AFTER = { 'private-1': 'vpn-a', 'private-2': 'vpn-b' };
const [one, two] = site.route_tables.map(({ id }) => id) as [string, string];
const NAMES = new Map(site.route_tables.map(({ id, name }) => [id, name]));
const move = (at: number, table: string, to: string): MonitorEvent => ({
  kind: 'move',
  at,
  incident: 'x',
  table,
  destination: '10.10.0.0/16',
  from: 'dx-1',
  to,
  outcome: 'done',
  because: 'dead',
  detectMs: 150,
  apiMs: 5,
  verifyMs: 4,
});
const alert = (at: number, id: string): MonitorEvent => ({
  kind: 'alert',
  at,
  alert: { id, incident: 'x', kind: 'moved', subject: one, from: 'dx-1', to: 'vpn-a', because: 'dead' },
});
const good: Seen = {
  faultAt: 1_000,
  endAt: 2_000,
  settledAt: 1_180,
  positions: AFTER,
  longestGapMs: 170,
  roundTripMs: 980,
  backMs: 810,
  pauseMs: 2,
  gaps: [{ from: 1_000, ms: 170 }],
  streamFrom: 500,
  streamTo: 2_000,
  exitCode: 0,
  lab: [],
  back: undefined,
  events: [
    { kind: 'verdict', at: 600, link: 'dx-1', from: 'unknown', to: 'alive', suspicion: 0, because: 'carries' },
    { kind: 'verdict', at: 1_150, link: 'dx-1', from: 'alive', to: 'dead', suspicion: 1, because: 'no reply' },
    move(1_170, one, 'vpn-a'),
    move(1_171, two, 'vpn-b'),
    alert(1_180, '1'),
    alert(1_181, '1'),
  ],
};

describe('judgement', () => {
  test('a case that holds, with its times and its timeline', () => {
    expect(judge(blackhole, 'fast', good, BEFORE, NAMES)).toMatchObject({
      passed: true,
      problems: [],
      roundTripMs: 980,
      gapMs: 170,
      backMs: 810,
      reactMs: 180,
      detectMs: 150,
      apiMs: 5,
      verifyMs: 4,
      limitMs: 700,
      moves: 2,
      alerts: ['moved'],
      lanes: [
        { name: 'fault', stretches: [{ from: 0, to: 1_000 }] },
        {
          name: 'packets',
          stretches: [
            { from: -500, to: 1_000 },
            { from: 0, to: 170, tone: 'bad' },
          ],
        },
        {
          name: 'dx-1',
          stretches: [
            { from: -400, to: 150, label: 'alive' },
            { from: 150, to: 1_000, label: 'dead' },
          ],
        },
        {
          name: 'private-1',
          stretches: [
            { from: -500, to: 166, label: 'dx-1' },
            { from: 166, to: 1_000, label: 'vpn-a' },
          ],
        },
        {
          name: 'private-2',
          stretches: [
            { from: -500, to: 167, label: 'dx-1' },
            { from: 167, to: 1_000, label: 'vpn-b' },
          ],
        },
      ],
    });
  });

  it.each<[string, Partial<Seen>, RegExp]>([
    ['a table elsewhere', { positions: { ...AFTER, 'private-2': 'dx-1' } }, /^private-2 is on dx-1, not on vpn-b$/],
    ['a slow reaction', { settledAt: 1_900 }, /^took 900 ms \(limit 700 ms\)$/],
    ['a long gap', { longestGapMs: 900 }, /^no packet for 900 ms/],
    ['a silence without an end', { longestGapMs: Infinity }, /^no packet for Infinity ms/],
    ['no alert', { events: good.events.filter(({ kind }) => kind !== 'alert') }, /^no alert "moved" came$/],
    ['a monitor that crashed', { exitCode: null }, /^the monitor ended with a signal$/],
  ])('%s fails the case', (_, change, problem) => {
    const { passed, problems } = judge(blackhole, 'fast', { ...good, ...change }, BEFORE, NAMES);
    expect(passed).toBe(false);
    expect(problems).toEqual([expect.stringMatching(problem)]);
  });

  const home = cases.find(({ name }) => name === 'dx-1/return')!;
  const verdict = (at: number): MonitorEvent => ({
    kind: 'verdict',
    at,
    link: 'dx-1',
    from: 'dead',
    to: 'alive',
    suspicion: 0,
    because: 'carries',
  });
  const returned = (at: number): readonly MonitorEvent[] =>
    [one, two].map(
      (table, index): MonitorEvent =>
        ({ ...move(at, table, 'dx-1'), from: index === 0 ? 'vpn-a' : 'vpn-b' }) as MonitorEvent,
    );
  const homeSeen: Seen = {
    ...good,
    endAt: 40_000,
    streamTo: 40_000,
    events: [...good.events, verdict(3_000), ...returned(33_010)],
    back: { from: 2_500, settledAt: 33_020, at: BEFORE, lost: 0 },
  };

  test('a return after the hold-down, once, without a hole', () => {
    expect(judge(home, 'fast', homeSeen, BEFORE, NAMES)).toMatchObject({
      passed: true,
      problems: [],
      returnMs: 30_520,
      gapMs: 170,
    });
  });

  it.each<[string, Partial<Seen>, readonly string[]]>([
    [
      'a return before the hold-down is over',
      { events: [...good.events, verdict(3_000), ...returned(23_000)] },
      [
        'private-1 returned 20000 ms after dx-1 was alive again, the hold-down is 30000',
        'private-2 returned 20000 ms after dx-1 was alive again, the hold-down is 30000',
      ],
    ],
    [
      'a table that stays away',
      { back: { ...homeSeen.back!, at: { ...BEFORE, 'private-2': 'vpn-b' } } },
      ['private-2 did not return: it is on vpn-b, not on dx-1'],
    ],
    [
      'a table that swings on its way',
      { events: [...homeSeen.events, ...returned(35_000)] },
      ['private-1 moved 2 times on the way back, one is due', 'private-2 moved 2 times on the way back, one is due'],
    ],
    [
      'a hole on the way',
      { back: { ...homeSeen.back!, lost: 40 } },
      ['40 packets were lost on the way back, where both paths were alive'],
    ],
  ])('%s fails the case', (_, change, problems) => {
    expect(judge(home, 'fast', { ...homeSeen, ...change }, BEFORE, NAMES).problems).toEqual(problems);
  });

  test('a case that failed tells what came before the fault, the calls, and what the lab did; one that passed only the story', () => {
    const api: MonitorEvent = { kind: 'api', at: 1_160, action: 'CreateRoute', outcome: 'done', ms: 5 };
    const seen: Seen = {
      ...good,
      events: [...good.events, api],
      lab: [{ at: 1_050, text: 'lab: propagated: nothing' }],
    };
    expect(judge(blackhole, 'fast', seen, BEFORE, NAMES).story.slice(0, 2)).toEqual([
      '50 ms  lab: propagated: nothing',
      '150 ms  dx-1: alive -> dead (no reply)',
    ]);
    expect(judge(blackhole, 'fast', { ...seen, settledAt: 1_900 }, BEFORE, NAMES).story.slice(0, 4)).toEqual([
      '-400 ms  dx-1: unknown -> alive (carries)',
      '50 ms  lab: propagated: nothing',
      '150 ms  dx-1: alive -> dead (no reply)',
      '160 ms  CreateRoute: done, 5 ms',
    ]);
  });

  test('its alerts name the table, not its id', () => {
    const alert = {
      id: '7-2',
      incident: '7-1',
      kind: 'moved',
      from: 'dx-1',
      to: 'vpn-a',
      because: 'no reply',
    } as const;
    const told: MonitorEvent = { kind: 'alert', at: 1_170, alert: { ...alert, subject: `${one}|10.10.0.0/16` } };
    expect(judge(blackhole, 'fast', { ...good, events: [...good.events, told] }, BEFORE, NAMES).story).toContain(
      `170 ms  ALERT ${NAMES.get(one)} 10.10.0.0/16 moved dx-1 -> vpn-a: no reply`,
    );
  });

  test('a route that swings with every flap fails the case', () => {
    const flapping = cases.find(({ name }) => name === 'dx-1/flapping')!;
    expect(
      judge(flapping, 'fast', { ...good, events: [...good.events, move(1_500, one, 'vpn-b')] }, BEFORE, NAMES).problems,
    ).toEqual(['3 moves, at most 2 are due']);
  });

  test.each([
    ['a quiet machine', 20, {}, [false, false]],
    ['the sender paused for a tenth of the limit', 70, {}, [false, true]],
    ['and all went well nevertheless', 70, { longestGapMs: 100, settledAt: 1_180 }, [true, false]],
    ['a monitor that crashed is no question of pace', 70, { exitCode: 1 }, [false, false]],
  ])('a case is measured again where the machine was too busy: %s', (_, pauseMs, more, wanted) => {
    const late = { ...good, longestGapMs: 900, settledAt: 1_900, pauseMs, ...more };
    const { passed, invalid } = judge(blackhole, 'fast', late, BEFORE, NAMES);
    expect([passed, invalid]).toEqual(wanted);
  });

  test('where nothing was to happen, a move fails the case', () => {
    expect(judge(quiet, 'fast', { ...good, positions: BEFORE, events: [] }, BEFORE, NAMES).problems).toEqual([]);
    expect(
      judge(quiet, 'fast', { ...good, positions: BEFORE, events: [move(1_500, one, 'vpn-a')] }, BEFORE, NAMES).problems,
    ).toEqual(['moved, and nothing was to move: dead']);
  });
});

describe('the page', () => {
  const report = {
    lab: 'x',
    site: 'demo',
    profile: 'fast',
    seed: 1,
    startedAt: '2026-01-01T00:00:00.000Z',
    tookMs: 1,
    passed: 0,
    failed: 1,
    invalid: 0,
    leftOut: [],
    amiss: [],
    cases: [],
  } as const satisfies DrillReport;

  test('escapes what it is told and asks nothing of anybody', () => {
    const hostile = '</title><script src="https://x">&';
    const result: CaseResult = {
      ...judge(
        blackhole,
        'fast',
        { ...good, positions: { 'private-1': hostile }, lab: [{ at: 1_001, text: hostile }] },
        BEFORE,
        NAMES,
      ),
      scene: [hostile],
    };
    const page = pageOf({
      ...report,
      site: hostile,
      leftOut: [{ name: hostile, why: hostile }],
      amiss: [hostile],
      cases: [result],
    });
    expect(page).not.toMatch(
      /<(script|link|img|iframe|object|form|base)|<[^>]+\s(src|href)="(?!#)|url\(|@import|NaN|undefined/,
    );
    expect(page.match(/&#60;script/g)).toHaveLength(8);
  });

  test('opens what failed, names it on top, and has a place of its own for every case', () => {
    const results = cases.map(
      (one, index): CaseResult => ({
        ...judge(blackhole, 'fast', good, BEFORE, NAMES),
        name: one.name,
        passed: index !== 7,
        problems: index === 7 ? ['it did not'] : [],
      }),
    );
    const page = pageOf({ ...report, cases: results });
    const ids = [...page.matchAll(/<details id="([^"]+)"( open)?>/g)].map(([, id, open]) => ({
      id,
      open: open !== undefined,
    }));
    expect(new Set(ids.map(({ id }) => id)).size).toBe(cases.length);
    expect([...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)).toEqual(
      ids.filter(({ open }) => open).map(({ id }) => id),
    );
    expect(page.match(/<svg /g)).toHaveLength(cases.length);
    expect(page).toMatch(/prefers-color-scheme:dark/);
  });
});

test('a lab that does not come back to order fails a case and the next one is tried, until it is plain that it never will', async () => {
  const lab = {
    record: { name: 'x', site, endpoint: 'http://127.0.0.1:9' },
    topology: topologyOf(site, 'x', 0),
  } as unknown as Lab;
  const heard: string[] = [];
  const ports = { clock, signal: new AbortController().signal } as unknown as Ports;
  const five = cases.slice(0, 5);
  const told = await runSuite(ports, lab, five, {
    profile: 'fast',
    seed: 1,
    onCase: ({ name, problems }, index) => heard.push(`${index} ${name}: ${problems.join()}`),
  });
  const why = "the lab's endpoint does not answer";
  expect(heard).toEqual(five.slice(0, 3).map(({ name }, index) => `${index} ${name}: ${why}`));
  expect(told).toMatchObject({
    passed: 0,
    failed: 3,
    amiss: [why],
    leftOut: five.slice(3).map(({ name }) => ({ name, why: 'not run: the lab did not come back to order 3 times' })),
  });
});

test('the same seed gives the same phases', () => {
  const [a, b, c] = [seeded(7), seeded(7), seeded(8)];
  const first = Array.from({ length: 5 }, a);
  expect(Array.from({ length: 5 }, b)).toEqual(first);
  expect(Array.from({ length: 5 }, c)).not.toEqual(first);
  expect(first.every((value) => value >= 0 && value < 1)).toBe(true);
});

describe('refusals that need no root', () => {
  it.each([
    ['drill', 'which case'],
    ['drill dx-1 --all', '--all'],
    ['drill --list nowhere', 'nowhere'],
    ['drill dx-1 --seed x', '--seed'],
    ['drill dx-1/pmtu --detector legacy', 'dx-1/pmtu/both'],
    ['drill dx-1 --detector slow', 'slow'],
    ['drill dx-1 --profile fast', '--detector'],
    ['drill dx-1 --name Big', '--name'],
  ])('%s', async (line, named) => {
    const { exit, out, err } = await run(line);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toContain(named);
  });

  it('lists the cases of the ready example without a lab', async () => {
    const { exit, out } = await run('drill --list dx-1/blackhole');
    expect(exit).toBe(0);
    expect(
      out
        .split('\n')
        .filter((text) => text.startsWith('dx-1/'))
        .map((text) => text.split(' ')[0]),
    ).toEqual(['dx-1/blackhole/both', 'dx-1/blackhole/out', 'dx-1/blackhole/in']);
  });
});
