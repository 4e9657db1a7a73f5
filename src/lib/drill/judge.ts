import { DEFAULT_TIMING } from '../domain/failover/policy.ts';
import type { MonitorEvent, MoveEvent } from '../monitor/events.ts';
import { limitOf } from './cases.ts';
import { timelineOf, type LogLine } from './timeline.ts';
import type { CaseResult, DrillCase, DrillProfile, Lane, Stretch } from './types.ts';

/** What was seen of one case. Times are ms since the epoch, as the monitor's events have them. */
export interface Seen {
  readonly faultAt: number;
  /** The fault was taken back, or the watch was over. */
  readonly endAt: number;
  /** When every table was seen at its link; undefined: never. */
  readonly settledAt: number | undefined;
  readonly positions: Readonly<Record<string, string>>;
  readonly events: readonly MonitorEvent[];
  /** To the office. Infinity: no packet arrived. */
  readonly longestGapMs: number;
  /** The longest time without an echo. Infinity: none came back. */
  readonly roundTripMs: number;
  /** The longest time in which echoes were lost on their way back. */
  readonly backMs: number;
  /** The sender's own longest pause, ms. */
  readonly pauseMs: number;
  readonly gaps: readonly { readonly from: number; readonly ms: number }[];
  readonly streamFrom: number;
  readonly streamTo: number;
  /** Exit code of the monitor at its stop. */
  readonly exitCode: number | null;
  /** What the lab's own process told. */
  readonly lab: readonly LogLine[];
  /**
   * The way back, where it is watched: since when the fault was over, when every table was home, packets lost from
   * there on.
   */
  readonly back:
    | {
        readonly from: number;
        readonly settledAt: number | undefined;
        readonly at: Readonly<Record<string, string>>;
        readonly lost: number;
      }
    | undefined;
}

/**
 * Both paths are alive when traffic returns, and the route is replaced in one step; a busy machine drops a packet or
 * two all by itself.
 */
const LOST_AT_RETURN = 5;
/** Verdict and move are told by the wall clock, the hold-down is counted by a steady one. */
const CLOCK_MS = 50;

/**
 * Whether the machine was too busy to measure: the stream's sender, which has real-time priority, itself paused for a
 * tenth of the limit or longer, so whatever ran beside it may have stood still for much longer.
 * @param limitMs longest reaction allowed; by default that of a case in which nothing is to happen.
 */
export const isTooBusy = (pauseMs: number, limitMs = 1_000): boolean => pauseMs >= limitMs / 10;

/** What is wrong with the way back: once a table, home, after the hold-down, without a hole. */
const backProblems = (
  link: (table: string) => string,
  events: readonly MonitorEvent[],
  { from, at, lost }: NonNullable<Seen['back']>,
): readonly string[] => {
  const hold = DEFAULT_TIMING.holdFirstMs;
  const moves = events.filter(
    (event): event is MoveEvent => event.kind === 'move' && event.outcome === 'done' && event.at >= from,
  );
  return [
    ...Object.entries(at).flatMap(([table, where]) =>
      where === link(table) ? [] : [`${table} did not return: it is on ${where}, not on ${link(table)}`],
    ),
    ...Object.keys(at).flatMap((table) => {
      const own = moves.filter((move) => move.table === table);
      const alive = events.findLast(
        (event) =>
          event.kind === 'verdict' &&
          event.link === link(table) &&
          event.to === 'alive' &&
          event.at <= (own[0]?.at ?? Infinity),
      );
      const early =
        own[0] !== undefined && alive !== undefined && own[0].at - alive.at < hold - CLOCK_MS
          ? [
              `${table} returned ${Math.round(own[0].at - alive.at)} ms after ${link(table)} was alive again, the hold-down is ${hold}`,
            ]
          : [];
      return [...(own.length > 1 ? [`${table} moved ${own.length} times on the way back, one is due`] : []), ...early];
    }),
    ...(lost > LOST_AT_RETURN ? [`${lost} packets were lost on the way back, where both paths were alive`] : []),
  ];
};

/** Gaps of single lost packets are noise in the picture. */
const DRAWN_GAP_MS = 10;
const round = (value: number | undefined): number | null =>
  value === undefined || !Number.isFinite(value) ? null : Math.round(value * 10) / 10;
const most = (values: readonly (number | undefined)[]): number | undefined =>
  values.reduce((top, value) => (value === undefined || (top !== undefined && top >= value) ? top : value), undefined);

/** Whole state of a lane by its changes. */
const stretches = (
  changes: readonly { readonly at: number; readonly label: string; readonly tone: Stretch['tone'] }[],
  from: number,
  to: number,
): readonly Stretch[] =>
  changes.flatMap(({ at, label, tone }, index) => {
    const start = Math.max(at, from);
    const end = Math.min(changes[index + 1]?.at ?? to, to);
    return end > start ? [{ from: start, to: end, label, tone }] : [];
  });

const TONES = { alive: 'good', dead: 'bad', unknown: 'unknown' } as const;

const lanesOf = ({ expects }: DrillCase, seen: Seen, preferred: Readonly<Record<string, string>>): readonly Lane[] => {
  const { faultAt, endAt, events, gaps, streamFrom, streamTo, back } = seen;
  const since = (at: number): number => at - faultAt;
  const from = since(streamFrom);
  const to = since(Math.max(streamTo, endAt));
  const holes = gaps
    .filter(({ ms }) => ms >= DRAWN_GAP_MS)
    .map(
      ({ from: at, ms }): Stretch => ({
        from: since(at),
        to: since(at + ms),
        label: `${Math.round(ms)} ms`,
        tone: 'bad',
      }),
    );
  const verdicts = events.filter((event) => event.kind === 'verdict');
  const moves = events.filter((event): event is MoveEvent => event.kind === 'move' && event.outcome === 'done');
  return [
    { name: 'fault', stretches: [{ from: 0, to: since(back?.from ?? endAt), label: 'fault', tone: 'bad' }] },
    { name: 'packets', stretches: [{ from, to: since(streamTo), label: '', tone: 'good' }, ...holes] },
    ...[...new Set(verdicts.map(({ link }) => link))].map(
      (link): Lane => ({
        name: link,
        stretches: stretches(
          verdicts
            .filter((event) => event.link === link)
            .map(({ at, to: state }) => ({ at: since(at), label: state, tone: TONES[state] })),
          from,
          to,
        ),
      }),
    ),
    ...Object.keys({ ...preferred, ...expects.at }).map((table): Lane => {
      const changes = moves
        .filter((event) => event.table === table)
        .map(({ at, verifyMs = 0, to: link }) => ({ at: since(at - verifyMs), label: link, tone: 'other' as const }));
      return {
        name: table,
        stretches: stretches([{ at: from, label: preferred[table] ?? '', tone: 'good' }, ...changes], from, to),
      };
    }),
  ];
};

/**
 * What came of a case, and every reason why it fails. Pure.
 * @param before link of every table when the fault set in.
 * @param names table name by id, since events have ids.
 */
export const judge = (
  drill: DrillCase,
  profile: DrillProfile,
  given: Seen,
  before: Readonly<Record<string, string>>,
  names: ReadonlyMap<string, string>,
): CaseResult => {
  const events = given.events.map((event) =>
    event.kind === 'move' ? { ...event, table: names.get(event.table) ?? event.table } : event,
  );
  const seen = { ...given, events };
  const { expects } = drill;
  const limit = limitOf(profile, expects);
  const { back } = seen;
  const after = events.filter(({ at }) => at >= seen.faultAt);
  const moves = after.filter((event): event is MoveEvent => event.kind === 'move');
  const done = moves.filter(({ outcome }) => outcome === 'done');
  const alerts = [
    ...new Map(
      after.flatMap((event) => (event.kind === 'alert' ? [[event.alert.id, event.alert.kind] as const] : [])),
    ).values(),
  ];
  const reactMs = seen.settledAt === undefined || limit === undefined ? undefined : seen.settledAt - seen.faultAt;
  const problems = [
    ...Object.entries(expects.at).flatMap(([table, link]) =>
      seen.positions[table] === link ? [] : [`${table} is on ${seen.positions[table] ?? 'nothing'}, not on ${link}`],
    ),
    ...(limit === undefined && moves.length > 0 ? [`moved, and nothing was to move: ${moves[0]!.because}`] : []),
    ...(limit !== undefined && reactMs !== undefined && reactMs > limit
      ? [`took ${Math.round(reactMs)} ms (limit ${limit} ms)`]
      : []),
    ...(limit !== undefined && expects.silences && seen.longestGapMs > limit
      ? [`no packet for ${Math.round(seen.longestGapMs)} ms (limit ${limit} ms)`]
      : []),
    ...(expects.mostMoves !== undefined && done.length > expects.mostMoves
      ? [`${done.length} moves, at most ${expects.mostMoves} are due`]
      : []),
    ...expects.alerts.flatMap((kind) =>
      alerts.some((one) => one === kind || (kind === 'moved' && one === 'found')) ? [] : [`no alert "${kind}" came`],
    ),
    ...(back === undefined ? [] : backProblems((table) => before[table] ?? '', events, back)),
    ...(seen.exitCode === 0 ? [] : [`the monitor ended with ${seen.exitCode ?? 'a signal'}`]),
  ];
  return {
    name: drill.name,
    group: drill.group,
    about: drill.about,
    passed: problems.length === 0,
    invalid: problems.length > 0 && seen.exitCode === 0 && isTooBusy(seen.pauseMs, limit),
    problems,
    roundTripMs: round(seen.roundTripMs),
    gapMs: round(seen.longestGapMs),
    backMs: round(seen.backMs),
    pauseMs: round(seen.pauseMs),
    reactMs: round(reactMs),
    detectMs: round(most(done.map(({ detectMs }) => detectMs))),
    apiMs: round(most(done.map(({ apiMs }) => apiMs))),
    verifyMs: round(most(done.map(({ verifyMs }) => verifyMs))),
    limitMs: limit ?? null,
    at: seen.positions,
    moves: done.length,
    alerts,
    lanes: lanesOf(drill, seen, before),
    returnMs: round(back?.settledAt === undefined ? undefined : back.settledAt - back.from),
    story: timelineOf(events, seen.lab, seen.faultAt, problems.length > 0, names),
    scene: [],
  };
};
