import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { files } from '../../src/lib/adapters/files.ts';
import { outlets } from '../../src/lib/adapters/records/outlets.ts';
import { ecsLine } from '../../src/lib/monitor/ecs.ts';
import type { LoggedEvent } from '../../src/lib/monitor/events.ts';
import { fixture } from '../helpers/cloud.ts';
import { alert, MORNING, move, STORY, WRITER } from '../helpers/events.ts';
import { run as runLine } from '../helpers/run.ts';
import { startServices } from '../helpers/services.ts';

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

const HOUR = 3_600_000;
const at = (event: LoggedEvent, ms: number): LoggedEvent => ({ ...event, at: ms });
const lines = (events: readonly LoggedEvent[], site: string): string =>
  events.map((event) => `${JSON.stringify(ecsLine(event, { ...WRITER, site }))}\n`).join('');
const moved = (from: string, to: string, ms: number): LoggedEvent => at({ ...move(), from, to } as LoggedEvent, ms);

/** Two sites' logs; the first one's older half is in a rotated file, and one line of it is torn. */
const start = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hybridctl-log-'));
  folders.push(folder);
  writeFileSync(join(folder, 'hybridctl.yaml'), fixture('lab'));
  writeFileSync(join(folder, 'key'), 'a2V5OnNlY3JldA==\n', { mode: 0o600 });
  writeFileSync(join(folder, 'demo.events.ndjson.1'), `${lines([moved('dx-1', 'vpn-a', MORNING)], 'demo')}{"torn\n`);
  writeFileSync(
    join(folder, 'demo.events.ndjson'),
    lines(
      [
        moved('vpn-a', 'vpn-b', MORNING + HOUR),
        at(alert('a-1') as LoggedEvent, MORNING + 2 * HOUR),
        moved('vpn-b', 'dx-1', MORNING + 3 * HOUR),
      ],
      'demo',
    ),
  );
  writeFileSync(join(folder, 'other.ndjson'), lines([moved('dx-10', 'vpn-a', MORNING + HOUR + 1)], 'other'));
  const services = await startServices();
  const both = `--log ${folder}/demo.events.ndjson --log ${folder}/other.ndjson`;
  const clock = {
    now: () => Date.now(),
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, Math.min(ms, 20))),
  };
  const run = (line: string) =>
    runLine(`events ${line} --state-dir ${folder}`, {
      ports: { files, cwd: folder, outlets: async () => outlets, clock },
    });
  const found = async (line: string) =>
    (await run(`log ${line} --json`))
      .json()
      .events.map((event: { '@timestamp': string; labels: Record<string, string> }) => [
        event.labels['site'],
        Math.round((Date.parse(event['@timestamp']) - MORNING) / HOUR),
        event.labels['to'],
      ]);
  return { folder, services, both, run, found };
};

const ALL = [
  ['demo', 0, 'vpn-a'],
  ['demo', 1, 'vpn-b'],
  ['other', 1, 'vpn-a'],
  ['demo', 2, expect.any(String)],
  ['demo', 3, 'dx-1'],
];
const iso = (hours: number): string => new Date(MORNING + hours * HOUR).toISOString().replace('.000', '');
const CASES: readonly (readonly [string, readonly number[]])[] = [
  ['', [0, 1, 2, 3, 4]],
  ['--in-site demo', [0, 1, 3, 4]],
  ['--kind move', [0, 1, 2, 4]],
  ['--kind alert --kind pin', [3]],
  ['--dx dx-1', [0, 3, 4]],
  ['--vpn vpn-b', [1, 4]],
  ['--dx dx-10', [2]],
  ['--kind move --vpn vpn-a --in-site demo', [0, 1]],
  [`--since ${iso(1)} --until ${iso(3)} --kind move`, [1, 2]],
  ['--table nothing', []],
  ['--last 1', [4]],
];

describe('events log', () => {
  test.each(CASES)('files: %s', async (flags, wanted) => {
    const { found, both } = await start();
    expect(await found(`${both} ${flags}`)).toEqual(wanted.map((index) => ALL[index]));
  });

  test('Elasticsearch finds the same: the whole way by ship and search', async () => {
    const { found, both, run, services } = await start();
    expect((await run(`ship ${both} --elasticsearch ${services.url} --api-key-file key`)).exit).toBe(0);
    for (const [flags, wanted] of CASES)
      expect([flags, await found(`--elasticsearch ${services.url} ${flags}`)]).toEqual([
        flags,
        wanted.map((index) => ALL[index]),
      ]);
    expect([...services.authorizations]).toEqual(['ApiKey a2V5OnNlY3JldA==']);
  });

  test("--dx alone means the site's own links; people see a table", async () => {
    const { run } = await start();
    const { out, err } = await run('log --dx');
    expect(out.split('\n').filter((line) => line.includes('demo'))).toHaveLength(3);
    expect(err).toContain('1 of 5 lines are damaged');
    expect((await run('log --vpn vpn-a --last 1')).out).toContain('showing the last 1; --last N shows more');
  });

  test.each([
    ['log --log nowhere.ndjson', 'nowhere.ndjson'],
    ['log --last 0', '--last'],
    ['log --since never', '--since'],
    ['log --elasticsearch', '--elasticsearch'],
    ['log --elasticsearch ftp://x', '--elasticsearch'],
    ['log --elasticsearch http://127.0.0.1:1 --index Upper', '--index'],
    ['ship --output x', '--output'],
    ['ship', '--elasticsearch'],
  ])('%s is refused', async (line, field) => {
    const { run } = await start();
    const { exit, err } = await run(line);
    expect([exit, err]).toEqual([2, expect.stringContaining(field)]);
  });
});

describe('events ship', () => {
  test.each(['half', 'throttled', 'lost', 'down'] as const)(
    '%s for a while: everything arrives, each once',
    async (mood) => {
      const { run, services, folder } = await start();
      services.mood = mood;
      setTimeout(() => void (services.mood = 'well'), 60);
      const { exit, out } = await run(`ship --elasticsearch ${services.url}`);
      expect([exit, out, services.documents.size]).toEqual([0, expect.stringContaining('4 events are at'), 4]);
      writeFileSync(join(folder, 'demo.events.ndjson'), lines(STORY, 'demo'), { flag: 'a' });
      await run(`ship --elasticsearch ${services.url}`);
      const size = services.documents.size;
      await run(`ship --elasticsearch ${services.url}`);
      expect([size > 4, services.documents.size]).toEqual([true, size]);
    },
  );

  test('what is refused for good is counted; an index that stays away is an error', async () => {
    const { run, services } = await start();
    services.mood = 'refuses';
    const refused = await run(`ship --elasticsearch ${services.url}`);
    expect([refused.exit, refused.out]).toEqual([1, expect.stringContaining('4 were refused for good')]);
    services.mood = 'garbage';
    const away = await run(`ship --elasticsearch ${services.url}`);
    expect([away.exit, away.err]).toEqual([1, expect.stringContaining("is not Elasticsearch's")]);
  });

  test("renders the field document's logstash.conf", async () => {
    const { run, folder } = await start();
    const { out } = await run(
      'ship --logstash --log /tmp/logstash.txt --elasticsearch http://search.example.com:9200 --index dci --api-key-file key',
    );
    await expect(out).toMatchFileSnapshot('../golden/events/logstash.conf');
    expect(
      (await run(`ship --logstash --elasticsearch http://search.example.com --output ${folder}/conf.d/logstash.conf`))
        .out,
    ).toContain('is written');
    expect((await run('ship --logstash --log "/tmp/a b" --elasticsearch http://search.example.com')).exit).toBe(2);
  });
});
