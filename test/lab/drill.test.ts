import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DrillReport } from '../../src/lib/drill/types.ts';
import { nothing, traces, workshop, type Ended, type Workshop } from './lab.ts';

// One drill of one case from each class of fault, as a user would run it; `drill --all` has the other directions too.
const LAB = 'vtr';
const CASES = [
  'dx-1/down',
  'dx-1/blackhole/out',
  'dx-1/loss-50/in',
  'dx-1/pmtu/both',
  'dx-1/bgp',
  'dx-1/flapping',
  'vpn-a/esp/out',
  'vpn-a/udp4500/both',
  'gw-1/kill',
  'gw-1/hang',
  'gw-1/wrong-psk',
  'api/garbage',
  'api/drop-after',
  'monitor/killed/call',
  'all/blackhole',
];

let shop: Workshop;
let ended: Ended;
let report: DrillReport;

beforeAll(async () => {
  shop = await workshop();
  ended = await shop.run(['drill', ...CASES, '--name', LAB, '--report', 'drill.html', '--json']);
  if (!ended.out.startsWith('{')) throw new Error(ended.err);
  report = JSON.parse(ended.out) as DrillReport;
}, 400_000);

afterAll(async () => {
  await shop.run(['lab', 'down', '--name', LAB, '--yes']);
  await shop.remove();
}, 60_000);

describe('a drill of every class of fault', () => {
  it.each(CASES)('%s', (name) => {
    const found = report.cases.find((one) => one.name === name);
    expect({ passed: found?.passed, problems: found?.problems, story: found?.passed === true ? [] : found?.story }).toEqual({ passed: true, problems: [], story: [] });
  });

  it('says all is well by its exit code, and leaves nothing of the lab it built', async () => {
    expect(ended).toMatchObject({ exit: 0 });
    expect(await traces(LAB)).toEqual(nothing);
  });

  it('measures what a blackhole costs', () => {
    const { gapMs, detectMs, apiMs, moves, alerts } = report.cases.find(({ name }) => name === 'dx-1/blackhole/out')!;
    expect(gapMs).toBeGreaterThan(40);
    expect(gapMs).toBeGreaterThan(apiMs!);
    expect(detectMs).toBeGreaterThan(40);
    expect({ moves, alerts: alerts.length }).toEqual({ moves: 2, alerts: 2 });
  });

  it('writes one page that needs nothing from outside', async () => {
    const page = await readFile(join(shop.dir, 'drill.html'), 'utf8');
    expect(page.match(/<details/g)).toHaveLength(CASES.length);
    expect(page.match(/<svg /g)).toHaveLength(CASES.length);
    expect(page).not.toMatch(/<script|<link|<img|src=|https?:|url\(|@import/);
  });
});
