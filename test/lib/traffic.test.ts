import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bitRate, deviceCounters, growthOf, rateOf, type Counter, type Reading } from '../../src/lib/domain/traffic.ts';
import { pairCounters } from '../../src/lib/domain/sa.ts';
import { figuresOf, packed, remembered, sampleOf } from '../../src/lib/monitor/traffic.ts';
import { callsOf } from '../../src/lib/monitor/traffic-publish.ts';
import { chart } from '../../src/lib/render/chart.ts';

/** What happens to one tunnel between two looks. */
type Step =
  | { readonly kind: 'pass'; readonly bytes: number }
  | { readonly kind: 'new-life' }
  | { readonly kind: 'reset' };

const amount = (bytes: number) => ({ bytes, packets: Math.ceil(bytes / 1_000) });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 2 ** 40 }).map((bytes) => ({ kind: 'pass', bytes }) as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'new-life' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reset' } as const) },
);

describe('counters', () => {
  test('over rekeys, resets and new interfaces: never negative, nothing twice, and all that any look has seen', () => {
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 5 }), { minLength: 2, maxLength: 30 }), (intervals) => {
        let [life, count, seen, before] = [0, 0, 0, undefined as Reading | undefined];
        let told = 0;
        /** Traffic that a look could have seen: what a life counted after its last look is lost with it. */
        for (const [index, steps] of intervals.entries()) {
          let fresh = before === undefined ? 0 : -count;
          for (const one of steps) {
            if (one.kind === 'pass') count += one.bytes;
            else {
              fresh = 0;
              count = 0;
              // A reset keeps the life: only the smaller count tells. Equal or larger, it can't be known.
              if (one.kind === 'new-life') life += 1;
            }
          }
          const reading: Reading = {
            at: index,
            counters: [{ of: 't', life: String(life), in: amount(count), out: amount(0) }],
          };
          const [growth] = growthOf(before, reading);
          expect(growth!.in.bytes).toBeGreaterThanOrEqual(0);
          told += growth!.in.bytes;
          const last = before?.counters[0];
          const hidden =
            last !== undefined &&
            last.life === String(life) &&
            fresh === 0 &&
            count >= last.in.bytes &&
            last.in.bytes > 0;
          if (before !== undefined) seen += hidden ? count - last!.in.bytes : count + fresh;
          before = reading;
        }
        expect(told).toBe(seen);
      }),
      { numRuns: 500 },
    );
  });

  test('a rekey has two pairs for a while; charon that starts again has other SPIs', () => {
    const pair = (life: string, bytes: number): Counter => ({
      of: 'vpn1',
      life,
      in: amount(bytes),
      out: amount(2 * bytes),
    });
    const looks: readonly (readonly Counter[])[] = [
      [pair('a', 100)],
      [pair('a', 150), pair('b', 20)],
      [pair('b', 60)],
      [pair('c', 5)],
      [],
    ];
    let before: Reading | undefined;
    const grown = looks.map((counters, at) => {
      const reading = { at, counters };
      const growth = growthOf(before, reading)[0];
      before = reading;
      return growth === undefined ? undefined : [growth.in.bytes, growth.out.bytes];
    });
    expect(grown).toEqual([[0, 0], [70, 140], [40, 80], [5, 10], undefined]);
  });

  test('pairs of SAs as charon tells them, by tunnel', () => {
    const child = (name: string, spi: string, bytes: string) => ({
      name,
      state: 'INSTALLED',
      'spi-in': spi,
      'spi-out': 'ff',
      'bytes-in': bytes,
      'packets-in': '1',
      'bytes-out': '7',
      'packets-out': '1',
    });
    const conns = [{ office: { children: { lan: {}, dmz: {} } } }, { plain: { children: { plain: {} } } }];
    const sas = [
      {
        office: {
          state: 'ESTABLISHED',
          'child-sas': {
            'lan-1': child('lan', 'c1', '5'),
            'lan-2': child('lan', 'c2', '6'),
            'dmz-3': child('dmz', 'c3', '7'),
          },
        },
      },
      {
        plain: {
          state: 'ESTABLISHED',
          'child-sas': { 'plain-4': child('plain', 'c4', '8'), 'plain-5': { name: 'plain', state: 'CREATED' } },
        },
      },
    ];
    expect(pairCounters(conns, sas).map(({ of, life, in: inward }) => [of, life, inward.bytes])).toEqual([
      ['office/lan', 'c1/ff', 5],
      ['office/lan', 'c2/ff', 6],
      ['office/dmz', 'c3/ff', 7],
      ['plain', 'c4/ff', 8],
    ]);
  });

  test('/proc/net/dev', () => {
    const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 2776770   11307    0    0    0     0          0         0  2776770   11307    0    0    0     0       0          0
tunnel1:18446744073709 64    0    0    0     0          0         0 228    6    0    0    0     0       0          0
odd: line
`;
    expect(deviceCounters(text).map(({ name, in: { bytes }, out: { packets } }) => [name, bytes, packets])).toEqual([
      ['lo', 2_776_770, 11_307],
      ['tunnel1', 18_446_744_073_709, 6],
    ]);
  });
});

describe('samples', () => {
  const look = (
    at: number,
    bytes: number,
    states: readonly (readonly [string, 'established' | 'down'])[] = [['vpn1', 'established']],
  ) => ({
    tunnels: {
      at,
      counters: states.length === 0 ? [] : [{ of: 'vpn1', life: 'a', in: amount(bytes), out: amount(0) }],
    },
    interfaces: { at, counters: [{ of: 'xfrm10', life: '1', in: amount(2 * bytes), out: amount(0) }] },
    states: new Map(states),
  });

  test('rates by the time that really passed; none for a first look, a clock that went back, or after a long gap', () => {
    const before = remembered(undefined, look(1_000, 0));
    expect(sampleOf(before, look(3_000, 1_000))).toMatchObject({
      elapsedMs: 2_000,
      tunnels: [{ of: 'vpn1', state: 'established', inRate: 4_000, outRate: 0 }],
      interfaces: [{ of: 'xfrm10', inRate: 8_000 }],
    });
    expect([
      sampleOf(undefined, look(1_000, 1)),
      sampleOf(before, look(1_000, 1)),
      sampleOf(before, look(900, 1)),
      sampleOf(before, look(4_000_000, 1)),
    ]).toEqual([undefined, undefined, undefined, undefined]);
    expect([rateOf(1, 0), bitRate(0), bitRate(999.4), bitRate(12_345_678), bitRate(2e15)]).toEqual([
      undefined,
      '0 bit/s',
      '999 bit/s',
      '12.3 Mbit/s',
      '2000.0 Tbit/s',
    ]);
  });

  test('tunnels of a charon that does not answer are down, and stay known', () => {
    const first = remembered(undefined, look(1_000, 0));
    const gone = look(2_000, 0, []);
    expect(sampleOf(first, gone)!.tunnels).toMatchObject([{ of: 'vpn1', state: 'down', in: { bytes: 0 } }]);
    expect(remembered(first, gone).names).toEqual(['vpn1']);
  });

  test('a thousand figures a call at most, and every sample in one call', () => {
    const tunnels = Array.from({ length: 700 }, (_, index) => ({
      of: `t${index}`,
      state: 'established' as const,
      in: amount(1),
      out: amount(2),
      inRate: 1,
      outRate: 1,
    }));
    const parts = packed({ at: 1, elapsedMs: 1, tunnels, interfaces: [] });
    const labels = { site: 's', host: 'h', fine: true };
    const items = [...parts, ...parts].map((part, index) => ({ id: String(index), body: JSON.stringify(part) }));
    const calls = callsOf(items, labels);
    expect(parts.flatMap(({ t }) => t.map(([name]) => name)).sort()).toEqual(tunnels.map(({ of }) => of).sort());
    expect(calls.every(({ figures }) => figures.length <= 1_000)).toBe(true);
    expect(calls.flatMap(({ ids }) => ids)).toEqual(items.map(({ id }) => id));
    expect(calls.flatMap(({ figures }) => figures)).toHaveLength(2 * 3 * 700);
    expect(
      figuresOf({ at: 5, t: [['vpn1', 0, 1, 2]], i: [['xfrm10', 3, 4]] }, { site: 's', host: 'h', fine: false }),
    ).toMatchInlineSnapshot(`
      [
        {
          "at": 5,
          "dimensions": {
            "Site": "s",
            "Tunnel": "vpn1",
          },
          "name": "TunnelState",
          "unit": "None",
          "value": 0,
        },
        {
          "at": 5,
          "dimensions": {
            "Site": "s",
            "Tunnel": "vpn1",
          },
          "name": "TunnelDataIn",
          "unit": "Bytes",
          "value": 1,
        },
        {
          "at": 5,
          "dimensions": {
            "Site": "s",
            "Tunnel": "vpn1",
          },
          "name": "TunnelDataOut",
          "unit": "Bytes",
          "value": 2,
        },
        {
          "at": 5,
          "dimensions": {
            "Host": "h",
            "Interface": "xfrm10",
            "Site": "s",
          },
          "name": "InterfaceDataIn",
          "unit": "Bytes",
          "value": 3,
        },
        {
          "at": 5,
          "dimensions": {
            "Host": "h",
            "Interface": "xfrm10",
            "Site": "s",
          },
          "name": "InterfaceDataOut",
          "unit": "Bytes",
          "value": 4,
        },
      ]
    `);
  });

  test('the chart', () => {
    expect(chart({ title: 'in', values: [0, 1_000, 4_000, 2_000], label: bitRate, height: 4 })).toMatchInlineSnapshot(`
      "in
          4.0 kbit/s ┼ ╭╮
          2.7 kbit/s ┤ │╰
          1.3 kbit/s ┤╭╯
             0 bit/s ┼╯"
    `);
    expect(chart({ title: 'in', values: [1], label: bitRate })).toBe('');
  });
});
