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
      "profile default: a probe every 100 ms; times are p50 / p99

      LINK   RTT    LOSS  BLACKHOLE        50 % LOST        30 % LOST      PMTU HOLE        FALSE/YR  DETECT + API + VERIFY
      dx-1   30 ms  5 %   0.74 s / 0.79 s  2.49 s / 4.57 s  5.33 s / 12 s  1.19 s / 1.68 s  0.658     0.79 s + 0.40 s + 0.40 s = 1.59 s
      vpn-a  30 ms  5 %   0.74 s / 0.79 s  2.49 s / 4.57 s  5.33 s / 12 s  1.19 s / 1.68 s  0.658     0.79 s + 0.40 s + 0.40 s = 1.59 s
      vpn-b  30 ms  5 %   0.74 s / 0.79 s  2.49 s / 4.57 s  5.33 s / 12 s  1.19 s / 1.68 s  0.658     0.79 s + 0.40 s + 0.40 s = 1.59 s
      "
    `);
  });
  it('fast', async () => {
    expect((await run('--profile fast --rtt 8 --loss 1')).out).toMatchInlineSnapshot(`
      "profile fast: a probe every 20 ms; times are p50 / p99

      LINK   RTT   LOSS  BLACKHOLE        50 % LOST        30 % LOST        PMTU HOLE        FALSE/YR  DETECT + API + VERIFY
      dx-1   8 ms  1 %   0.11 s / 0.12 s  0.37 s / 0.99 s  1.17 s / 2.60 s  0.58 s / 1.07 s  0.506     0.12 s + 0.40 s + 0.40 s = 0.92 s
      vpn-a  8 ms  1 %   0.11 s / 0.12 s  0.37 s / 0.99 s  1.17 s / 2.60 s  0.58 s / 1.07 s  0.506     0.12 s + 0.40 s + 0.40 s = 0.92 s
      vpn-b  8 ms  1 %   0.11 s / 0.12 s  0.37 s / 0.99 s  1.17 s / 2.60 s  0.58 s / 1.07 s  0.506     0.12 s + 0.40 s + 0.40 s = 0.92 s
      "
    `);
    expect((await run('--profile seed')).out).toMatchInlineSnapshot(`
      "profile seed: a probe every 1000 ms; times are p50 / p99

      LINK   RTT    LOSS  BLACKHOLE        50 % LOST     30 % LOST      PMTU HOLE  FALSE/YR  DETECT + API + VERIFY
      dx-1   30 ms  5 %   5.00 s / 6.96 s  24 s / 141 s  104 s / 676 s  never      986       6.96 s + 0.40 s + 0.40 s = 7.76 s
      vpn-a  30 ms  5 %   5.00 s / 6.96 s  24 s / 141 s  104 s / 676 s  never      986       6.96 s + 0.40 s + 0.40 s = 7.76 s
      vpn-b  30 ms  5 %   5.00 s / 6.96 s  24 s / 141 s  104 s / 676 s  never      986       6.96 s + 0.40 s + 0.40 s = 7.76 s
      "
    `);
  });
});
