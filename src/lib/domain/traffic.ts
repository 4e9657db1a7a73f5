import type { Traffic } from './sa.ts';

/** Counters of tunnels and interfaces, and what passed between two looks at them. */

export type Amount = Pick<Traffic, 'bytes' | 'packets'>;

/** One counter as it stands. It only grows, from the beginning of its life on. */
export interface Counter {
  /** Tunnel or interface. Several counters may be of one: two pairs of SAs while a rekey is under way. */
  readonly of: string;
  /** Names this life of the counter: the SPIs of a pair, the index of an interface. A new life begins at nothing. */
  readonly life: string;
  readonly in: Amount;
  readonly out: Amount;
}

export interface Reading {
  /** Wall time, ms. */
  readonly at: number;
  readonly counters: readonly Counter[];
}

/** What passed a tunnel or an interface between two readings. */
export interface Growth {
  readonly of: string;
  readonly in: Amount;
  readonly out: Amount;
}

const NOTHING: Amount = { bytes: 0, packets: 0 };
const plus = (one: Amount, other: Amount): Amount => ({
  bytes: one.bytes + other.bytes,
  packets: one.packets + other.packets,
});
const minus = (one: Amount, other: Amount): Amount => ({
  bytes: one.bytes - other.bytes,
  packets: one.packets - other.packets,
});

/**
 * What passed since the reading before; of a first reading nothing is known. A counter that is less than it was, or
 * whose life is new, began at nothing since then, so all that it shows is new: an interface that was made again, a
 * rekeyed SA, a driver that cleared its counters. What a life counted after the last look at it is lost with it;
 * nothing is ever counted twice, and nothing is negative.
 */
export const growthOf = (before: Reading | undefined, { counters }: Reading): readonly Growth[] => {
  const known = new Map((before?.counters ?? []).map((counter) => [key(counter), counter]));
  const grown = new Map<string, Growth>();
  for (const counter of counters) {
    const sum = grown.get(counter.of) ?? { of: counter.of, in: NOTHING, out: NOTHING };
    const old = known.get(key(counter));
    const reset =
      old === undefined ||
      counter.in.bytes < old.in.bytes ||
      counter.out.bytes < old.out.bytes ||
      counter.in.packets < old.in.packets ||
      counter.out.packets < old.out.packets;
    const [inward, outward] =
      before === undefined
        ? [NOTHING, NOTHING]
        : reset
          ? [counter.in, counter.out]
          : [minus(counter.in, old.in), minus(counter.out, old.out)];
    grown.set(counter.of, { of: counter.of, in: plus(sum.in, inward), out: plus(sum.out, outward) });
  }
  return [...grown.values()];
};

const key = ({ of, life }: Counter): string => `${of}\n${life}`;

/** bit/s over the time between two readings; undefined where the clock stood or went back. */
export const rateOf = (bytes: number, elapsedMs: number): number | undefined =>
  elapsedMs > 0 ? (bytes * 8_000) / elapsedMs : undefined;

/** `12.3 Mbit/s`: powers of 1000. */
export const bitRate = (rate: number): string => {
  const step = rate < 1_000 ? 0 : Math.min(4, Math.floor(Math.log10(rate) / 3));
  return `${step === 0 ? Math.round(rate) : (rate / 1_000 ** step).toFixed(1)} ${['', 'k', 'M', 'G', 'T'][step]}bit/s`;
};

/** An interface as `/proc/net/dev` has it (proc(5)); its life is not said there. */
export interface DeviceCounters {
  readonly name: string;
  readonly in: Amount;
  readonly out: Amount;
}

/** Lines that are none of a device's are passed over: two of headings, and whatever a later kernel adds. */
export const deviceCounters = (text: string): readonly DeviceCounters[] =>
  text.split('\n').flatMap((line) => {
    const [, name, rest = ''] = /^\s*([^\s:]+):\s*(.*)$/.exec(line) ?? [];
    const numbers = rest.trim().split(/\s+/).map(Number);
    if (name === undefined || numbers.length < 16 || numbers.some(Number.isNaN)) return [];
    return [
      { name, in: { bytes: numbers[0]!, packets: numbers[1]! }, out: { bytes: numbers[8]!, packets: numbers[9]! } },
    ];
  });

/**
 * Link types of tunnels (linux/if_arp.h): XFRM, TUN and WireGuard have none; then IPIP and VTI, IPv6 in IPv6, SIT, GRE.
 */
export const TUNNEL_TYPES: ReadonlySet<string> = new Set(['65534', '768', '769', '776', '778', '823']);
