import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { files as realFiles } from '../../src/lib/adapters/files.ts';
import { leaseFile } from '../../src/lib/adapters/lease-file.ts';
import { outlets } from '../../src/lib/adapters/records/outlets.ts';
import type { Files, Prober } from '../../src/lib/core/ports.ts';
import { fakeFiles } from '../fakes/files.ts';
import { fixture, testCloud } from '../helpers/cloud.ts';
import { CWD } from '../helpers/run.ts';
import { startServices } from '../helpers/services.ts';

const TOPIC = 'arn:aws-cn:sns:cn-north-1:123456789012:DCI-Status';
const SITE = `${fixture('lab')}\nmonitor: { profile: fast, records: { alerts: { topics: ["${TOPIC}"], between: [Beijing, Ireland] }, elasticsearch: { url: "URL" } } }\n`;

let state: string;
beforeEach(() => void (state = mkdtempSync(join(tmpdir(), 'hybridctl-monitor-'))));
afterEach(() => rmSync(state, { recursive: true, force: true }));

/** Every target answers in a millisecond, but for those of dead links. */
const world = () => {
  const dead = new Set<string>();
  const seen = { rounds: 0 };
  const prober: Prober = {
    start(specs, tell) {
      const timer = setInterval(() => {
        seen.rounds += 1;
        const at = performance.now();
        for (const { id } of specs)
          tell(
            id,
            dead.has(id.split('/')[0]!)
              ? { at, sentAt: at - 20, kind: 'lost', size: 'small' }
              : { at, sentAt: at - 1, kind: 'reply', rttMs: 1, size: 'small' },
          );
      }, 20);
      return { pace: () => undefined, stop: async () => clearInterval(timer) };
    },
  };
  return { dead, seen, prober };
};

test.each(['well', 'hang'] as const)(
  'a link dies while SNS and Elasticsearch are %s: the routes move at once; mail, index and history tell the same incident',
  async (mood) => {
    const services = await startServices();
    const text = SITE.replace('URL', services.url);
    const cloud = await testCloud(text);
    vi.stubEnv('AWS_ENDPOINT_URL_SNS', services.url);
    cloud.cloud.setPropagated('vgw-078bcc55', ['10.10.0.0/16']);
    services.mood = mood;
    const { dead, seen, prober } = world();
    // The site file is the test's own; what the monitor keeps is really on disk.
    const given = fakeFiles({ [join(CWD, 'hybridctl.yaml')]: text });
    const files: Files = {
      read: async (path, limit) => (await given.read(path, limit)) ?? realFiles.read(path, limit),
      stat: async (path) => (await given.stat(path)) ?? realFiles.stat(path),
      write: (list) => realFiles.write(list),
    };
    const stopping = new AbortController();
    const ports = {
      files,
      prober: async () => prober,
      instances: async () => cloud.instances(),
      leaseStore: async (path: string) => leaseFile(path),
      outlets: async () => outlets,
      signal: stopping.signal,
    };
    const ended = cloud.run(`route monitor --state-dir ${state} --no-heal --quiet`, { ports });
    const statics = () =>
      cloud.cloud
        .tables()
        .flatMap(({ routes }) =>
          routes.filter(({ origin, destination }) => origin === 'static' && destination === '10.10.0.0/16'),
        );

    await vi.waitFor(() => expect(seen.rounds).toBeGreaterThan(80), { timeout: 60_000 });
    expect(statics()).toEqual([]);
    dead.add('dx-1');
    // While the services are as they are: nothing waits for them.
    await vi.waitFor(() => expect(statics()).toHaveLength(2), { timeout: 60_000, interval: 5 });

    const told = (action: string) =>
      readFileSync(join(state, 'demo.events.ndjson'), 'utf8').split(`"action":"${action}"`).length - 1;
    await vi.waitFor(() => expect([told('route-move'), told('alert-moved')]).toEqual([2, 2]), { timeout: 60_000 });
    services.mood = 'well';
    if (mood === 'well') await vi.waitFor(() => expect(services.published).toHaveLength(2), { timeout: 60_000 });
    stopping.abort();
    await ended;
    if (mood === 'hang') {
      // What could not be sent lies in the outbox, and the next start sends it.
      const again = new AbortController();
      const second = cloud.run(`route monitor --state-dir ${state} --no-heal --quiet`, {
        ports: { ...ports, signal: again.signal },
      });
      await vi.waitFor(() => expect(new Set(services.published.map(({ id }) => id)).size).toBe(2), { timeout: 60_000 });
      again.abort();
      await second;
    }
    expect(services.published[0]!.subject).toBe('Status of DCI between Beijing and Ireland Changed!');

    const { incidents, damaged } = (
      await cloud.run(`route history --state-dir ${state} --link dx-1 --json`, { ports: { files } })
    ).json();
    expect(damaged).toBe(0);
    const [incident] = incidents;
    expect(
      incident.moves.map(({ from, to, outcome, detectMs, apiMs, verifyMs }: Record<string, unknown>) => [
        from,
        to,
        outcome,
        typeof detectMs,
        typeof apiMs,
        typeof verifyMs,
      ]),
    ).toEqual([
      ['dx-1', 'vpn-a', 'done', 'number', 'number', 'number'],
      ['dx-1', 'vpn-b', 'done', 'number', 'number', 'number'],
    ]);
    expect(services.published.map(({ text: mail }) => /incident: (\S+)/.exec(mail)?.[1])).toEqual(
      services.published.map(() => incident.incident),
    );
    const indexed = [...services.documents.values()] as { trace?: { id: string }; event: { action: string } }[];
    expect(
      indexed.filter(({ trace, event }) => trace?.id === incident.incident && event.action === 'route-move'),
    ).toHaveLength(2);
  },
);
