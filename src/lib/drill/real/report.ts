import type { Hole, StreamCounts } from './stream.ts';
import type { CaseResult, Lane, Stretch } from '../types.ts';

/** One write and what came of it; times in ms. */
export interface Leg {
  readonly change: 'create' | 'replace' | 'delete' | 'none';
  /** `moved`: written and read back. */
  readonly status: 'moved' | 'unverified' | 'failed' | 'skipped';
  readonly apiMs: number | null;
  readonly verifyMs: number | null;
  readonly error: string | null;
}

export interface DrilledRoute {
  readonly table: string;
  readonly name: string;
  readonly destination: string;
  /** Links. */
  readonly from: string;
  readonly to: string;
  /** null: not tried. */
  readonly out: Leg | null;
  readonly back: Leg | null;
}

/** A route that is not back, and where it stands. */
export interface Stranded {
  readonly name: string;
  readonly destination: string;
  /** Link or target as last read; null: could not be read. */
  readonly at: string | null;
  readonly home: string;
  readonly why: string;
}

/**
 * Why the drill went back: its time was over, the stream fell silent, somebody stopped it, a write failed. `planned`: a
 * dry run.
 */
export type RouteDrillEnd = 'planned' | 'stayed' | 'silent' | 'interrupted' | 'failed';

export interface RouteDrillReport {
  readonly site: string;
  readonly region: string;
  readonly target: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly tookMs: number;
  readonly intervalMs: number;
  /** How long the routes were to stay moved. */
  readonly stayMs: number;
  readonly ended: RouteDrillEnd;
  readonly passed: boolean;
  readonly problems: readonly string[];
  /** What a reader should know, such as what could not be checked. */
  readonly notes: readonly string[];
  readonly routes: readonly DrilledRoute[];
  /** Links that the routes were moved to, as the probes judged them before the move. */
  readonly standby: readonly { readonly link: string; readonly why: string }[];
  /** Longest hole of the stream at each move and in between; 0: nothing was lost; null: that did not come to be. */
  readonly gapMs: { readonly out: number | null; readonly away: number | null; readonly back: number | null };
  readonly stream: StreamCounts;
  readonly stranded: readonly Stranded[];
  /** The one command that puts back what is stranded. */
  readonly next: string | null;
  readonly lanes: readonly Lane[];
  readonly story: readonly string[];
}

/** When it happened, ms on the samples' clock. */
export interface Marks {
  readonly begunAt: number;
  readonly outAt: number | undefined;
  /** The last route was read back, or given up. */
  readonly awayAt: number | undefined;
  readonly backAt: number | undefined;
  readonly endAt: number;
}

const longest = (holes: readonly Hole[]): number =>
  Math.round(holes.reduce((most, { from, to }) => Math.max(most, to - from), 0) * 10) / 10;

/** A cloud's routers may follow its answer by a moment; what is lost later is the standby's own doing. */
const SETTLE_MS = 1_000;

/** A hole belongs to the stretch in which it began: one that the move began and only the return ended is the move's. */
export const gapsOf = (
  holes: readonly Hole[],
  { outAt, awayAt, backAt, endAt }: Marks,
  intervalMs: number,
): RouteDrillReport['gapMs'] => {
  const split = (backAt ?? endAt) - intervalMs;
  const settled = Math.min((awayAt ?? endAt) + SETTLE_MS, split);
  return {
    out: outAt === undefined ? null : longest(holes.filter(({ from, to }) => to > outAt && from < settled)),
    away:
      outAt === undefined || awayAt === undefined
        ? null
        : longest(holes.filter(({ from }) => from >= settled && from < split)),
    back: backAt === undefined ? null : longest(holes.filter(({ from }) => from >= split)),
  };
};

const seenMs = (leg: Leg | null): number => (leg?.apiMs ?? 0) + (leg?.verifyMs ?? 0);

/** The picture: 0 is the moment when the first write left. */
export const lanesOf = (
  routes: readonly DrilledRoute[],
  holes: readonly Hole[],
  { begunAt, outAt = begunAt, backAt, endAt }: Marks,
): readonly Lane[] => {
  const since = (at: number): number => at - outAt;
  const [from, to] = [since(begunAt), since(endAt)];
  const packets: readonly Stretch[] = holes.map((hole) => ({
    from: since(hole.from),
    to: since(hole.to),
    label: `${Math.round(hole.to - hole.from)} ms`,
    tone: 'bad',
  }));
  return [
    { name: 'packets', stretches: [{ from, to, label: '', tone: 'good' }, ...packets] },
    ...routes.map(({ name, from: home, to: link, out, back }): Lane => {
      const leftAt = out?.status === 'moved' ? seenMs(out) : to;
      const returnedAt = back?.status === 'moved' && backAt !== undefined ? since(backAt) + seenMs(back) : to;
      const parts: readonly Stretch[] = [
        { from, to: leftAt, label: home, tone: 'good' },
        { from: leftAt, to: returnedAt, label: link, tone: 'other' },
        { from: returnedAt, to, label: home, tone: 'good' },
      ];
      return { name, stretches: parts.filter((part) => part.to > part.from) };
    }),
  ];
};

const most = (values: readonly (number | null | undefined)[]): number | null =>
  values.reduce<number | null>((top, value) => (value == null || (top !== null && top >= value) ? top : value), null);

/** The report in the shape of a lab case, for the page. */
export const asCase = ({
  routes,
  passed,
  problems,
  notes,
  gapMs,
  lanes,
  story,
  stranded,
  target,
}: RouteDrillReport): CaseResult => {
  const legs = routes.flatMap(({ out, back }) => [out, back]);
  const away = new Map(stranded.map(({ name, at }) => [name, at ?? 'not known']));
  return {
    name: [...new Set(routes.map(({ name, from, to }) => `${name}: ${from} to ${to} and back`))].join('; '),
    group: 'route',
    invalid: false,
    about: `real routes, with a stream to ${target}; gap there ${gapMs.out ?? '-'} ms, while away ${gapMs.away ?? '-'} ms, back ${gapMs.back ?? '-'} ms`,
    passed,
    problems,
    // The stream of a real drill is ping's: what it counts are round trips.
    roundTripMs: most(Object.values(gapMs)),
    gapMs: null,
    backMs: null,
    pauseMs: null,
    reactMs: null,
    detectMs: null,
    apiMs: most(legs.map((leg) => leg?.apiMs)),
    verifyMs: most(legs.map((leg) => leg?.verifyMs)),
    limitMs: null,
    at: Object.fromEntries(routes.map(({ name, from }) => [name, away.get(name) ?? from])),
    moves: legs.filter((leg) => leg?.status === 'moved').length,
    alerts: [],
    lanes,
    story: [...notes, ...story],
    returnMs: null,
    scene: [],
  };
};
