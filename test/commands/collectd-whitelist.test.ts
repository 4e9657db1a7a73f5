import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fakeCollectd } from '../fakes/collectd.ts';
import { run } from '../helpers/run.ts';

const blocked = readFileSync(new URL('../fixtures/collectd/blocked_metrics', import.meta.url), 'utf8');
const LEGACY = { blocked: blocked, 'whitelist.conf': 'memory--memory-.*\n' };
const on = (line: string, files: Record<string, string> = LEGACY) => run(`collectd ${line}`, { files });

describe('add and remove', () => {
  test('a set and a pattern, to a new file; what is there stays as it is', async () => {
    const first = await on('whitelist add memory load cpu-0-cpu-idle', {});
    expect(first).toMatchObject({ exit: 0, out: expect.stringContaining('whitelist.conf: 4 lines added') });
    expect(first.files['whitelist.conf']).toEqual({
      content: 'memory--memory-.*\nmemory--percent-.*\nload--load-.*\ncpu-0-cpu-idle\n',
      mode: 0o644,
    });
    const again = await on('whitelist add load df --json', { 'whitelist.conf': 'load--load-.*' });
    expect(again.json()).toEqual({
      version: 1,
      file: 'whitelist.conf',
      added: ['df-.*-(df_complex|percent_bytes)-.*'],
      kept: ['load--load-.*'],
      dryRun: false,
    });
    expect(again.files['whitelist.conf']!.content).toBe('load--load-.*\ndf-.*-(df_complex|percent_bytes)-.*\n');
  });
  test('--dry-run writes nothing', async () => {
    expect((await on('whitelist add load --dry-run')).files['whitelist.conf']!.content).toBe(LEGACY['whitelist.conf']);
    expect((await on('whitelist remove memory--memory-.* --dry-run')).files['whitelist.conf']!.content).toBe(
      LEGACY['whitelist.conf'],
    );
  });
  test.each([
    ["'.*'", 'it would publish everything'],
    ["'a|b'", 'a bare "|"'],
    ["'[a'", 'unexpected end of regular expression'],
    ["'(.*)'", 'takes every metric'],
    ["'# memory'", 'no comments'],
    ["'end\\'", 'backslash'],
    ["''", 'is empty'],
  ])('%s is refused', async (word, why) => {
    const { exit, err, files } = await on(`whitelist add ${word}`);
    expect({ exit, content: files['whitelist.conf']!.content }).toEqual({ exit: 2, content: LEGACY['whitelist.conf'] });
    expect(err).toContain(why);
  });
  test('a line goes by its whole text, a set by its name', async () => {
    const files = { 'whitelist.conf': 'load--load-.*\nmemory--memory-.*\n\ncpu' };
    expect((await on('whitelist remove memory', files)).files['whitelist.conf']!.content).toBe('load--load-.*\n\ncpu');
    expect((await on('whitelist remove cpu--x', files)).err).toContain('cpu--x is not in it');
    expect(await on('whitelist remove load', {})).toMatchObject({
      exit: 2,
      err: expect.stringContaining('no such file'),
    });
  });
});

test('list', async () => {
  expect(
    (await on('whitelist list', { 'whitelist.conf': 'memory--memory-.*\n.*\n(a)\\1\n' })).out
      .split('\n')
      .map((line) => line.trim().split(/\s+/)),
  ).toEqual([
    ['LINE', 'IS', 'SET', 'PATTERN'],
    ['1', 'rule', 'memory', 'memory--memory-.*'],
    ['2', 'unsafe', '-', '.*'],
    ['3', 'unjudged', '-', '(a)\\1'],
    [''],
  ]);
  expect((await on('whitelist list --sets --json')).json().sets.map(({ name }: { name: string }) => name)).toContain(
    'apache',
  );
});

test('lint', async () => {
  expect(await on('whitelist lint')).toMatchObject({ exit: 0, out: 'whitelist.conf: 0 errors, 0 warnings\n' });
  const bad = await on('whitelist lint odd', { odd: 'ok\na|b\n(?i)x\n' });
  expect(bad.exit).toBe(1);
  expect(bad.out.split('\n').map((line) => line.split(': ').slice(0, 2).join(': '))).toEqual([
    'odd:2: error bare-choice',
    'odd:3: warning flags',
    'odd: 1 error, 1 warning',
    '',
  ]);
  expect(await on('whitelist lint odd --strict', { odd: '(?i)x\n' })).toMatchObject({ exit: 1 });
  expect(await on('whitelist lint nowhere')).toMatchObject({
    exit: 2,
    err: expect.stringContaining('nowhere: no such file'),
  });
  expect(await on('whitelist lint odd', { odd: 'a\0b' })).toMatchObject({
    exit: 2,
    err: expect.stringContaining('is no text file'),
  });
});

describe('preview', () => {
  test("the field document's list and line: four metrics, at their price", async () => {
    const ran = await on('whitelist preview --blocked blocked --hosts 2 --json');
    expect(ran.json()).toMatchObject({
      published: ['memory--memory-used', 'memory--memory-buffered', 'memory--memory-cached', 'memory--memory-free'],
      byLine: [{ number: 1, text: 'memory--memory-.*', metrics: 4 }],
      cost: { currency: 'USD', metrics: 8, forMetrics: 2.4, forRequests: 0.88, perMonth: 3.28 },
      price: { where: 'US East (N. Virginia)', given: [] },
      blockedOnly: true,
    });
    expect(ran.json().blocked).toHaveLength(15);
    expect((await on('whitelist preview --blocked blocked')).out).toContain(
      'whitelist.conf: 4 metrics published, 15 blocked (of those that are blocked now)\n$1.64 a month for 1 host: 4 metrics $1.20, requests $0.44\nprices of US East (N. Virginia), by aws.amazon.com/cloudwatch/pricing as of 2022-04\n',
    );
    expect((await on('whitelist preview --blocked blocked --region cn-north-1 --request-price 0.05')).out).toContain(
      '¥10.19 a month for 1 host: 4 metrics ¥8.00, requests ¥2.19\nprices of China (Beijing and Ningxia), by amazonaws.cn/cloudwatch/pricing as of 2024-12; requests at yours\n',
    );
  });
  test.each([
    ['whitelist preview --blocked nowhere', 2, 'nowhere: no such file'],
    ['whitelist preview', 2, '/opt/collectd-plugins/cloudwatch/config/blocked_metrics: no such file'],
    ['whitelist preview --blocked blocked --file nowhere', 2, 'nowhere: no such file'],
    ['whitelist preview --blocked blocked --hosts 0', 2, '--hosts'],
    ['whitelist preview --blocked blocked --socket x', 2, '--socket'],
    ['whitelist preview --blocked blocked --price free', 2, '--price'],
    ['whitelist preview --blocked blocked --price 1 --price 2 --price 3 --price 4 --price 5', 2, '--price'],
    ['whitelist preview --blocked blocked --request-price -1', 2, '--request-price'],
    ['whitelist preview --blocked blocked --region china', 2, '--region'],
  ])('%s', async (line, exit, err) =>
    expect(await on(line)).toMatchObject({ exit, err: expect.stringContaining(err) }),
  );
  test('what can not be judged, or would not start, is said and not guessed', async () => {
    expect(await on('whitelist preview --blocked blocked', { blocked, 'whitelist.conf': '(a)\\1' })).toMatchObject({
      exit: 1,
      err: expect.stringContaining('a back-reference'),
    });
    expect(
      await on('whitelist preview --blocked blocked', { blocked, 'whitelist.conf': '(?P<n>a)\n(?P<n>b)' }),
    ).toMatchObject({ exit: 1, err: expect.stringContaining('joined they are no pattern') });
  });
});

test('blocked suggests, and what it suggests can be added', async () => {
  const { suggestions } = (await on('blocked --blocked blocked --json')).json();
  expect(suggestions.map(({ add }: { add: string }) => add)).toEqual(['memory', 'cpu', 'load', 'interface']);
  const added = await on(`whitelist add ${suggestions.map(({ add }: { add: string }) => `'${add}'`).join(' ')}`, {});
  expect(
    (
      await on('whitelist preview --blocked blocked --json', {
        blocked,
        'whitelist.conf': added.files['whitelist.conf']!.content,
      })
    ).json().blocked,
  ).toEqual([]);
});

test('a collectd that does not run', async () => {
  const fake = fakeCollectd();
  fake.running = false;
  expect(
    await run('collectd blocked --socket /nowhere', { ports: { collectd: async () => fake.collectd } }),
  ).toMatchObject({ exit: 4, err: expect.stringContaining('no collectd listens') });
});
