import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { style } from '../../../src/lib/adapters/terminal.ts';
import { statusLines } from '../../../src/commands/status/text.ts';
import { ecsLine, isLogged } from '../../../src/lib/monitor/ecs.ts';
import { openModel } from '../../../src/lib/status/model.ts';
import { pageOf } from '../../../src/lib/status/page/parts.ts';
import { verdict } from '../../../src/lib/status/picture.ts';
import { trafficMeter } from '../../../src/lib/status/traffic.ts';
import { fixture, siteOf } from '../../helpers/cloud.ts';
import { arbitraryEvent } from '../../helpers/arbitrary-event.ts';
import { MORNING, WRITER } from '../../helpers/events.ts';
import { AFTER, DIES, LATER, MOVES, PRIVATE_1, PRIVATE_2, WELL } from '../../helpers/site-story.ts';

const SITE = siteOf(fixture('lab'));
const STORY = [...WELL, DIES, ...MOVES, ...AFTER];
const model = () => openModel(SITE, 'cn-north-1');
const text = (one: ReturnType<typeof model>, at: number): string =>
  `${statusLines(SITE, one.picture(at), one.series(), style(false)).join('\n')}\n`;
const logOf = (events: readonly (typeof STORY)[number][]): string =>
  events
    .filter(isLogged)
    .map((event) => `${JSON.stringify(ecsLine(event, WRITER))}\n`)
    .join('');

describe('what is shown', () => {
  test('with a monitor: states, routes, incidents with their times, round trips', async () => {
    const one = model();
    one.began(STORY);
    one.traffic([
      {
        tunnel: 'vpn1',
        link: 'vpn-a',
        state: 'established',
        inBytes: 48_211_000,
        outBytes: 9_100_220,
        inRate: 1_240_000,
        outRate: 188_000,
      },
    ]);
    one.pins(new Map([[PRIVATE_2, 'vpn-b']]));
    await expect(text(one, LATER)).toMatchFileSnapshot('../../golden/status/broken.txt');
    expect(one.picture(LATER)).toMatchObject({
      watcher: { kind: 'monitor', profile: 'default', leads: true, startedAt: MORNING },
      links: [
        { name: 'dx-1', state: 'dead', since: DIES.at, loss: 1, rttMs: null },
        { state: 'alive', rttMs: 31, loss: 0 },
        {},
      ],
    });
  });

  test("without one: the cloud's routes, the event log's incidents, and what was last known of each link", async () => {
    const one = model();
    one.left('no monitor runs on this machine');
    one.log([logOf(STORY)]);
    one.cloud([
      { table: PRIVATE_1, destination: '10.10.0.0/16', at: 'vpn-a' },
      { table: PRIVATE_2, destination: '10.10.0.0/16', at: '(none)' },
    ]);
    one.trouble('tunnel traffic', 'charon does not answer');
    await expect(text(one, LATER)).toMatchFileSnapshot('../../golden/status/nobody.txt');
  });

  test('a monitor that goes takes its word with it; one that comes back brings its own', () => {
    const one = model();
    one.began(STORY);
    one.left('the monitor has ended');
    expect(one.picture(LATER).links.map(({ state, last }) => [state, last?.state])).toEqual([
      ['unknown', 'dead'],
      ['unknown', 'alive'],
      ['unknown', 'alive'],
    ]);
    expect(one.picture(LATER).routes.map(({ at }) => at)).toEqual([null, null]);
    one.began(WELL);
    expect(verdict(one.picture(LATER))).toEqual({ tone: 'good', text: 'Every path carries' });
    expect(one.series().get('dx-1')).toHaveLength(60);
  });

  test("an event that comes by the log, the feed's past and the feed is one event", () => {
    const one = model();
    one.log([logOf(STORY)]);
    one.began(STORY);
    MOVES.forEach(one.take);
    one.log([logOf(STORY)]);
    expect(one.picture(LATER).incidents.map(({ moves, steps }) => [moves.length, steps.length])).toEqual([[2, 1]]);
  });

  test('a verdict and a move change the picture at once, before the next look', () => {
    const one = model();
    one.began(WELL);
    one.take(DIES);
    expect(verdict(one.picture(DIES.at))).toEqual({
      tone: 'bad',
      text: 'Not carried: 10.10.0.0/16 of private-1, 10.10.0.0/16 of private-2',
    });
    one.take(MOVES[0]!);
    expect(verdict(one.picture(DIES.at)).text).toBe('Not carried: 10.10.0.0/16 of private-2');
    one.take(MOVES[1]!);
    expect(verdict(one.picture(DIES.at))).toEqual({ tone: 'warn', text: 'dx-1 is dead, 2 routes over vpn-a, vpn-b' });
  });

  test('two tunnels of one gateway carry together: each is shown with its own state, and one of them is enough', () => {
    const [gw1] = SITE.gateways;
    const mesh = {
      ...SITE,
      tunnels: [...SITE.tunnels, { ...SITE.tunnels[0]!, name: 'vpn3', router: 'rtr-2', inside: '169.254.101.0/30' }],
      links: [...SITE.links, { kind: 'vpn' as const, name: 'vpn-c', tunnel: 'vpn3' }],
    };
    expect(mesh.tunnels[2]!.gateway).toBe(gw1!.name);
    const one = openModel(mesh, 'cn-north-1');
    const health = (dead: readonly string[]) =>
      one.take({
        kind: 'health',
        at: LATER,
        links: mesh.links.map(({ name }) => ({
          link: name,
          state: dead.includes(name) ? ('dead' as const) : ('alive' as const),
          suspicion: 0,
        })),
        routes: [
          { table: PRIVATE_1, destination: '10.10.0.0/16', at: 'vpn-a' },
          { table: PRIVATE_2, destination: '10.10.0.0/16', at: 'vpn-b' },
        ],
      });
    one.began(WELL);
    const picture = () => one.picture(LATER);
    health(['dx-1', 'vpn-a']);
    expect(picture().routes[0]).toMatchObject({ at: 'vpn-a', sharedBy: ['vpn-a', 'vpn-c'] });
    expect(verdict(picture()).text).toBe('dx-1, vpn-a are dead, 2 routes over vpn-c, vpn-b');
    expect(statusLines(mesh, picture(), one.series(), style(false)).join('\n')).toContain('vpn-a dead, vpn-c alive');
    expect(pageOf(picture()).parts['routes']).toMatch(/vpn-a dead.*vpn-c alive/);
    health(['dx-1', 'vpn-a', 'vpn-c']);
    expect(verdict(picture())).toMatchObject({ tone: 'bad', text: expect.stringContaining('of private-1') });
  });

  test('ten minutes are plotted, however long it runs', () => {
    const one = model();
    one.began(WELL);
    for (let second = 60; second < 2_000; second += 1)
      one.take({
        kind: 'health',
        at: MORNING + second * 1_000,
        links: [{ link: 'dx-1', state: 'alive', suspicion: 0 }],
        routes: [],
      });
    expect(one.series().get('dx-1')).toHaveLength(600);
  });
});

test('whatever a feed says, it neither breaks the picture nor steers a terminal or a browser', () => {
  fc.assert(
    fc.property(fc.array(arbitraryEvent, { maxLength: 30 }), (events) => {
      const one = model();
      one.began(events);
      one.traffic([
        {
          tunnel: '<img src=x>\u001b[2J',
          link: null,
          state: 'established',
          inBytes: 1,
          outBytes: 1,
          inRate: null,
          outRate: null,
        },
      ]);
      expect(text(one, LATER)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
      const markup = Object.values(pageOf(one.picture(LATER)).parts).join('');
      // Every tag is one of ours: what came from outside has become text.
      expect(
        markup.match(
          /<(?!\/?(?:svg|g|circle|path|rect|text|tspan|div|span|h1|h3|p|b|article|header|dl|dt|dd|figure|table|caption|thead|tbody|tr|th|td|details|summary|time|ol|li)[ />])/g,
        ),
      ).toBeNull();
      expect(markup).not.toMatch(/ (?:on\w+|style)=/);
    }),
    { numRuns: 60 },
  );
});

describe('tunnel traffic', () => {
  const sa = (inBytes: number, outBytes: number, spi = 'c1') => ({
    conns: [{ vpn1: { children: { vpn1: {} } } }, { vpn2: { children: { vpn2: {} } } }],
    sas: [
      {
        vpn1: {
          state: 'ESTABLISHED',
          'child-sas': {
            'vpn1-1': {
              name: 'vpn1',
              state: 'INSTALLED',
              'spi-in': spi,
              'spi-out': spi,
              'bytes-in': String(inBytes),
              'bytes-out': String(outBytes),
              'packets-in': '1',
              'packets-out': '1',
            },
          },
        },
      },
    ],
  });

  test('rates are between two looks, also over a rekey, whose association counts from zero', () => {
    const meter = trafficMeter(SITE);
    const rows = [
      meter([sa(1_000, 500)], 10_000),
      meter([sa(5_000, 500)], 12_000),
      meter([sa(600, 100, 'c2')], 14_000),
    ];
    expect(rows.map(([vpn1]) => [vpn1!.inBytes, vpn1!.inRate, vpn1!.outRate])).toEqual([
      [1_000, null, null],
      [5_000, 16_000, 0],
      [600, 2_400, 400],
    ]);
    expect(rows[0]!.map(({ tunnel, link, state, inBytes }) => [tunnel, link, state, inBytes])).toEqual([
      ['vpn1', 'vpn-a', 'established', 1_000],
      ['vpn2', 'vpn-b', 'down', null],
    ]);
  });

  test('a tunnel that was away begins at nothing, and one that both ends speak of is counted once', () => {
    const meter = trafficMeter(SITE);
    meter([sa(9_000, 0)], 0);
    meter([{ conns: sa(0, 0).conns, sas: [] }], 1_000);
    expect(meter([sa(500, 0), sa(0, 500)], 2_000).map(({ inRate }) => inRate)).toEqual([4_000, null]);
  });
});
