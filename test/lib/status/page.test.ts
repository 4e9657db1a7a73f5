import { afterEach, describe, expect, test } from 'vitest';
import { serve } from '../../../src/lib/adapters/views/web.ts';
import type { WebServer } from '../../../src/lib/core/views.ts';
import { HEADERS, refusal } from '../../../src/lib/status/guard.ts';
import { openModel } from '../../../src/lib/status/model.ts';
import { pageOf } from '../../../src/lib/status/page/parts.ts';
import { livePage } from '../../../src/lib/status/page/serve.ts';
import { fixture, siteOf } from '../../helpers/cloud.ts';
import { AFTER, ALERTS, DIES, LATER, MOVES, WELL } from '../../helpers/site-story.ts';

const TOKEN = 'a-token-of-more-than-sixteen-letters';

describe('who may look', () => {
  const guard = { names: ['status.example.com'], token: TOKEN };
  const bearer = { authorization: `Bearer ${TOKEN}` };
  test.each<
    [
      what: string,
      headers: Record<string, string>,
      more: { method?: string; secret?: boolean },
      status: number | undefined,
    ]
  >([
    ['an address', { host: '172.16.1.157:8642', ...bearer }, {}, undefined],
    ['the far end of an ssh tunnel', { host: 'localhost:9000', ...bearer }, {}, undefined],
    ['IPv6', { host: '[::1]:8642', ...bearer }, {}, undefined],
    [
      'a name that was given',
      { host: 'status.example.com', origin: 'https://status.example.com', ...bearer },
      {},
      undefined,
    ],
    ['DNS rebinding', { host: 'attacker.example:8642', ...bearer }, {}, 421],
    ['DNS rebinding of the shell', { host: 'attacker.example:8642' }, { secret: false }, 421],
    ['a name that only begins like ours', { host: 'status.example.com.attacker.example', ...bearer }, {}, 421],
    ['an address that only begins like one', { host: '127.0.0.1.attacker.example', ...bearer }, {}, 421],
    ['no host at all', { ...bearer }, {}, 421],
    ['another origin', { host: '127.0.0.1:8642', origin: 'http://attacker.example', ...bearer }, {}, 403],
    ['our origin', { host: '127.0.0.1:8642', origin: 'http://127.0.0.1:8642', ...bearer }, {}, undefined],
    [
      'another page by a link of its own',
      { host: '127.0.0.1:8642', 'sec-fetch-site': 'cross-site', ...bearer },
      {},
      403,
    ],
    [
      'a link somewhere to the shell',
      { host: '127.0.0.1:8642', 'sec-fetch-site': 'cross-site' },
      { secret: false },
      undefined,
    ],
    ['no token', { host: '127.0.0.1:8642' }, {}, 401],
    ['a wrong token', { host: '127.0.0.1:8642', authorization: `Bearer ${TOKEN}x` }, {}, 401],
    ['the token the wrong way', { host: '127.0.0.1:8642', authorization: TOKEN }, {}, 401],
    ['the shell without a token', { host: '127.0.0.1:8642' }, { secret: false }, undefined],
    ['a write', { host: '127.0.0.1:8642', ...bearer }, { method: 'POST' }, 405],
  ])('%s', (_, headers, { method = 'GET', secret = true }, status) =>
    expect(refusal({ method, path: '/live', headers }, guard, secret)?.status).toBe(status),
  );

  test('without a token, on loopback, whoever is there', () =>
    expect(
      refusal(
        { method: 'GET', path: '/live', headers: { host: '127.0.0.1:8642' } },
        { names: [], token: undefined },
        true,
      ),
    ).toBeUndefined());
});

let server: WebServer | undefined;
afterEach(() => server?.close());

const start = async (token?: string) => {
  const model = openModel(siteOf(fixture('lab')), 'cn-north-1');
  model.began(WELL);
  const page = livePage({ names: [], token });
  const show = (say?: string): void => page.show(model.picture(LATER), model.series(), say);
  show();
  server = await serve({ host: '127.0.0.1', port: 0 }, page.answer);
  const at = `http://127.0.0.1:${server.port}`;
  /** Opens the stream; each call gives the next line. */
  const lines = async (headers: Record<string, string> = {}) => {
    const leave = new AbortController();
    const answer = await fetch(`${at}/live`, { headers, signal: leave.signal });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    const next = async (): Promise<any> => {
      while (!rest.includes('\n')) {
        const { value, done } = await reader.read();
        if (done) return undefined;
        rest += value;
      }
      const [line] = rest.split('\n');
      rest = rest.slice(line!.length + 1);
      return JSON.parse(line!);
    };
    return { answer, next, leave: () => leave.abort() };
  };
  return { model, page, show, at, lines };
};

test('a reader gets everything first and then only what changes', async () => {
  const { model, page, show, lines } = await start();
  const one = await lines();
  const first = await one.next();
  expect(Object.keys(first.parts)).toEqual(['summary', 'map', 'links', 'routes', 'incidents', 'traffic']);
  expect([first.title, first.whole, first.points['dx-1'].length, first.figures['rtt:dx-1']]).toEqual([
    'demo – hybridctl',
    true,
    60,
    '4.2 ms',
  ]);
  model.take(DIES);
  show('dx-1: alive -> dead');
  const second = await one.next();
  expect(Object.keys(second)).toEqual(['parts', 'figures', 'say']);
  expect(Object.keys(second.parts)).toEqual(['summary', 'map', 'links', 'routes', 'incidents']);
  MOVES.forEach(model.take);
  show();
  expect(Object.keys((await one.next()).parts)).toEqual(['summary', 'map', 'routes', 'incidents']);
  model.take(AFTER[0]!);
  show();
  const fourth = await one.next();
  expect([fourth.parts, Object.keys(fourth.points), fourth.points['dx-1']]).toEqual([
    undefined,
    ['dx-1', 'vpn-a', 'vpn-b'],
    [[AFTER[0]!.at, null, 1, 'dead']],
  ]);
  expect(JSON.stringify(fourth).length).toBeLessThan(500);
  page.beat();
  expect(await one.next()).toEqual({});
  const late = await lines();
  expect((await late.next()).points['dx-1']).toHaveLength(61);
  model.began(WELL);
  show();
  expect(await one.next()).toMatchObject({
    whole: true,
    points: { 'dx-1': expect.toSatisfy(({ length }) => length === 60) },
  });
  one.leave();
  late.leave();
});

test('every answer carries the headers that keep a browser in; nothing but the stream says anything of the site', async () => {
  const { at } = await start(TOKEN);
  for (const path of ['/', '/page.js', '/page.css', '/icon.svg', '/nowhere', '/live']) {
    const answer = await fetch(`${at}${path}`);
    for (const [name, value] of Object.entries(HEADERS))
      expect([path, name, answer.headers.get(name)]).toEqual([path, name, value]);
    expect(await answer.text()).not.toMatch(/dx-1|cn-north-1|10\.10\.|demo/);
    expect(answer.status).toBe(path === '/nowhere' ? 404 : path === '/live' ? 401 : 200);
  }
  expect((await fetch(at, { method: 'HEAD' })).status).toBe(200);
});

test('with its token the stream opens; a reader that leaves is forgotten, and the end cuts the others', async () => {
  const { lines, show } = await start(TOKEN);
  const one = await lines({ authorization: `Bearer ${TOKEN}` });
  expect(one.answer.headers.get('content-type')).toBe('application/x-ndjson');
  await one.next();
  const other = await lines({ authorization: `Bearer ${TOKEN}` });
  await other.next();
  other.leave();
  show('one word');
  expect(await one.next()).toEqual({ say: 'one word' });
  await server!.close();
  server = undefined;
  await expect(one.next()).rejects.toThrow();
});

test("an address that is taken or not ours is the caller's mistake", async () => {
  await start();
  await expect(
    serve({ host: '127.0.0.1', port: server!.port }, () => ({ status: 200, headers: {}, body: '' })),
  ).rejects.toMatchObject({
    exit: 2,
    field: '--listen',
    message: `127.0.0.1:${server!.port} is taken by another program`,
  });
  await expect(
    serve({ host: '192.0.2.7', port: 0 }, () => ({ status: 200, headers: {}, body: '' })),
  ).rejects.toMatchObject({ exit: 2, message: '192.0.2.7:0 is no address of this machine' });
});

test("a page that fails is the reader's 500", async () => {
  server = await serve({ host: '127.0.0.1', port: 0 }, () => {
    throw new Error('ours');
  });
  const answer = await fetch(`http://127.0.0.1:${server.port}/`);
  expect([answer.status, await answer.text()]).toEqual([500, 'failed\n']);
});

test('an incident tells each move once, and routes by the name of their table', () => {
  const model = openModel(siteOf(fixture('lab')), 'cn-north-1');
  model.began([...WELL, DIES, ...MOVES, ...ALERTS]);
  const { incidents } = pageOf(model.picture(LATER)).parts;
  const steps = [...incidents!.matchAll(/<li><time[^>]*>[^<]*<\/time> ([^<]*)<\/li>/g)].map(([, what]) => what);
  expect(steps).toEqual([
    'dx-1 is dead: no reply for 520 ms',
    'private-2 10.10.0.0/16 was changed by someone else: now dx-1, expected vpn-b',
  ]);
});
