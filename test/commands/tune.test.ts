import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/lib/core/errors.ts';
import { fixture } from '../helpers/cloud.ts';
import { run as runLine } from '../helpers/run.ts';

const SITE = fixture('lab');
const run = (line: string, site = SITE) => runLine(`route tune ${line}`, { files: { 'hybridctl.yaml': site } });

describe('route tune', () => {
  it('prints the whole table', async () => {
    const ran = await run('');
    expect(ran).toMatchObject({ exit: EXIT.ok, err: '' });
    expect(ran.out).toMatchInlineSnapshot(`
      "detector default: a probe every 100 ms; times are p50 / p99

      LINK   RTT    LOSS  BLACKHOLE        50 % LOST        30 % LOST      PMTU HOLE        FALSE/YR  DETECT + API + VERIFY
      dx-1   30 ms  5 %   0.74 s / 0.79 s  2.54 s / 4.65 s  5.42 s / 12 s  1.19 s / 1.68 s  0.571     0.79 s + 0.40 s + 0.40 s = 1.59 s
      vpn-a  30 ms  5 %   0.74 s / 0.79 s  2.54 s / 4.65 s  5.42 s / 12 s  1.19 s / 1.68 s  0.571     0.79 s + 0.40 s + 0.40 s = 1.59 s
      vpn-b  30 ms  5 %   0.74 s / 0.79 s  2.54 s / 4.65 s  5.42 s / 12 s  1.19 s / 1.68 s  0.571     0.79 s + 0.40 s + 0.40 s = 1.59 s

      both ways (worst case of a blackhole): the cloud's half, and the office's as its router finds the link dead

      LINK   CLOUD   OFFICE            ROUTER  GOES BY       BOTH WAYS  BOUND BY
      dx-1   1.19 s  0.60 s to 0.90 s  rtr-1   BFD           1.19 s     cloud
      vpn-a  1.19 s  0.70 s to 0.80 s  rtr-1   tunnel watch  1.19 s     cloud
      vpn-b  1.19 s  0.70 s to 0.80 s  rtr-2   tunnel watch  1.19 s     cloud

      a dead tunnel's routes leave the boxes at its ends (tunnel watch) within
        vpn1: 0.70 s to 0.80 s, on rtr-1
        vpn2: 0.70 s to 0.80 s, on rtr-2
      "
    `);
  });
  it('takes profile, round trip and loss from the flags', async () => {
    expect((await run('--detector fast --rtt 8ms --loss 1')).out).toMatchInlineSnapshot(`
      "detector fast: a probe every 20 ms; times are p50 / p99

      LINK   RTT   LOSS  BLACKHOLE        50 % LOST        30 % LOST        PMTU HOLE        FALSE/YR  DETECT + API + VERIFY
      dx-1   8 ms  1 %   0.11 s / 0.12 s  0.37 s / 0.99 s  1.18 s / 2.63 s  0.60 s / 1.09 s  0.197     0.12 s + 0.40 s + 0.40 s = 0.92 s
      vpn-a  8 ms  1 %   0.11 s / 0.12 s  0.37 s / 0.99 s  1.18 s / 2.63 s  0.60 s / 1.09 s  0.197     0.12 s + 0.40 s + 0.40 s = 0.92 s
      vpn-b  8 ms  1 %   0.11 s / 0.12 s  0.37 s / 0.99 s  1.18 s / 2.63 s  0.60 s / 1.09 s  0.197     0.12 s + 0.40 s + 0.40 s = 0.92 s

      both ways (worst case of a blackhole): the cloud's half, and the office's as its router finds the link dead

      LINK   CLOUD   OFFICE            ROUTER  GOES BY       BOTH WAYS  BOUND BY
      dx-1   0.52 s  0.60 s to 0.90 s  rtr-1   BFD           0.90 s     office
      vpn-a  0.52 s  0.10 s to 0.12 s  rtr-1   tunnel watch  0.52 s     cloud
      vpn-b  0.52 s  0.10 s to 0.12 s  rtr-2   tunnel watch  0.52 s     cloud

      a dead tunnel's routes leave the boxes at its ends (tunnel watch) within
        vpn1: 0.10 s to 0.12 s, on rtr-1
        vpn2: 0.10 s to 0.12 s, on rtr-2
      "
    `);
  });

  it('shows what the field document does, and does not hold it to a budget that nobody asked for', async () => {
    const ran = await run('--detector legacy');
    expect(ran.exit).toBe(EXIT.ok);
    expect(ran.out).toMatchInlineSnapshot(`
      "detector legacy: a probe every 1000 ms; times are p50 / p99

      LINK   RTT    LOSS  BLACKHOLE        50 % LOST     30 % LOST      PMTU HOLE  FALSE/YR  DETECT + API + VERIFY
      dx-1   30 ms  5 %   5.00 s / 6.96 s  24 s / 141 s  104 s / 676 s  never      986       6.96 s + 0.40 s + 0.40 s = 7.76 s
      vpn-a  30 ms  5 %   5.00 s / 6.96 s  24 s / 141 s  104 s / 676 s  never      986       6.96 s + 0.40 s + 0.40 s = 7.76 s
      vpn-b  30 ms  5 %   5.00 s / 6.96 s  24 s / 141 s  104 s / 676 s  never      986       6.96 s + 0.40 s + 0.40 s = 7.76 s

      both ways (worst case of a blackhole): the cloud's half, and the office's as its router finds the link dead

      LINK   CLOUD   OFFICE            ROUTER  GOES BY       BOTH WAYS  BOUND BY
      dx-1   7.36 s  0.60 s to 0.90 s  rtr-1   BFD           7.36 s     cloud
      vpn-a  7.36 s  6.00 s to 7.00 s  rtr-1   tunnel watch  7.36 s     cloud
      vpn-b  7.36 s  6.00 s to 7.00 s  rtr-2   tunnel watch  7.36 s     cloud

      a dead tunnel's routes leave the boxes at its ends (tunnel watch) within
        vpn1: 6.00 s to 7.00 s, on rtr-1
        vpn2: 6.00 s to 7.00 s, on rtr-2
      "
    `);
  });

  it('takes them from the site file where no flag says more', async () => {
    const site = `${SITE.replace(
      'tunnel: vpn1 }',
      'tunnel: vpn1, probe: { targets: [10.10.0.1, 10.10.0.9], rtt_ms: 180, loss_percent: 0.5 } }',
    )}monitor: { profile: fast, budget: 10 }\n`;
    const { profile, budget, links } = (await run('--json', site)).json();
    expect([profile, budget]).toEqual(['fast', 10]);
    expect(links.map((link: any) => [link.link, link.rttMs, link.loss, link.deadlineMs])).toEqual([
      ['dx-1', 30, 0.05, 90],
      ['vpn-a', 180, 0.005, 540],
      ['vpn-b', 30, 0.05, 90],
    ]);
    expect((await run('--json --rtt 3ms --detector default --budget 2', site)).json()).toMatchObject({
      profile: 'default',
      budget: 2,
      links: [{ rttMs: 3 }, { rttMs: 3 }, { rttMs: 3 }],
    });
  });

  it('has one shape under --json, never is null, and prints the same bytes again', async () => {
    const first = await run('--json --detector legacy');
    expect(first.json().links[0]).toEqual({
      link: 'dx-1',
      kind: 'dx',
      rttMs: 30,
      loss: 0.05,
      deadlineMs: 1_000,
      blackhole: { p50Ms: 5_000, p99Ms: 6_960 },
      half: { p50Ms: 23_805, p99Ms: 141_017 },
      gray: { p50Ms: 104_308, p99Ms: 676_005 },
      pmtu: { p50Ms: null, p99Ms: null },
      falseAYear: 986,
      timeBudget: { detectMs: 6_960, apiMs: 400, verifyMs: 400, totalMs: 7_760 },
      office: { router: 'rtr-1', by: 'bfd', leastMs: 600, mostMs: 900 },
      bothWays: { ms: 7_360, boundBy: 'cloud' },
    });
    expect((await run('--json --detector legacy')).out).toBe(first.out);
    expect((await run('--json')).json().links.every((link: any) => link.falseAYear <= 1)).toBe(true);
  });

  it.each([
    [
      '--target-detect 500ms',
      "hybridctl: --target-detect: dx-1 can't be found dead within 500 ms: detector default needs 789 ms (p99) at 30 ms RTT and 5 % loss\n  next: set --detector fast, which needs 250 ms\n",
    ],
    [
      '--target-detect 100ms --rtt 200ms',
      "hybridctl: --target-detect: dx-1 can't be found dead within 100 ms: detector default needs 1299 ms (p99) at 200 ms RTT and 5 % loss\n  next: allow at least 1299 ms, or a shorter path: each probe is waited for 600 ms\n",
    ],
    ['--loss 20', 'next: repair the path first: up to 10 % random loss the budget is kept\n'],
    [
      '--detector legacy --budget 5',
      'hybridctl: --budget: dx-1 would fail over 986 times a year for nothing at 5 % random loss, not 5\n  next: set --detector default\n',
    ],
  ])('exits 1 with one line and what would help: %s', async (flags, err) => {
    expect(await run(flags)).toMatchObject({ exit: EXIT.failed, out: '', err: expect.stringContaining(err) });
  });

  it('is content with a target that the path supports', async () => {
    expect((await run('--target-detect 1s --budget 0.1')).exit).toBe(EXIT.ok);
  });

  it.each([
    '--rtt x',
    '--rtt 0ms',
    '--rtt 1e3ms',
    '--loss 51',
    '--loss -1',
    '--budget 0',
    '--target-detect 0ms',
    '--api 0s',
    '--detector quick',
  ])('refuses %s with exit 2', async (flags) => {
    expect(await run(flags)).toMatchObject({ exit: EXIT.usage, out: '' });
  });

  it.each([
    ['--rtt 8', '--rtt: 8 has no unit: write 8ms'],
    ['--target-detect 500', '--target-detect: 500 has no unit: write 500ms'],
    ['--profile fast', '--detector'],
  ])('answers the old %s with the spelling of today', async (flags, err) => {
    expect(await run(flags)).toMatchObject({ exit: EXIT.usage, out: '', err: expect.stringContaining(err) });
  });

  it('names the field of a bad probe or monitor block', async () => {
    const bad = (probe: string) => run('', SITE.replace('tunnel: vpn1 }', `tunnel: vpn1, probe: ${probe} }`));
    expect(await bad('{ targets: [10.10.0.1], kind: tcp }')).toMatchObject({
      exit: EXIT.usage,
      err: expect.stringContaining('is needed for tcp probes'),
    });
    expect(await bad('{ targets: [10.10.0.1], port: 7 }')).toMatchObject({
      exit: EXIT.usage,
      err: expect.stringContaining('is for tcp and udp: leave it out'),
    });
    expect(await bad('{ targets: [] }')).toMatchObject({
      exit: EXIT.usage,
      err: expect.stringContaining('probe.targets'),
    });
    expect(await run('', `${SITE}monitor: { budget: 0 }\n`)).toMatchObject({
      exit: EXIT.usage,
      err: expect.stringContaining('monitor.budget'),
    });
  });
});
