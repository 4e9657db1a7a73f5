import type { Datum } from '../core/outlets.ts';
import type { TunnelState } from '../domain/sa.ts';
import { growthOf, rateOf, type Growth, type Reading } from '../domain/traffic.ts';
import type { Look } from './traffic-read.ts';

export interface Flow extends Growth {
  /** bit/s; null where no time has passed. */
  readonly inRate: number | null;
  readonly outRate: number | null;
}

/** What passed in one interval. */
export interface TrafficSample {
  /** Wall time of its end, ms. */
  readonly at: number;
  readonly elapsedMs: number;
  readonly tunnels: readonly (Flow & { readonly state: TunnelState })[];
  readonly interfaces: readonly Flow[];
}

/** Beyond this a gap is a gap: hours of traffic told as one minute's would be a peak that never was. */
const MOST_GAP_MS = 3_600_000;

/** What is kept between two runs. */
export interface Remembered {
  readonly tunnels: Reading;
  readonly interfaces: Reading;
  /** Tunnels that were there: one that is gone with its charon is down. */
  readonly names: readonly string[];
}

/** @returns undefined for the first look, and after too long a gap. */
export const sampleOf = (before: Remembered | undefined, look: Look): TrafficSample | undefined => {
  const elapsedMs = before === undefined ? 0 : look.tunnels.at - before.tunnels.at;
  if (before === undefined || elapsedMs <= 0 || elapsedMs > MOST_GAP_MS) return undefined;
  const flow = (growth: Growth): Flow => ({
    ...growth,
    inRate: rateOf(growth.in.bytes, elapsedMs) ?? null,
    outRate: rateOf(growth.out.bytes, elapsedMs) ?? null,
  });
  const grown = new Map(growthOf(before.tunnels, look.tunnels).map((growth) => [growth.of, growth]));
  const nothing = (of: string): Growth => ({ of, in: { bytes: 0, packets: 0 }, out: { bytes: 0, packets: 0 } });
  const names = [...new Set([...look.states.keys(), ...before.names])].sort();
  return {
    at: look.tunnels.at,
    elapsedMs,
    tunnels: names.map((name) => ({
      ...flow(grown.get(name) ?? nothing(name)),
      state: look.states.get(name) ?? 'down',
    })),
    interfaces: growthOf(before.interfaces, look.interfaces).map(flow),
  };
};

export const remembered = (before: Remembered | undefined, { tunnels, interfaces, states }: Look): Remembered => ({
  tunnels,
  interfaces,
  // A charon that does not answer is not asked what it had; one that answers says all it has.
  names: states.size > 0 ? [...states.keys()] : (before?.names ?? []),
});

/** A sample as the spool keeps it, a tenth of what CloudWatch is told. */
export interface Packed {
  readonly at: number;
  /** Name, up or not, bytes in, bytes out. */
  readonly t: readonly (readonly [string, 0 | 1, number, number])[];
  readonly i: readonly (readonly [string, number, number])[];
}

/** A thousand figures go into one call, three of a tunnel. */
const MOST_NAMES = 300;

/** In parts, none of which fills more than one call. */
export const packed = ({ at, tunnels, interfaces }: TrafficSample): readonly Packed[] => {
  const parts = Math.max(1, Math.ceil((tunnels.length + interfaces.length) / MOST_NAMES));
  const part = <T>(list: readonly T[], index: number): readonly T[] => list.filter((_, at_) => at_ % parts === index);
  return Array.from({ length: parts }, (_, index) => ({
    at,
    t: part(tunnels, index).map(
      ({ of, state, in: inward, out }) => [of, state === 'established' ? 1 : 0, inward.bytes, out.bytes] as const,
    ),
    i: part(interfaces, index).map(({ of, in: inward, out }) => [of, inward.bytes, out.bytes] as const),
  }));
};

export interface Labels {
  readonly site: string;
  /** Of this machine: interfaces of two gateways are called the same. */
  readonly host: string;
  /** By the second. */
  readonly fine: boolean;
}

/** Figures as AWS names those of its own VPN (TunnelState, TunnelDataIn, TunnelDataOut), and the same of interfaces. */
export const figuresOf = ({ at, t, i }: Packed, { site, host, fine }: Labels): readonly Datum[] => {
  const how = { at, ...(fine ? { fine } : {}) };
  return [
    ...t.flatMap(([Tunnel, up, bytesIn, bytesOut]): readonly Datum[] => {
      const dimensions = { Site: site, Tunnel };
      return [
        { name: 'TunnelState', unit: 'None', dimensions, value: up, ...how },
        { name: 'TunnelDataIn', unit: 'Bytes', dimensions, value: bytesIn, ...how },
        { name: 'TunnelDataOut', unit: 'Bytes', dimensions, value: bytesOut, ...how },
      ];
    }),
    ...i.flatMap(([Interface, bytesIn, bytesOut]): readonly Datum[] => {
      const dimensions = { Site: site, Host: host, Interface };
      return [
        { name: 'InterfaceDataIn', unit: 'Bytes', dimensions, value: bytesIn, ...how },
        { name: 'InterfaceDataOut', unit: 'Bytes', dimensions, value: bytesOut, ...how },
      ];
    }),
  ];
};
