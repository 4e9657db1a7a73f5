import type { Incident } from '../monitor/history.ts';
import type { Point } from './series.ts';

export type State = 'alive' | 'dead' | 'unknown';

/** A link as it stands. Times are wall time, ms; what is not known is null. */
export interface LinkNow {
  readonly name: string;
  readonly kind: 'dx' | 'vpn';
  /** `vgw`, or the gateway's name. */
  readonly cloudEnd: string;
  readonly router: string;
  readonly medium: string;
  readonly state: State;
  /** When it came to that state. */
  readonly since: number | null;
  /** The verdict's own words. */
  readonly because: string | null;
  readonly rttMs: number | null;
  /** Share of the probes of the last ten seconds, 0 to 1. */
  readonly loss: number | null;
  /** Its last known state where nobody watches: what the event log says. */
  readonly last: { readonly state: State; readonly at: number } | null;
}

/** A destination of a route table. */
export interface RouteNow {
  /** `rtb-…` */
  readonly table: string;
  readonly name: string;
  readonly subnets: readonly string[];
  readonly destination: string;
  readonly preferred: string;
  /** Link that carries it, `(none)`, `(foreign)`, or null while that is not known. */
  readonly at: string | null;
  /**
   * That link, and those behind the same target (tunnels of one gateway): the table can't choose between them, and each
   * that lives may carry.
   */
  readonly sharedBy: readonly string[];
  /** When it was moved there; null: not by an event that we know of. */
  readonly since: number | null;
  readonly pinned: string | null;
}

/** Bytes of a tunnel, as charon counts them on the security association in use. */
export interface TrafficNow {
  readonly tunnel: string;
  /** The site's link over that tunnel. */
  readonly link: string | null;
  readonly state: string;
  readonly inBytes: number | null;
  readonly outBytes: number | null;
  /** bit/s between the last two looks; null before the second one. */
  readonly inRate: number | null;
  readonly outRate: number | null;
}

/** Who says how the links stand. */
export type Watcher =
  | {
      readonly kind: 'monitor';
      readonly profile: string | null;
      readonly version: string | null;
      readonly startedAt: number | null;
      readonly leads: boolean | null;
    }
  | { readonly kind: 'nobody'; readonly because: string };

export interface Picture {
  readonly site: string;
  readonly region: string;
  readonly cidr: string;
  readonly networks: readonly string[];
  readonly at: number;
  readonly watcher: Watcher;
  readonly links: readonly LinkNow[];
  readonly routes: readonly RouteNow[];
  /** Newest first. */
  readonly incidents: readonly Incident[];
  readonly traffic: readonly TrafficNow[];
  /** What could not be read, in words. */
  readonly troubles: readonly string[];
}

/** Of the last ten minutes by link, for plots. */
export type Series = ReadonlyMap<string, readonly Point[]>;

export type Tone = 'good' | 'warn' | 'bad' | 'unknown';

export const TONE: Readonly<Record<State, Tone>> = { alive: 'good', dead: 'bad', unknown: 'unknown' };

/**
 * The links that carry a route as far as they live; all of them where none does. Empty: no link of the site carries it,
 * or that is not known.
 */
export const carriersOf = ({ sharedBy }: RouteNow, links: readonly LinkNow[]): readonly LinkNow[] => {
  const shared = sharedBy.flatMap((name) => links.find((link) => link.name === name) ?? []);
  const living = shared.filter(({ state }) => state !== 'dead');
  return living.length === 0 ? shared : living;
};

/** How a route stands: well only on its preferred link or beside it. */
export const routeTone = (route: RouteNow, links: readonly LinkNow[]): Tone => {
  const state = carriersOf(route, links)[0]?.state;
  if (route.at === null) return 'unknown';
  if (state === undefined || state === 'dead') return 'bad';
  return route.sharedBy.includes(route.preferred) ? 'good' : 'warn';
};

const listed = (names: readonly string[]): string => [...new Set(names)].join(', ');
const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** The one sentence that a person on call wants first. */
export const verdict = ({
  watcher,
  links,
  routes,
}: Pick<Picture, 'watcher' | 'links' | 'routes'>): { readonly tone: Tone; readonly text: string } => {
  const lost = routes.filter(
    (route) => route.at === '(none)' || carriersOf(route, links).some(({ state }) => state === 'dead'),
  );
  if (lost.length > 0)
    return {
      tone: 'bad',
      text: `Not carried: ${listed(lost.map(({ name, destination }) => `${destination} of ${name}`))}`,
    };
  if (watcher.kind === 'nobody') return { tone: 'unknown', text: 'No monitor is running: link state is unknown' };
  const dead = links.filter((link) => link.state === 'dead').map(({ name }) => name);
  const away = routes.filter(({ at, sharedBy, preferred }) => at !== null && !sharedBy.includes(preferred));
  // Tunnels of one gateway: the route stays where it is, and the other tunnel carries.
  const beside = routes.filter(({ sharedBy }) => sharedBy.some((name) => dead.includes(name)));
  const moved = [...new Set([...away, ...beside])];
  const over =
    moved.length === 0
      ? 'no route uses it'
      : `${counted(moved.length, 'route')} over ${listed(moved.flatMap((route) => (beside.includes(route) ? carriersOf(route, links).map(({ name }) => name) : route.at!)))}`;
  if (dead.length > 0)
    return { tone: 'warn', text: `${listed(dead)} ${dead.length === 1 ? 'is' : 'are'} dead, ${over}` };
  if (away.length > 0)
    return {
      tone: 'warn',
      text: `Every link is alive, ${over} instead of ${listed(away.map(({ preferred }) => preferred))}`,
    };
  const unknown = links.filter((link) => link.state === 'unknown').map(({ name }) => name);
  if (unknown.length > 0) return { tone: 'unknown', text: `Not judged yet: ${listed(unknown)}` };
  return { tone: 'good', text: 'Every path carries' };
};

/** 0: all as it should be. */
export const isWell = (picture: Pick<Picture, 'watcher' | 'links' | 'routes'>): boolean =>
  verdict(picture).tone === 'good';
