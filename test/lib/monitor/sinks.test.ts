import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { awsMetricStore } from '../../../src/lib/adapters/aws/metric-store.ts';
import { awsNotifier } from '../../../src/lib/adapters/aws/notifier.ts';
import { clock } from '../../../src/lib/adapters/clock.ts';
import { files } from '../../../src/lib/adapters/files.ts';
import { lineLog } from '../../../src/lib/adapters/records/line-log.ts';
import { searchIndex } from '../../../src/lib/adapters/records/search-index.ts';
import { alertSink } from '../../../src/lib/monitor/alerts.ts';
import type { MonitorEvent, Sink } from '../../../src/lib/monitor/events.ts';
import { measureSink } from '../../../src/lib/monitor/measures.ts';
import { searchSink } from '../../../src/lib/monitor/search.ts';
import { openSpool } from '../../../src/lib/monitor/spool.ts';
import { arbitraryEvent } from '../../helpers/arbitrary-event.ts';
import { alert, health, MORNING, move, STORY, WRITER } from '../../helpers/events.ts';
import { startServices, type Mood, type Services } from '../../helpers/services.ts';

const TOPIC = 'arn:aws-cn:sns:cn-north-1:123456789012:DCI-Status';
const BETWEEN = ['Singapore', 'Ireland'] as const;

let folder: string;
let services: Services;
let told: string[];
let open: Sink[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hybridctl-sinks-'));
  services = await startServices();
  told = [];
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((sink) => sink.close()));
  rmSync(folder, { recursive: true, force: true });
});

/** Waits of a real delivery, shortened but for those that would end work on a busy machine. */
const PATIENT = { firstMs: 10, mostMs: 40, hangMs: 30_000, closeMs: 60_000 };
/** For a service that hangs: what is waited for comes soon. */
const HASTY = { ...PATIENT, hangMs: 300 };
const common = { clock, onTrouble: (message: string) => void told.push(message), timing: PATIENT };
const spool = (name: string) =>
  openSpool({ lineLog }, files, { path: join(folder, `${name}.spool`), onTrouble: common.onTrouble });
const kept = <T extends Sink>(sink: T): T => (open.push(sink), sink);

const SINKS: Readonly<
  Record<
    string,
    {
      make(timing: typeof PATIENT): Promise<Sink>;
      event(n: number): MonitorEvent;
      arrived(): readonly string[];
      expected(n: number): string;
    }
  >
> = {
  'SNS topic': {
    make: async (timing) =>
      kept(
        alertSink(awsNotifier({ region: 'cn-north-1' }), await spool('topic'), {
          ...common,
          timing,
          to: { topic: TOPIC },
          between: BETWEEN,
        }),
      ),
    event: (n) => alert(`a-${n}`),
    arrived: () => services.published.map(({ id }) => id!),
    expected: (n) => `a-${n}`,
  },
  CloudWatch: {
    make: async (timing) =>
      kept(
        measureSink(awsMetricStore({ region: 'cn-north-1' }), await spool('cloudwatch'), {
          ...common,
          timing,
          namespace: 'hybridctl',
          site: 'beijing',
          run: `r${performance.now()}`,
        }),
      ),
    // A minute is told when the next begins.
    event: (n) => health(MORNING + n * 60_000),
    arrived: () =>
      (services.figures.get('hybridctl') ?? [])
        .filter(({ MetricName, Dimensions }) => MetricName === 'PathHealth' && Dimensions[1]!.Value === 'dx-1')
        .map(({ Timestamp }) => String(Timestamp)),
    expected: (n) => String(MORNING / 1_000 + n * 60),
  },
  Elasticsearch: {
    make: async (timing) =>
      kept(
        searchSink(await searchIndex({ url: services.url, index: 'hybridctl' }), await spool('search'), {
          ...common,
          timing,
          name: 'Elasticsearch',
          writer: WRITER,
        }),
      ),
    event: (n) => alert(`a-${n}`),
    arrived: () => [...services.documents.keys()].map((id) => id.slice(0, -13)),
    expected: (n) => `alert-a-${n}`,
  },
};
const MOODS: readonly Mood[] = ['hang', 'down', 'garbage', 'throttled', 'lost', 'half'];

describe.each(Object.entries(SINKS))('%s', (_, { make, event, arrived, expected }) => {
  const all = (count: number) => Array.from({ length: count }, (_unused, n) => expected(n));
  const once = () => [...new Set(arrived())];

  test('delivers, in order, each once', async () => {
    const sink = await make(PATIENT);
    for (let n = 0; n < 5; n++) sink.accept(event(n));
    // Closing waits for the last one only, and the SDK's first call loads it.
    await vi.waitFor(() => expect(arrived().length).toBeGreaterThan(3), { timeout: 60_000 });
    await sink.close();
    expect(arrived()).toEqual(all(5));
    expect(told).toEqual([]);
  });

  test.each(MOODS)('%s: accept returns at once, and everything arrives when it is over', async (mood) => {
    const sink = await make(mood === 'hang' ? HASTY : PATIENT);
    services.mood = mood;
    const calls = services.calls;
    for (let n = 0; n < 5; n++) sink.accept(event(n));
    // Nothing was waited for: the service has not been asked yet.
    expect(services.calls).toBe(calls);
    await vi.waitFor(() => expect(services.calls).toBeGreaterThan(2), { timeout: 60_000 });
    services.mood = 'well';
    // The last minute of CloudWatch is told by the next one.
    sink.accept(event(5));
    await vi.waitFor(() => expect(new Set(arrived())).toEqual(new Set([...all(5), ...arrived()])), { timeout: 60_000 });
    await sink.close();
    expect(once().sort()).toEqual(all(6).sort());
    // Once for each outage, never for each try.
    expect(told.filter((message) => message.includes('tried again')).length).toBeLessThanOrEqual(
      mood === 'half' ? 6 : 1,
    );
  });

  test('away until the end: closing takes a moment, and the next start delivers', async () => {
    services.mood = 'hang';
    const first = await make({ ...HASTY, closeMs: 200 });
    for (let n = 0; n < 3; n++) first.accept(event(n));
    await vi.waitFor(() => expect(services.calls).toBeGreaterThan(0), { timeout: 60_000 });
    // It does not wait for the service, which hangs until after it.
    await first.close();
    services.mood = 'well';
    const second = await make(PATIENT);
    await vi.waitFor(() => expect(once()).toEqual(all(3)), { timeout: 60_000 });
    await second.close();
  });

  test('what is refused for good is given up and told, and holds up nothing', async () => {
    services.mood = 'refuses';
    const sink = await make(PATIENT);
    sink.accept(event(0));
    sink.accept(event(1));
    await vi.waitFor(() => expect(told.join()).toMatch(/given up|refuses/), { timeout: 60_000 });
    await vi.waitFor(() => expect(services.calls).toBeGreaterThan(0));
    services.mood = 'well';
    sink.accept(event(2));
    sink.accept(event(3));
    await sink.close();
    expect(arrived()).toContain(expected(3));
    expect(arrived()).not.toContain(expected(0));
  });

  test('no event makes accept throw', async () => {
    const sink = await make(PATIENT);
    fc.assert(
      fc.property(arbitraryEvent, (any) => void sink.accept(any)),
      { numRuns: 200 },
    );
  });
});

describe('alerts', () => {
  const send = async (to: { topic: string } | { phone: string }, ...events: MonitorEvent[]) => {
    const sink = kept(
      alertSink(awsNotifier({ region: 'ap-southeast-1' }), await spool('one'), { ...common, to, between: BETWEEN }),
    );
    for (const event of events) sink.accept(event);
    await sink.close();
    return services.published;
  };

  test('the mail: subject of the field, what moved, why, and where to read on', async () => {
    expect(await send({ topic: TOPIC }, alert('7-2'))).toEqual([
      {
        to: TOPIC,
        id: '7-2',
        deduplication: null,
        subject: 'Status of DCI between Singapore and Ireland Changed!',
        text: [
          'Status of DCI between Singapore and Ireland Changed!',
          '',
          'rtb-0468f52220000000a 10.10.0.0/16: moved from dx-1 to vpn-1',
          'because: dx-1: no reply for 620 ms',
          'at: 2026-01-31T08:00:00.000Z',
          'incident: 7-1',
          'alert: 7-2',
          '',
          'hybridctl route history --incident 7-1',
        ].join('\n'),
      },
    ]);
  });

  test('the message on a phone is one message, without a subject', async () => {
    const long = alert('7-2');
    const [sent] = await send(
      { phone: '+8613800000000' },
      { ...long, alert: { ...long.alert, because: 'b'.repeat(300) } },
    );
    expect(sent).toMatchObject({ to: '+8613800000000', subject: null });
    expect(sent!.text).toMatch(/^Singapore-Ireland rtb-.*: moved from dx-1 to vpn-1: b+\.\.\.$/);
    expect(sent!.text).toHaveLength(160);
  });

  test('told twice under one id, sent once; also across a start, and after it was delivered', async () => {
    await send({ topic: TOPIC }, alert('7-2'), alert('7-2'), ...STORY);
    expect((await send({ topic: TOPIC }, alert('7-2'), alert('7-9'))).map(({ id }) => id)).toEqual(['7-2', '7-9']);
  });

  test('the same number for something else is another alert, as after a lease file was removed', async () => {
    const { alert: first, ...rest } = alert('7-2');
    await send({ topic: TOPIC }, { ...rest, alert: first });
    expect(await send({ topic: TOPIC }, { ...rest, alert: { ...first, from: 'vpn-1', to: 'dx-1' } })).toHaveLength(2);
  });

  test('a FIFO topic deduplicates by the same id', async () => {
    expect(await send({ topic: `${TOPIC}.fifo` }, alert('7-2'))).toMatchObject([{ deduplication: '7-2' }]);
  });
});

describe('figures', () => {
  test('by the minute: share alive, mean round trip, each move with its detection time', async () => {
    const sink = kept(
      measureSink(awsMetricStore({ region: 'cn-north-1' }), await spool('cloudwatch'), {
        ...common,
        namespace: 'ns',
        site: 'beijing',
        run: `r${performance.now()}`,
      }),
    );
    const link = (state: 'alive' | 'dead', rttMs?: number) => [
      { link: 'dx-1', state, suspicion: 0, ...(rttMs === undefined ? {} : { rttMs }) },
    ];
    sink.accept(health(MORNING + 1_000, { links: link('alive', 2) }));
    sink.accept(health(MORNING + 2_000, { links: link('alive', 4) }));
    sink.accept(health(MORNING + 3_000, { links: link('dead') }));
    sink.accept(health(MORNING + 4_000, { links: link('dead') }));
    sink.accept(move({ at: MORNING + 5_000 }));
    sink.accept(move({ at: MORNING + 6_000, outcome: 'throttled' }));
    await sink.close();
    const shown = services.figures
      .get('ns')!
      .map(({ MetricName, Value, Timestamp, Dimensions }) => [
        MetricName,
        Value,
        Timestamp - MORNING / 1_000,
        Dimensions.map(({ Name, Value: value }) => `${Name}=${value}`).join(),
      ]);
    expect(shown).toEqual([
      ['PathHealth', 0.5, 0, 'Site=beijing,Link=dx-1'],
      ['RoundTrip', 3, 0, 'Site=beijing,Link=dx-1'],
      ['Failovers', 1, 5, 'Site=beijing,RouteTable=rtb-0468f52220000000a'],
      ['DetectTime', 620.4, 5, 'Site=beijing,RouteTable=rtb-0468f52220000000a'],
    ]);
  });
});

describe('documents', () => {
  test('too many for one request are halved until they fit; one that never fits is given up; the key goes along', async () => {
    services.bulkBytes = 3_000;
    const sink = kept(
      searchSink(
        await searchIndex({ url: services.url, index: 'hybridctl', apiKey: 'a2V5OnNlY3JldA==' }),
        await spool('search'),
        { ...common, name: 'Elasticsearch', writer: WRITER },
      ),
    );
    for (const event of STORY) sink.accept(event);
    sink.accept({ kind: 'error', at: MORNING, during: 'x', message: 'y'.repeat(4_000) });
    await sink.close();
    expect(services.documents.size).toBe(STORY.length);
    expect([...services.documents.values()][3]).toMatchObject({
      event: { action: 'route-move', outcome: 'success' },
      trace: { id: '7-1' },
    });
    expect([...services.authorizations]).toEqual(['ApiKey a2V5OnNlY3JldA==']);
    expect(told).toEqual([expect.stringContaining('refuses 1 of')]);
    expect(told.join()).not.toContain('a2V5');
  });
});
