import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { clock } from '../../../src/lib/adapters/clock.ts';
import { files } from '../../../src/lib/adapters/files.ts';
import { outlets } from '../../../src/lib/adapters/records/outlets.ts';
import type { Shell } from '../../../src/lib/core/ports.ts';
import { openRecords } from '../../../src/lib/monitor/records.ts';
import { systemdSink } from '../../../src/lib/monitor/systemd.ts';
import { loadSite } from '../../../src/lib/site/file.ts';
import { fakeClock } from '../../fakes/clock.ts';
import { fakeShell } from '../../fakes/shell.ts';
import { fixture } from '../../helpers/cloud.ts';
import { health, MORNING, STORY } from '../../helpers/events.ts';
import { fakePorts } from '../../helpers/run.ts';
import { startServices, type Services } from '../../helpers/services.ts';

let folder: string;
let services: Services;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hybridctl-records-'));
  services = await startServices();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

const open = async (records: readonly string[]) => {
  writeFileSync(
    join(folder, 'hybridctl.yaml'),
    [fixture('lab'), 'monitor:', '  records:', ...records.map((line) => `    ${line}`), ''].join('\n'),
  );
  const told: string[] = [];
  const ports = {
    ...fakePorts(),
    cwd: folder,
    clock,
    files,
    outlets: async () => outlets,
    progress: (line: string) => void told.push(line),
  };
  const loaded = await loadSite(ports, 'hybridctl.yaml');
  return {
    told,
    sink: await openRecords(ports, {
      loaded,
      stateDir: join(folder, 'state'),
      region: 'cn-north-1',
      version: '0.0.0-test',
    }),
  };
};

describe('records of a site', () => {
  test('everything the site file asks for, at once', async () => {
    const port = await freePort();
    writeFileSync(join(folder, 'es.key'), 'a2V5OnNlY3JldA==\n', { mode: 0o600 });
    const { sink, told } = await open([
      `metrics_port: ${port}`,
      'alerts: { topics: ["arn:aws-cn:sns:cn-north-1:123456789012:DCI-Status"], phones: ["+8613800000000"], between: [Beijing, Ireland] }',
      'cloudwatch: {}',
      `elasticsearch: { url: "${services.url}", api_key_file: es.key }`,
    ]);
    for (const event of STORY) sink.accept(event);
    sink.accept(health(MORNING));
    expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(200);
    await sink.close();
    expect(told).toEqual([]);
    const log = readFileSync(join(folder, 'state', 'demo.events.ndjson'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(log).toHaveLength(STORY.length);
    expect([...services.documents.values()]).toEqual(log);
    expect(services.published.map(({ to, subject }) => [to, subject]).sort()).toEqual([
      ['+8613800000000', null],
      ['arn:aws-cn:sns:cn-north-1:123456789012:DCI-Status', 'Status of DCI between Beijing and Ireland Changed!'],
    ]);
    expect(services.figures.get('hybridctl')?.map(({ MetricName }) => MetricName)).toEqual([
      'Failovers',
      'DetectTime',
      'PathHealth',
      'RoundTrip',
      'PathHealth',
    ]);
    await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
    const spools = readdirSync(join(folder, 'state', 'spool'));
    expect(spools.sort()).toEqual([
      'demo-cloudwatch.spool',
      'demo-elasticsearch.spool',
      'demo-phone-8613800000000.spool',
      'demo-topic-cn-north-1-123456789012-DCI-Status.spool',
    ]);
    expect(spools.map((name) => statSync(join(folder, 'state', 'spool', name)).mode & 0o777)).toEqual([
      0o600, 0o600, 0o600, 0o600,
    ]);
  });

  test('trouble of one is told and in the event log; the others go on', async () => {
    services.mood = 'down';
    const { sink, told } = await open(['alerts: { topics: ["arn:aws-cn:sns:cn-north-1:123456789012:DCI-Status"] }']);
    for (const event of STORY) sink.accept(event);
    await vi.waitFor(() => expect(told).toHaveLength(1), { timeout: 60_000 });
    await sink.close();
    expect(told[0]).toMatch(/^warning: alerts to arn:.*kept and tried again/);
    const log = readFileSync(join(folder, 'state', 'demo.events.ndjson'), 'utf8');
    expect(log).toContain('"during":"keep records"');
    expect(log.trimEnd().split('\n')).toHaveLength(STORY.length + 1);
  });

  test.each([
    [
      ['elasticsearch: { url: "http://127.0.0.1:9", api_key_file: none.key }'],
      'monitor.records.elasticsearch.api_key_file',
    ],
    [['alerts: { topics: [DCI-Status] }'], 'hybridctl.yaml'],
    [['alerts: { phones: ["13800000000"] }'], 'hybridctl.yaml'],
    [['elasticsearch: { url: "http://me:secret@search" }'], 'hybridctl.yaml'],
    [['cloudwatch: { namespace: AWS/EC2 }'], 'hybridctl.yaml'],
  ])('%j is refused', async (records, field) => {
    await expect(open(records)).rejects.toMatchObject({ exit: 2, field: expect.stringContaining(field) });
  });
});

describe('sd_notify', () => {
  const NOTIFY = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '30000000' };

  test('READY, WATCHDOG by half of its time, STOPPING', async () => {
    const shell = fakeShell({ 'systemd-notify': () => '' });
    const time = fakeClock();
    const sink = systemdSink({ env: NOTIFY, shell, clock: time })!;
    for (const event of STORY.slice(0, 1)) sink.accept(event);
    await sink.close();
    for (let second = 0; second < 40; second++) {
      time.advance(1_000);
      sink.accept(health(time.now()));
      await sink.close();
    }
    sink.accept(STORY.at(-1)!);
    await sink.close();
    expect(shell.calls.map(({ args }) => args)).toEqual([['READY=1'], ['WATCHDOG=1'], ['WATCHDOG=1'], ['STOPPING=1']]);
  });

  test('a helper that hangs or is not there holds up nothing and is not started twice', async () => {
    let calls = 0;
    const shell: Shell = { run: () => (calls++, new Promise(() => undefined)), which: async () => undefined };
    const sink = systemdSink({ env: { ...NOTIFY, WATCHDOG_USEC: '1' }, shell, clock })!;
    for (const event of [...STORY, health(MORNING), health(MORNING)]) sink.accept(event);
    expect(calls).toBe(1);
    const absent = systemdSink({ env: NOTIFY, shell: fakeShell(), clock })!;
    absent.accept(STORY[0]!);
    await expect(absent.close()).resolves.toBeUndefined();
  });

  test('nobody asked: nothing', () => {
    expect(systemdSink({ env: {}, shell: fakeShell(), clock })).toBeUndefined();
  });
});
