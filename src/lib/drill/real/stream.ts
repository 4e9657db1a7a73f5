import type { Prober, ProbeSpec, Sample } from '../../core/ports.ts';
import type { Profile } from '../../domain/health/profiles.ts';
import type { PathVerdict } from '../../domain/health/types.ts';
import { observe, type Watched } from '../../monitor/observe.ts';

/**
 * A stretch in which probes were lost, by the times at which the answered ones around it were sent; ms on the samples'
 * clock.
 */
export interface Hole {
  readonly from: number;
  readonly to: number;
  readonly lost: number;
}

export interface StreamCounts {
  readonly replies: number;
  readonly lost: number;
  /** Our own fault, such as a loop that was late: they count as neither. */
  readonly unknown: number;
}

export interface Watching {
  /** Since the last answer, or since the start. */
  silentMs(): number;
  /** When the newest answered probe was sent. */
  answeredAt(): number | undefined;
  holes(): readonly Hole[];
  counts(): StreamCounts;
  verdict(link: string): PathVerdict | undefined;
  stop(): Promise<void>;
}

export interface WatchOptions {
  readonly stream: ProbeSpec;
  readonly probes: readonly ProbeSpec[];
  readonly watched: Watched;
  readonly profile: Profile;
  /** The samples' clock, ms. */
  readonly now: () => number;
}

/** Holes between answered probes, and the one at the end that nothing has ended yet. Pure; unknown probes make none. */
export const holesOf = (answered: readonly number[], lost: readonly number[], now: number): readonly Hole[] => {
  const [replies, losses] = [[...answered].sort((a, b) => a - b), [...lost].sort((a, b) => a - b)];
  const holes: Hole[] = [];
  let at = 0;
  // Losses before the first answer are no hole: nothing says that it carried before.
  while (at < losses.length && losses[at]! < (replies[0] ?? Number.POSITIVE_INFINITY)) at += 1;
  for (let index = 0; index < replies.length; index += 1) {
    const next = replies[index + 1];
    const first = at;
    while (at < losses.length && (next === undefined || losses[at]! < next)) at += 1;
    if (at > first) holes.push({ from: replies[index]!, to: next ?? now, lost: at - first });
  }
  return holes;
};

/**
 * One stream across the routes that move and the probes of the links they move to, at once.
 *
 * The stream is made of round trips, since only this end is ours: a hole is there and back. Where the new path is
 * slower, its first answers come after the deadline that the old one has taught, so a hole is at most too long, never
 * too short.
 */
export const watchRoutes = (prober: Prober, { stream, probes, watched, profile, now }: WatchOptions): Watching => {
  const observer = observe(watched, profile);
  const answered: number[] = [];
  const lost: number[] = [];
  let unknown = 0;
  let heardAt = now();
  let newest: number | undefined;
  const take = ({ at, sentAt = at, kind }: Sample): void => {
    if (kind === 'unknown') unknown += 1;
    else if (kind === 'lost') lost.push(sentAt);
    else {
      answered.push(sentAt);
      heardAt = Math.max(heardAt, at);
      newest = Math.max(newest ?? sentAt, sentAt);
    }
  };
  const running = prober.start([stream, ...probes], (id, sample) =>
    id === stream.id ? take(sample) : void observer.sample(id, sample, now()),
  );
  return {
    silentMs: () => now() - heardAt,
    answeredAt: () => newest,
    holes: () => holesOf(answered, lost, now()),
    counts: () => ({ replies: answered.length, lost: lost.length, unknown }),
    verdict: (link) => observer.verdicts(now()).get(link),
    stop: () => running.stop(),
  };
};
