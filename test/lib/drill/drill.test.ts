import { describe, expect, it, test } from 'vitest';
import type { MonitorEvent } from '../../../src/lib/monitor/events.ts';
import { casesOf } from '../../../src/lib/drill/cases.ts';
import { judge, type Seen } from '../../../src/lib/drill/judge.ts';
import { pageOf } from '../../../src/lib/drill/page.ts';
import { seededRandom } from '../../../src/lib/drill/suite.ts';
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
      'link-down', 'blackhole', 'blackhole-one-way', 'loss', 'loss-one-way', 'esp', 'udp4500', 'pmtu', 'gateway-killed', 'gateway-hung', 'charon-stopped', 'wrong-psk', 'bgp', 'flapping',
      'api-throttled', 'api-slow', 'api-stale', 'api-error', 'api-garbage', 'api-down', 'monitor-killed', 'monitor-frozen', 'everything-down', 'no-wolf',
    ];
    expect(wanted.filter((group) => !groups.has(group))).toEqual([]);
  });

  test('every cut is one that the lab can make', () => {
    const topology = topologyOf(site, 'x', 0);
    const cuts = cases.flatMap(({ standing, faults }) => [...standing, ...faults]).flatMap((fault) => (fault.kind === 'cut' ? [fault.cut] : []));
    expect(cuts.length).toBeGreaterThan(40);
    for (const spec of cuts) expect(() => planCut(topology, spec)).not.toThrow();
  });

  test('none for a site without a second way', () => {
    expect(casesOf({ ...site, route_tables: site.route_tables.map((table) => ({ ...table, links: ['dx-1'] })) })).toEqual([]);
  });
});

const blackhole = cases.find(({ name }) => name === 'dx-1/blackhole/out')!;
const quiet = cases.find(({ name }) => name === 'vpn-a/standby')!;
const BEFORE = { 'private-1': 'dx-1', 'private-2': 'dx-1' };
const AFTER = { 'private-1': 'vpn-a', 'private-2': 'vpn-b' };
const [one, two] = site.route_tables.map(({ id }) => id) as [string, string];
const NAMES = new Map(site.route_tables.map(({ id, name }) => [id, name]));
const move = (at: number, table: string, to: string): MonitorEvent => ({ kind: 'move', at, incident: 'x', table, destination: '10.10.0.0/16', from: 'dx-1', to, outcome: 'done', because: 'dead', detectMs: 150, apiMs: 5, verifyMs: 4 });
const alert = (at: number, id: string): MonitorEvent => ({ kind: 'alert', at, alert: { id, incident: 'x', kind: 'moved', subject: one, from: 'dx-1', to: 'vpn-a', because: 'dead' } });
const good: Seen = {
  faultAt: 1_000, endAt: 2_000, settledAt: 1_180, positions: AFTER, longestGapMs: 170, gaps: [{ from: 1_000, ms: 170 }], streamFrom: 500, streamTo: 2_000, exitCode: 0,
  events: [{ kind: 'verdict', at: 600, link: 'dx-1', from: 'unknown', to: 'alive', suspicion: 0, because: 'carries' }, { kind: 'verdict', at: 1_150, link: 'dx-1', from: 'alive', to: 'dead', suspicion: 1, because: 'no reply' }, move(1_170, one, 'vpn-a'), move(1_171, two, 'vpn-b'), alert(1_180, '1'), alert(1_181, '1')],
};

describe('judgement', () => {
  test('a case that holds, with its times and its timeline', () => {
    expect(judge(blackhole, 'fast', good, BEFORE, NAMES)).toMatchObject({
      passed: true, problems: [], gapMs: 170, reactMs: 180, detectMs: 150, apiMs: 5, verifyMs: 4, limitMs: 700, moves: 2, alerts: ['moved'],
      lanes: [
        { name: 'fault', stretches: [{ from: 0, to: 1_000 }] },
        { name: 'packets', stretches: [{ from: -500, to: 1_000 }, { from: 0, to: 170, tone: 'bad' }] },
        { name: 'dx-1', stretches: [{ from: -400, to: 150, label: 'alive' }, { from: 150, to: 1_000, label: 'dead' }] },
        { name: 'private-1', stretches: [{ from: -500, to: 166, label: 'dx-1' }, { from: 166, to: 1_000, label: 'vpn-a' }] },
        { name: 'private-2', stretches: [{ from: -500, to: 167, label: 'dx-1' }, { from: 167, to: 1_000, label: 'vpn-b' }] },
      ],
    });
  });

  it.each<[string, Partial<Seen>, RegExp]>([
    ['a table elsewhere', { positions: { ...AFTER, 'private-2': 'dx-1' } }, /^private-2 is on dx-1, not on vpn-b$/],
    ['a slow reaction', { settledAt: 1_900 }, /^took 900 ms, allowed are 700$/],
    ['a long gap', { longestGapMs: 900 }, /^no packet for 900 ms/],
    ['a silence without an end', { longestGapMs: Infinity }, /^no packet for Infinity ms/],
    ['no alert', { events: good.events.filter(({ kind }) => kind !== 'alert') }, /^no alert "moved" came$/],
    ['a monitor that crashed', { exitCode: null }, /^the monitor ended with a signal$/],
  ])('%s fails the case', (_, change, problem) => {
    const { passed, problems } = judge(blackhole, 'fast', { ...good, ...change }, BEFORE, NAMES);
    expect(passed).toBe(false);
    expect(problems).toEqual([expect.stringMatching(problem)]);
  });

  test('a route that swings with every flap fails the case', () => {
    const flapping = cases.find(({ name }) => name === 'dx-1/flapping')!;
    expect(judge(flapping, 'fast', { ...good, events: [...good.events, move(1_500, one, 'vpn-b')] }, BEFORE, NAMES).problems).toEqual(['3 moves, at most 2 are due']);
  });

  test('where nothing was to happen, a move fails the case', () => {
    expect(judge(quiet, 'fast', { ...good, positions: BEFORE, events: [] }, BEFORE, NAMES).problems).toEqual([]);
    expect(judge(quiet, 'fast', { ...good, positions: BEFORE, events: [move(1_500, one, 'vpn-a')] }, BEFORE, NAMES).problems).toEqual(['moved, and nothing was to move: dead']);
  });
});

test('the page escapes what it is told and asks nothing of anybody', () => {
  const result = judge(blackhole, 'fast', { ...good, positions: { 'private-1': '<b>"x"&' } }, BEFORE, NAMES);
  const page = pageOf({ lab: 'x', site: '</title><script>', profile: 'fast', seed: 1, startedAt: '2026-01-01T00:00:00.000Z', tookMs: 1, passed: 0, failed: 1, cases: [result] });
  expect(page).not.toMatch(/<script|<b>"|<link|src=|https?:|NaN|undefined/);
  expect(page).toContain('&#60;b&#62;&#34;x&#34;&#38;');
  expect(page).toContain('<details open>');
});

test('the same seed gives the same phases', () => {
  const [a, b, c] = [seededRandom(7), seededRandom(7), seededRandom(8)];
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
    ['drill dx-1 --profile seed', 'seed'],
    ['drill dx-1 --name Big', '--name'],
  ])('%s', async (line, named) => {
    const { exit, out, err } = await run(line);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toContain(named);
  });

  it('lists the cases of the ready example without a lab', async () => {
    const { exit, out } = await run('drill --list dx-1/blackhole');
    expect(exit).toBe(0);
    expect(out.split('\n').filter((text) => text.startsWith('dx-1/')).map((text) => text.split(' ')[0])).toEqual(['dx-1/blackhole/both', 'dx-1/blackhole/out', 'dx-1/blackhole/in']);
  });
});
