import { afterEach, expect, test } from 'vitest';
import fc from 'fast-check';
import { listen } from '../../../src/lib/adapters/records/listen.ts';
import type { Listening } from '../../../src/lib/core/outlets.ts';
import { prometheus } from '../../../src/lib/monitor/prometheus.ts';
import { fakeClock } from '../../fakes/clock.ts';
import { arbitraryEvent } from '../../helpers/arbitrary-event.ts';
import { alert, health, MORNING, move, STORY } from '../../helpers/events.ts';

let server: Listening | undefined;
afterEach(() => server?.close());

const start = async () => {
  const clock = fakeClock(MORNING);
  const figures = prometheus(clock, '1.2.3');
  server = await listen(0, figures.page);
  const at = `http://127.0.0.1:${server.port}`;
  return { clock, figures, get: (path: string, init?: RequestInit) => fetch(`${at}${path}`, init) };
};

test('/metrics: how everything stands, moves, API latency', async () => {
  const { figures, get } = await start();
  for (const event of STORY) figures.accept(event);
  figures.accept({ kind: 'api', at: MORNING, action: 'ReplaceRoute', outcome: 'done', ms: 110 });
  figures.accept(
    health(MORNING, {
      links: [{ link: 'vpn-1', state: 'alive', suspicion: 0.5 }],
      routes: [{ table: 'rtb-1', destination: 'gone', at: 'dx-1' }],
    }),
  );
  figures.accept(health(MORNING));
  const response = await get('/metrics');
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  await expect(await response.text()).toMatchFileSnapshot('../../golden/monitor/metrics.txt');
});

test('/healthz: only while the loop itself speaks', async () => {
  const { clock, figures, get } = await start();
  const seen = async () => {
    const response = await get('/healthz');
    return [response.status, await response.json()];
  };
  expect(await seen()).toEqual([503, { status: 'starting', ageMs: null }]);
  figures.accept(health(MORNING));
  clock.advance(9_999);
  expect(await seen()).toEqual([200, { status: 'ok', ageMs: 9_999 }]);
  figures.accept(alert('1'));
  clock.advance(1);
  expect(await seen()).toEqual([503, { status: 'silent', ageMs: 10_000 }]);
});

test.each([
  ['/', 'GET', 404],
  ['/metrics?x=1', 'GET', 200],
  ['/metrics', 'HEAD', 200],
  ['/metrics', 'POST', 405],
  ['/%00', 'GET', 404],
])('%s %s: %i', async (path, method, status) => {
  const { get } = await start();
  expect((await get(path, { method })).status).toBe(status);
});

test('a port that is taken is told at the start', async () => {
  await start();
  await expect(listen(server!.port, async () => undefined)).rejects.toMatchObject({
    exit: 1,
    message: `can't listen on 127.0.0.1:${server!.port} (EADDRINUSE)`,
  });
});

test('any events: accept never throws, and the page can be read', async () => {
  const { figures, get } = await start();
  fc.assert(
    fc.property(arbitraryEvent, (event) => void figures.accept(event)),
    { numRuns: 300 },
  );
  figures.accept({ ...move(), detectMs: Number.NaN });
  expect((await get('/metrics')).status).toBe(200);
});
