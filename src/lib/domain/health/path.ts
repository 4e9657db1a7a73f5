import { hear, largeDueMs, startTarget, stepTarget, type Target } from './detector.ts';
import type { Profile } from './profiles.ts';
import { startRounds, stepRounds, type Rounds } from './rounds.ts';
import type { Evidence, Health, PathVerdict, Sample } from './types.ts';

type Judged =
  | { readonly kind: 'cusum'; readonly health: Target }
  | { readonly kind: 'rounds'; readonly health: Rounds };

/** One link with its targets. Plain data, changed in place. */
export interface Path {
  readonly link: string;
  readonly targets: readonly Judged[];
  dead: boolean;
}

export const startPath = (link: string, { kind }: Profile, targets: number): Path => ({
  link,
  targets: Array.from(
    { length: targets },
    (): Judged => (kind === 'cusum' ? { kind, health: startTarget() } : { kind, health: startRounds() }),
  ),
  dead: false,
});

/** A sample of the target with that index. */
export const stepPath = (path: Path, profile: Profile, index: number, sample: Sample): void => {
  const target = path.targets[index]!;
  if (profile.kind === 'cusum' && target.kind === 'cusum') stepTarget(target.health, profile, sample);
  else if (profile.kind === 'rounds' && target.kind === 'rounds') stepRounds(target.health, profile, sample);
  settle(path);
};

/** What others saw of the path. The rounds of the 3-ping loop listen to nobody. */
export const hearPath = (path: Path, profile: Profile, evidence: Evidence): void => {
  for (const target of path.targets)
    if (profile.kind === 'cusum' && target.kind === 'cusum') hear(target.health, profile, evidence);
  settle(path);
};

/** How soon the next large probe to a target is due after the last, ms; undefined: this detector sends none. */
export const nextLargeMs = (path: Path, profile: Profile, index: number): number | undefined => {
  const target = path.targets[index]!;
  return profile.kind === 'cusum' && target.kind === 'cusum' ? largeDueMs(target.health, profile) : undefined;
};

/**
 * Silence of our own: no sample that counted for so long says nothing about the path, only about us. Ten probes, at
 * least a second: a busy machine's worst pause is shorter.
 */
const staleMs = ({ tauMs }: Profile): number => Math.max(1_000, 10 * tauMs);

/** @param now ms on the samples' clock. */
export const verdictOf = (path: Path, profile: Profile, now: number): PathVerdict => {
  const known = knownOf(path);
  const fresh = known.filter(
    ({ seenAt, cause }) =>
      cause === 'link-down' || (seenAt !== undefined && now >= seenAt && now - seenAt <= staleMs(profile)),
  );
  const living = fresh.filter(({ dead }) => !dead);
  const replies = known.flatMap(({ lastReplyAt }) => (lastReplyAt === undefined ? [] : [lastReplyAt]));
  const lastReplyAt = replies.length === 0 ? undefined : Math.max(...replies);
  const state =
    fresh.length === 0
      ? 'unknown'
      : path.dead
        ? 'dead'
        : living.length > 0 && lastReplyAt !== undefined
          ? 'alive'
          : 'unknown';
  const suspicion =
    state === 'dead' ? 1 : living.length === 0 ? 0 : Math.min(...living.map((health) => health.suspicion));
  return { link: path.link, state, suspicion, lastReplyAt, why: whyOf(path, state, fresh, now) };
};

const knownOf = ({ targets }: Path): readonly Health[] =>
  targets.map(({ health }) => health).filter(({ seenAt, dead }) => seenAt !== undefined || dead);

/**
 * Follows the path's deaths and returns. One silent target among several is that target's own fault: only when all are
 * dead is the path. A living one that we have lost sight of keeps its say, or our own fault would kill the path.
 */
const settle = (path: Path): void => {
  const known = knownOf(path);
  path.dead = known.length > 0 && known.every((health) => health.dead);
};

const percent = ({ lost, sent }: Health): string => `${lost} of ${sent} probes lost`;

const causeText = (health: Health, now: number): string => {
  const silent =
    health.lastReplyAt === undefined ? 'no reply yet' : `no reply for ${Math.round(now - health.lastReplyAt)} ms`;
  switch (health.cause) {
    case 'blackhole':
      return health.lastReplyAt === undefined
        ? `no reply yet, ${percent(health)}`
        : `${percent(health)} in ${Math.round(now - health.lastReplyAt)} ms`;
    case 'gray':
      return `gray failure: ${percent(health)} since it was suspected`;
    case 'pmtu':
      return 'PMTU hole: large packets are lost, small ones pass';
    case 'link-down':
      return 'link down';
    case 'rounds':
      return `no answer to a whole round of pings, ${silent}`;
    case undefined:
      return percent(health);
  }
};

const whyOf = (path: Path, state: PathVerdict['state'], fresh: readonly Health[], now: number): string => {
  if (state === 'unknown')
    return fresh.length === 0
      ? 'no probe of ours came to a result lately'
      : 'no reply yet, or none of the targets that answered was probed lately';
  if (state === 'dead') return causeText(fresh[0]!, now);
  const silent = fresh.filter(({ dead }) => dead).length;
  if (silent > 0) return `${silent} of ${path.targets.length} targets silent, the path carries: a fault of the target`;
  const worst = fresh.reduce((a, b) => (b.suspicion > a.suspicion ? b : a));
  return worst.suspicion === 0 ? 'carries' : `carries, ${percent(worst)} since it was suspected`;
};
