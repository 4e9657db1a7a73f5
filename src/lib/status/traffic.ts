import type { ViciSection } from '../core/ports.ts';
import { pairCounters, tunnelStatuses, type TunnelStatus } from '../domain/sa.ts';
import type { Site } from '../domain/site.ts';
import { growthOf, rateOf, type Reading } from '../domain/traffic.ts';
import type { TrafficNow } from './picture.ts';

/** What a charon said of its tunnels: `list-conns` and `list-sas`. */
export interface Said {
  readonly conns: readonly ViciSection[];
  readonly sas: readonly ViciSection[];
}

/** Remembers the last look, for rates. @returns the tunnels of all charons asked */
export const trafficMeter = (
  site: Pick<Site, 'links'>,
): ((said: readonly Said[], at: number) => readonly TrafficNow[]) => {
  const links = new Map(site.links.flatMap((link) => (link.kind === 'vpn' ? [[link.tunnel, link.name] as const] : [])));
  let before: Reading | undefined;
  return (said, at) => {
    // Where both ends of a tunnel are asked, the first one's word is taken: it would else be counted twice.
    const tunnels = new Map<string, { readonly status: TunnelStatus; readonly counters: Reading['counters'] }>();
    for (const { conns, sas } of said) {
      const counters = pairCounters(conns, sas);
      for (const status of tunnelStatuses(conns, sas))
        if (!tunnels.has(status.name))
          tunnels.set(status.name, { status, counters: counters.filter(({ of }) => of === status.name) });
    }
    const reading: Reading = { at, counters: [...tunnels.values()].flatMap(({ counters }) => counters) };
    const grown = new Map(growthOf(before, reading).map((growth) => [growth.of, growth]));
    const elapsedMs = before === undefined ? 0 : at - before.at;
    before = reading;
    const rate = (bytes: number | undefined): number | null =>
      bytes === undefined ? null : (rateOf(bytes, elapsedMs) ?? null);
    return [...tunnels.values()].map(
      ({ status: { name, connection, state, in: inward, out: outward } }): TrafficNow => ({
        tunnel: name,
        link: links.get(connection) ?? null,
        state,
        inBytes: inward?.bytes ?? null,
        outBytes: outward?.bytes ?? null,
        inRate: rate(grown.get(name)?.in.bytes),
        outRate: rate(grown.get(name)?.out.bytes),
      }),
    );
  };
};
