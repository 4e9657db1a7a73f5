import type { Sample } from '../core/ports.ts';
import { hearPath, nextLargeMs, startPath, stepPath, verdictOf } from '../domain/health/path.ts';
import type { Profile } from '../domain/health/profiles.ts';
import type { Evidence, PathVerdict } from '../domain/health/types.ts';

/** Which probes judge what, by the ids of their specs. */
export interface Watched {
  readonly links: readonly { readonly link: string; readonly probes: readonly string[] }[];
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
}

/**
 * A canary counts for two probes and a half, and not less than this. By probes alone a path takes five and more to be judged
 * dead (three in the seeds' rounds): what takes the canary with it is thus known before any route moves for it. Below 50 ms a busy machine
 * reads its replies late, as of the standby.
 */
const SHORTEST_CANARY_MS = 50;

export const observe = ({ links, canaries }: Watched, profile: Profile): Observer => {
  const paths = new Map(links.map(({ link, probes }) => [link, startPath(link, profile, probes.length)]));
  const byProbe = new Map(links.flatMap(({ link, probes }) => probes.map((id, index) => [id, { path: paths.get(link)!, index }] as const)));
  const canaryAt = new Map<string, number>();
  const roundTrips = new Map<string, number>();
  const canaryMs = Math.max(SHORTEST_CANARY_MS, 2.5 * profile.tauMs);

  return {
    sample(id, given, now) {
      // A loss that lay about in our own process before it was told is our lateness, not the path's.
      const sample: Sample = given.kind === 'lost' && now - given.at > profile.tauMs / 2 ? { ...given, kind: 'unknown' } : given;
      if (canaries.includes(id)) {
        if (sample.kind === 'reply') canaryAt.set(id, sample.at);
        return 'nothing';
      }
      const found = byProbe.get(id);
      if (found === undefined) return 'nothing';
      const { path, index } = found;
      if (sample.rttMs !== undefined) roundTrips.set(path.link, 0.875 * (roundTrips.get(path.link) ?? sample.rttMs) + 0.125 * sample.rttMs);
      const { dead } = path;
      stepPath(path, profile, index, sample);
      return path.dead !== dead ? 'news' : sample.kind === 'lost' ? 'doubt' : 'nothing';
    },
    largeMs(id) {
      const found = byProbe.get(id);
      return found === undefined ? undefined : nextLargeMs(found.path, profile, found.index);
    },
    evidence(link, evidence, now) {
      const path = paths.get(link);
      if (path === undefined) return 'nothing';
      const { dead } = path;
      hearPath(path, profile, now, evidence);
      return path.dead !== dead ? 'news' : 'doubt';
    },
    verdicts: (now) => new Map([...paths].map(([link, path]) => [link, verdictOf(path, profile, now)])),
    canary: (now) => canaries.length === 0 || [...canaryAt.values()].some((at) => now - at <= canaryMs),
    roundTrip: (link) => roundTrips.get(link),
  };
};
