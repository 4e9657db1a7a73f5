import { describe, expect, test } from 'vitest';
import { ecsLine } from '../../src/lib/monitor/ecs.ts';
import { STORY, WRITER } from '../helpers/events.ts';
import { run } from '../helpers/run.ts';

const lines = STORY.map((event) => `${JSON.stringify(ecsLine(event, WRITER))}\n`);
const files = {
  'log/events.ndjson': lines.slice(5).join(''),
  'log/events.ndjson.1': `${lines.slice(0, 5).join('')}half a li\n`,
};
const LOG = '--log log/events.ndjson';

describe('route history', () => {
  test('for a person: times, figures and steps of every incident, rotated files too', async () => {
    const { exit, out, err } = await run(`route history ${LOG}`, { files });
    expect({ exit, err }).toEqual({ exit: 0, err: 'warning: 1 of 14 lines are damaged and were passed over\n' });
    await expect(out).toMatchFileSnapshot('../golden/monitor/history.txt');
  });

  test('as data', async () => {
    const ran = await run(`route history ${LOG} --json -q --incident 7-1`, { files });
    expect(ran.err).toBe('');
    expect(ran.json()).toMatchObject({
      damaged: 1,
      lines: 14,
      incidents: [
        {
          incident: '7-1',
          moves: [{ detectMs: 620.4, apiMs: 110, verifyMs: 95, because: 'dx-1: no reply for 620 ms' }],
        },
      ],
    });
  });

  test.each([
    ['--since 2026-01-31T08:05Z', ['7-4']],
    ['--since 2026-01-31', ['7-1', '7-3', '7-4']],
    ['--since 5w', ['7-1', '7-3', '7-4']],
    ['--table rtb-00000000', []],
    ['--link vpn-1', ['7-1', '7-4']],
  ])('%s', async (flags, expected) => {
    const ran = await run(`route history ${LOG} --json ${flags}`, { files });
    expect(ran.json().incidents.map((one: { incident: string }) => one.incident)).toEqual(expected);
  });

  test.each([
    ['--since yesterday', '--since'],
    ['--since 2026-13-45', '--since'],
    ['--log nowhere.ndjson', 'nowhere.ndjson'],
  ])("%s is the caller's mistake", async (flags, field) => {
    const { exit, err } = await run(`route history ${LOG} ${flags} --json`, { files });
    expect({ exit, field: JSON.parse(err).error.field }).toEqual({ exit: 2, field });
  });

  test('what stands in the log steers no terminal', async () => {
    const evil = JSON.stringify(
      ecsLine(
        {
          kind: 'verdict',
          at: 0,
          link: '\u001b[2Jdx',
          from: 'alive',
          to: 'dead',
          suspicion: 1,
          because: '\u009b31m',
          incident: '\u001b]0;x',
        },
        WRITER,
      ),
    );
    const { out } = await run('route history --log evil', { files: { evil } });
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(out).toContain('dx');
  });
});
