import type { Sample } from '../core/ports.ts';
import { hearPath, nextLargeMs, startPath, stepPath, verdictOf } from '../domain/health/path.ts';
import { doubtText, type Doubt } from '../domain/health/proof.ts';
import type { Profile } from '../domain/health/profiles.ts';
import type { Evidence, PathVerdict } from '../domain/health/types.ts';
import type { Tally } from './events.ts';

/** Which probes judge what, by the ids of their specs. */
export interface Watched {
  readonly links: readonly {
    readonly link: string;
    readonly probes: readonly string[];
    /** Gateway that they go through, relayed or by routes. */
    readonly relay?: string;
  }[];
  /** Targets beside every path: while they answer, our own way out works. */
  readonly canaries: readonly string[];
}

/** What a sample may have changed; the loop decides at once on `news` and soon on `doubt`. */
export type Change = 'news' | 'doubt' | 'nothing';

export interface Observer {
  sample(id: string, sample: Sample, now: number): Change;
  /** How far apart the target's large probes are due from now on, ms; undefined: it has none, or nobody asks. */
  largeMs(id: string): number | undefined;
  /** What a witness says of a link. */
  evidence(link: string, evidence: Evidence, now: number): Change;
  verdicts(now: number): ReadonlyMap<string, PathVerdict>;
  /** true also where there is no canary to ask: every standby path that answers is one. */
  canary(now: number): boolean;
  /** Smoothed round trip, ms. */
  roundTrip(link: string): number | undefined;
  /** Counted since it was last asked. */
  tally(link: string): Tally;
}

/** A canary answers next door: five probes without an answer, and not less than this, are our own trouble. */
const SHORTEST_CANARY_MS = 500;

/** This many probes of a canary lost in a row, and what was judged meanwhile is not believed … */
const LOST_IN_A_ROW = 3;
/**
 * … until it has answered for so many: a path that was silent together with it takes some 70 answers to be good again,
 * and would be left right when the two are back.
 */
const STEADY_PROBES = 100;

/**
 * A canary's newest answered probe: when it left, when its answer came, and since when none before it was missing; ms.
 */
interface Answered {
  readonly sentAt: number;
  readonly at: number;
  readonly steadySince: number;
}

export const observe = ({ links, canaries }: Watched, profile: Profile): Observer => {
  const paths = new Map(links.map(({ link, probes }) => [link, startPath(link, profile, probes.length)]));
  const byProbe = new Map(
    links.flatMap(({ link, probes }) => probes.map((id, index) => [id, { path: paths.get(link)!, index }] as const)),
  );
  const answered = new Map<string, Answered>();
  /** By link: when the first probe left that was lost since the last reply. */
  const lostFrom = new Map<string, number>();
  /** By probe: why its newest answer proves nothing. A link is doubted when that is so of all its probes. */
  const doubts = new Map<string, Doubt>();
  const doubtOf = (link: string): Doubt | undefined => {
    const own = links.find((one) => one.link === link)?.probes.map((id) => doubts.get(id)) ?? [];
    return own.every((doubt) => doubt !== undefined) ? own[0] : undefined;
  };
  const relays = new Map(links.map(({ link, relay }) => [link, relay ?? 'the gateway']));
  const roundTrips = new Map<string, number>();
  const tallies = new Map<string, { sent: number; lost: number }>();
  const count = (link: string, lost: boolean): void => {
    const tally = tallies.get(link) ?? { sent: 0, lost: 0 };
    tallies.set(link, { sent: tally.sent + 1, lost: tally.lost + (lost ? 1 : 0) });
  };
  const canaryMs = Math.max(SHORTEST_CANARY_MS, 5 * profile.tauMs);
  /**
   * Only an answer to a canary's probe that left after the dead path fell silent says that we could still be heard
   * then. Judged by when probes left, since a busy machine reads answers late: what takes path and canary together
   * would otherwise leave a canary that looks alive just long enough. A probe interval for how well we know when they
   * left.
   */
  const silentSince = (): number =>
    Math.max(-Infinity, ...[...paths.values()].flatMap(({ link, dead }) => (dead ? (lostFrom.get(link) ?? []) : []))) +
    profile.tauMs;

  /** An answer without proof takes the good name at once; that a path is dead was seen before it. */
  const doubted = (verdict: PathVerdict, doubt: Doubt | undefined): PathVerdict =>
    doubt === undefined || verdict.state === 'dead'
      ? verdict
      : { ...verdict, state: 'unknown', suspicion: 0, why: doubtText(doubt, relays.get(verdict.link)!) };

  const heardFrom = (before: Answered | undefined, { at, sentAt = at }: Sample): Answered => {
    const gap = before !== undefined && sentAt - before.sentAt > (LOST_IN_A_ROW + 0.5) * profile.tauMs;
    return { at, sentAt, steadySince: before === undefined ? -Infinity : gap ? sentAt : before.steadySince };
  };

  return {
    sample(id, given, now) {
      // A loss that lay about in our own process before it was told is our lateness, not the path's.
      const sample: Sample =
        given.kind === 'lost' && now - given.at > profile.tauMs / 2 ? { ...given, kind: 'unknown' } : given;
      if (canaries.includes(id)) {
        if (sample.kind === 'reply') answered.set(id, heardFrom(answered.get(id), sample));
        return 'nothing';
      }
      const found = byProbe.get(id);
      if (found === undefined) return 'nothing';
      const { path, index } = found;
      const doubtBefore = doubtOf(path.link);
      if (sample.doubt !== undefined) doubts.set(id, sample.doubt);
      else if (sample.kind === 'reply') doubts.delete(id);
      const judgedAnew = doubtOf(path.link) !== doubtBefore;
      if (sample.rttMs !== undefined)
        roundTrips.set(path.link, 0.875 * (roundTrips.get(path.link) ?? sample.rttMs) + 0.125 * sample.rttMs);
      if (sample.kind !== 'unknown' && sample.size === 'small') count(path.link, sample.kind === 'lost');
      const { dead } = path;
      if (sample.kind === 'reply' && sample.size === 'small') lostFrom.delete(path.link);
      else if (sample.kind === 'lost' && !lostFrom.has(path.link)) lostFrom.set(path.link, sample.sentAt ?? sample.at);
      stepPath(path, profile, index, sample);
      return path.dead !== dead || judgedAnew ? 'news' : sample.kind === 'lost' ? 'doubt' : 'nothing';
    },
    largeMs(id) {
      const found = byProbe.get(id);
      return found === undefined ? undefined : nextLargeMs(found.path, profile, found.index);
    },
    evidence(link, evidence, now) {
      const path = paths.get(link);
      if (path === undefined) return 'nothing';
      const { dead } = path;
      if (!lostFrom.has(link)) lostFrom.set(link, now);
      hearPath(path, profile, evidence);
      return path.dead !== dead ? 'news' : 'doubt';
    },
    verdicts: (now) =>
      new Map([...paths].map(([link, path]) => [link, doubted(verdictOf(path, profile, now), doubtOf(link))])),
    canary(now) {
      const since = silentSince();
      return (
        canaries.length === 0 ||
        [...answered.values()].some(
          ({ sentAt, at, steadySince }) =>
            now - at <= canaryMs && sentAt > since && sentAt - steadySince >= STEADY_PROBES * profile.tauMs,
        )
      );
    },
    roundTrip: (link) => roundTrips.get(link),
    tally(link) {
      const tally = tallies.get(link) ?? { sent: 0, lost: 0 };
      tallies.delete(link);
      return tally;
    },
  };
};
