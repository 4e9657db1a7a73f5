import type { HealthEvent } from '../monitor/events.ts';
import type { State } from './picture.ts';

/** One look at a link. */
export interface Point {
  /** Wall time, ms. */
  readonly at: number;
  readonly state: State;
  readonly rttMs: number | null;
  /** 0 to 1; null where no probe's fate was known. */
  readonly loss: number | null;
}

/** What plots show, ms. */
export const WINDOW_MS = 600_000;
/** Over so many looks is a link's loss told in figures. */
const RECENT = 10;

type Seen = HealthEvent['links'][number];

/** A dead link's round trip is that of long ago. */
export const pointOf = (at: number, { state, rttMs, probes }: Seen): Point => ({
  at,
  state,
  rttMs: state === 'dead' || rttMs === undefined ? null : rttMs,
  loss: probes === undefined || probes.sent === 0 ? null : probes.lost / probes.sent,
});

/** The points that are still inside the window, with a new one. A clock that was set back begins anew. */
export const withPoint = (points: readonly Point[], point: Point): readonly Point[] => [
  ...points.filter(({ at }) => at > point.at - WINDOW_MS && at < point.at),
  point,
];

export const recentLoss = (points: readonly Point[]): number | null => {
  const known = points.slice(-RECENT).flatMap(({ loss }) => loss ?? []);
  return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0) / known.length;
};
