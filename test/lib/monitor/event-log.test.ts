import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lineLog } from '../../../src/lib/adapters/records/line-log.ts';
import { ecsLine } from '../../../src/lib/monitor/ecs.ts';
import { eventLog } from '../../../src/lib/monitor/event-log.ts';
import { historyOf } from '../../../src/lib/monitor/history.ts';
import { arbitraryLogged } from '../../helpers/arbitrary-event.ts';
import { health, MORNING, STORY, WRITER } from '../../helpers/events.ts';

describe('one event, one line', () => {
  test('any event is one line of JSON with the fields that a search goes by', () => {
    fc.assert(
      fc.property(arbitraryLogged, (event) => {
        const line = JSON.stringify(ecsLine(event, WRITER));
        expect(line).not.toMatch(/[\n\r]/);
        const read = JSON.parse(line);
        expect(Date.parse(read['@timestamp'])).toBe(event.at);
        expect(read.event).toMatchObject({
          kind: event.kind === 'alert' ? 'alert' : 'event',
          dataset: 'hybridctl.monitor',
        });
        expect(read.hybridctl.kind).toBe(event.kind);
        expect(Object.values(read.labels).every((value) => typeof value === 'string')).toBe(true);
        expect(historyOf([line])).toMatchObject({ lines: 1, damaged: 0 });
      }),
      { numRuns: 500 },
    );
  });
});

describe('in a file', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'hybridctl-events-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('as logstash, Elasticsearch and jq read it', async () => {
    const path = join(folder, 'events.ndjson');
    const sink = eventLog(
      { lineLog },
      { path, writer: WRITER, clock: { now: () => MORNING }, onTrouble: (message) => expect.fail(message) },
    );
    for (const event of STORY) sink.accept(event);
    sink.accept(health(MORNING));
    await sink.close();
    const text = readFileSync(path, 'utf8');
    await expect(text).toMatchFileSnapshot('../../golden/monitor/events.ndjson');
    const seen = execFileSync(
      'jq',
      [
        '-r',
        'select(.event.action == "route-move" and .event.outcome == "success") | [.trace.id, .labels.link, .event.duration] | @tsv',
        path,
      ],
      { encoding: 'utf8' },
    );
    expect(seen).toBe('7-1\tvpn-1\t825400000\n');
  });
});

describe('history', () => {
  const text = STORY.map((event) => `${JSON.stringify(ecsLine(event, WRITER))}\n`).join('');

  test('puts together what belongs together', () => {
    const { incidents, damaged } = historyOf([text]);
    expect(
      incidents.map(({ incident, links, moves, steps }) => ({
        incident,
        links,
        moves: moves.map(({ outcome, detectMs, apiMs, verifyMs }) => [outcome, detectMs, apiMs, verifyMs]),
        steps: steps.length,
      })),
    ).toEqual([
      { incident: '7-1', links: ['dx-1', 'vpn-1'], moves: [['done', 620.4, 110, 95]], steps: 2 },
      { incident: '7-3', links: [], moves: [], steps: 1 },
      { incident: '7-4', links: ['dx-1', 'vpn-1'], moves: [['race', null, 110, 95]], steps: 0 },
    ]);
    expect(damaged).toBe(0);
  });

  test.each([
    [{ since: MORNING + 60_001 }, ['7-4']],
    [{ link: 'dx-1' }, ['7-1', '7-4']],
    [{ link: 'dx-2' }, []],
    [{ table: 'rtb-0468f52220000000a' }, ['7-1', '7-4']],
    [{ incident: '7-3' }, ['7-3']],
  ])('%j', (selection, expected) => {
    expect(historyOf([text], selection).incidents.map(({ incident }) => incident)).toEqual(expected);
  });

  test('bytes turned at random: never a throw, every line counted, what is whole is found', () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ unit: 'binary', maxLength: 8 }), (place, junk) => {
        const { lines, damaged } = historyOf([text.slice(0, place) + junk + text.slice(place + junk.length)]);
        expect(lines - damaged).toBeGreaterThanOrEqual(STORY.length - 1 - junk.length);
      }),
      { numRuns: 300 },
    );
  });
});
