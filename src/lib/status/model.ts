import { destinationsOf, linkTargets, sharesTarget } from '../domain/routes.ts';
import type { Link, Site } from '../domain/site.ts';
import { ecsLine, isLogged } from '../monitor/ecs.ts';
import type { LoggedEvent, MonitorEvent, VerdictEvent } from '../monitor/events.ts';
import { historyOf, type Incident } from '../monitor/history.ts';
import type { Pins } from '../monitor/pins.ts';
import type { LinkNow, Picture, RouteNow, Series, TrafficNow, Watcher } from './picture.ts';
import { pointOf, recentLoss, withPoint, type Point } from './series.ts';

/** Shown at once; the event log has them all. */
const INCIDENTS = 12;
/** Of the event log: some hundred incidents. */
const LINES = 3_000;

/** Where a route stands, as the cloud was read. */
export interface Standing {
  readonly table: string;
  readonly destination: string;
  readonly at: string;
}

export interface Model {
  /** The monitor's feed is open. @param past its newest events, oldest first */
  began(past: readonly MonitorEvent[]): void;
  take(event: MonitorEvent): void;
  /** No monitor speaks: what it said last is no longer true. */
  left(because: string): void;
  /** Text of the event log's files, oldest first. */
  log(texts: readonly string[]): void;
  /** What the cloud's tables say; only shown while no monitor speaks. */
  cloud(standings: readonly Standing[]): void;
  traffic(rows: readonly TrafficNow[]): void;
  pins(pins: Pins): void;
  /** What can't be read, in words; undefined: it can. */
  trouble(what: string, message: string | undefined): void;
  picture(at: number): Picture;
  series(): Series;
}

const keyOf = (table: string, destination: string): string => `${table}|${destination}`;

const endsOf = (site: Site, link: Link): Pick<LinkNow, 'cloudEnd' | 'router' | 'medium'> => {
  if (link.kind === 'dx')
    return { cloudEnd: 'vgw', router: link.router, medium: `Direct Connect, BGP${link.bfd ? ' + BFD' : ''}` };
  const tunnel = site.tunnels.find(({ name }) => name === link.tunnel)!;
  return { cloudEnd: tunnel.gateway, router: tunnel.router, medium: `IPsec, ${tunnel.name}` };
};

/** The event that a line of the event log was written from, and what makes it the same event wherever it comes from. */
const eventOf = (line: string): { readonly key: string; readonly event: LoggedEvent } | undefined => {
  try {
    const { '@timestamp': at, hybridctl } = JSON.parse(line) as {
      '@timestamp': string;
      hybridctl: { kind: LoggedEvent['kind'] };
    };
    if (typeof at !== 'string' || typeof hybridctl !== 'object' || typeof hybridctl.kind !== 'string') return undefined;
    return { key: `${at} ${JSON.stringify(hybridctl)}`, event: { at: Date.parse(at), ...hybridctl } as LoggedEvent };
  } catch {
    return undefined;
  }
};

/**
 * Everything that is known of a site, put together from the monitor's feed, its event log, the cloud and charon. Pure
 * but for what it keeps.
 */
export const openModel = (site: Site, region: string): Model => {
  const writer = { site: site.site, region, version: '' };
  /** Lines of the event log, by what makes them one event. */
  const lines = new Map<string, string>();
  const verdicts = new Map<string, Pick<VerdictEvent, 'at' | 'to' | 'because'>>();
  const movedAt = new Map<string, { readonly to: string; readonly at: number }>();
  const places = new Map<string, string | null>();
  const seen = new Map<string, { readonly state: LinkNow['state']; readonly rttMs: number | null }>();
  const troubles = new Map<string, string>();
  let points: Map<string, readonly Point[]> = new Map();
  let pinned: Pins = new Map();
  let rows: readonly TrafficNow[] = [];
  let watcher: Watcher = { kind: 'nobody', because: 'not asked yet' };
  let incidents: readonly Incident[] | undefined;

  const keep = (key: string, line: string): void => {
    lines.set(key, line);
    if (lines.size > LINES) lines.delete(lines.keys().next().value!);
    incidents = undefined;
  };
  /** What is known from an event whenever it was told. */
  const learn = (event: LoggedEvent): void => {
    if (event.kind === 'verdict' && event.at >= (verdicts.get(event.link)?.at ?? 0)) verdicts.set(event.link, event);
    if (event.kind !== 'move' || event.outcome !== 'done') return;
    const key = keyOf(event.table, event.destination);
    if (event.at >= (movedAt.get(key)?.at ?? 0)) movedAt.set(key, event);
  };

  const take = (event: MonitorEvent): void => {
    if (isLogged(event)) {
      const line = JSON.stringify(ecsLine(event, writer));
      keep(eventOf(line)!.key, line);
      learn(event);
    }
    switch (event.kind) {
      case 'start':
        watcher = { kind: 'monitor', profile: event.profile, version: event.version, startedAt: event.at, leads: null };
        return;
      case 'lease':
        if (watcher.kind === 'monitor') watcher = { ...watcher, leads: event.held };
        return;
      case 'verdict':
        seen.set(event.link, { rttMs: seen.get(event.link)?.rttMs ?? null, state: event.to });
        return;
      case 'move':
        if (event.outcome === 'done') places.set(keyOf(event.table, event.destination), event.to);
        return;
      case 'health':
        for (const link of event.links) {
          const point = pointOf(event.at, link);
          seen.set(link.link, { state: link.state, rttMs: point.rttMs });
          points.set(link.link, withPoint(points.get(link.link) ?? [], point));
        }
        for (const { table, destination, at } of event.routes) places.set(keyOf(table, destination), at ?? null);
        return;
      default:
        return;
    }
  };

  const targets = linkTargets(site);
  const sharedBy = (at: string | null): readonly string[] => {
    const one = targets.find(({ name }) => name === at);
    if (one === undefined) return [];
    return [one, ...targets.filter((other) => other !== one && sharesTarget(one, other))].map(({ name }) => name);
  };
  const linkNow = (link: Link): LinkNow => {
    const now = watcher.kind === 'monitor' ? seen.get(link.name) : undefined;
    const said = verdicts.get(link.name);
    const fits = now !== undefined && said?.to === now.state;
    return {
      name: link.name,
      kind: link.kind,
      ...endsOf(site, link),
      state: now?.state ?? 'unknown',
      since: fits ? said.at : null,
      because: fits ? said.because : null,
      rttMs: now?.state === 'alive' ? now.rttMs : null,
      loss: now === undefined ? null : recentLoss(points.get(link.name) ?? []),
      last: now === undefined && said !== undefined ? { state: said.to, at: said.at } : null,
    };
  };
  const routesNow = (): readonly RouteNow[] =>
    site.route_tables.flatMap((table) =>
      destinationsOf(site, table).map((destination): RouteNow => {
        const key = keyOf(table.id, destination);
        const at = places.get(key) ?? null;
        const moved = movedAt.get(key);
        return {
          table: table.id,
          name: table.name,
          subnets: table.subnets,
          destination,
          preferred: table.links[0]!,
          at,
          sharedBy: sharedBy(at),
          since: moved !== undefined && moved.to === at ? moved.at : null,
          pinned: pinned.get(table.id) ?? null,
        };
      }),
    );

  return {
    began(past) {
      watcher = { kind: 'monitor', profile: null, version: null, startedAt: null, leads: null };
      points = new Map();
      seen.clear();
      places.clear();
      past.forEach(take);
    },
    take,
    left(because) {
      watcher = { kind: 'nobody', because };
      places.clear();
    },
    log(texts) {
      for (const line of texts.flatMap((text) => text.split('\n')).slice(-LINES)) {
        const found = eventOf(line);
        if (found === undefined) continue;
        keep(found.key, line);
        learn(found.event);
      }
    },
    cloud(standings) {
      if (watcher.kind === 'monitor') return;
      for (const { table, destination, at } of standings) places.set(keyOf(table, destination), at);
    },
    traffic: (now) => void (rows = now),
    pins: (now) => void (pinned = now),
    trouble: (what, message) => void (message === undefined ? troubles.delete(what) : troubles.set(what, message)),
    picture(at) {
      incidents ??= historyOf([...lines.values()])
        .incidents.slice(-INCIDENTS)
        .reverse();
      return {
        site: site.site,
        region,
        cidr: site.cloud.cidr,
        networks: site.onprem.networks,
        at,
        watcher,
        links: site.links.map(linkNow),
        routes: routesNow(),
        incidents,
        traffic: rows,
        troubles: [...troubles].map(([what, message]) => `${what}: ${message}`),
      };
    },
    series: () => points,
  };
};
