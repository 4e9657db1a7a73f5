import type { PathVerdict } from '../health/types.ts';
import type { NextHopGroup } from './policy.ts';
import type { Shown } from './position.ts';
import { FOREIGN, NO_ROUTE, type ManagedRoute, type Timing } from './types.ts';

/** What is known of a next-hop group: of all its links together, since the cloud can't tell them apart. */
export interface Health {
  readonly state: PathVerdict['state'];
  /** Fit to take traffic at once: alive, hardly suspected, and answered within two probes. */
  readonly usable: boolean;
  /** Alive, and good for as long as its hold-down asks: fit to go back to. */
  readonly recovered: boolean;
  readonly suspicion: number;
}

export interface Evidence {
  readonly now: number;
  readonly verdicts: ReadonlyMap<string, PathVerdict>;
  readonly timing: Timing;
  /** Links through a gateway that is being healed. */
  readonly healing: ReadonlySet<string>;
  /** Whether the link has been good for its whole hold-down. */
  readonly held: (link: string) => boolean;
}

/** A standby with a quarter of the evidence against it is no place to flee to (DETECTOR.md, 8). */
const SUSPECT = 1 / 4;

export const healthOf = ({ links }: NextHopGroup, { now, verdicts, timing, healing, held }: Evidence): Health => {
  let alive = false;
  let dead = true;
  let usable = false;
  let recovered = false;
  let suspicion = Infinity;
  for (const { name } of links) {
    const verdict = verdicts.get(name);
    dead &&= verdict?.state === 'dead';
    suspicion = Math.min(suspicion, verdict?.suspicion ?? 0);
    if (verdict?.state !== 'alive') continue;
    alive = true;
    const age = verdict.lastReplyAt === undefined ? Infinity : now - verdict.lastReplyAt;
    const fit = verdict.suspicion < SUSPECT && age >= 0 && age <= 2 * timing.probeMs && !healing.has(name);
    usable ||= fit;
    recovered ||= fit && held(name);
  }
  return { state: alive ? 'alive' : dead ? 'dead' : 'unknown', usable, recovered, suspicion };
};

const whyOf = ({ links }: NextHopGroup, { verdicts }: Evidence): string => {
  if (links.length === 1) return verdicts.get(links[0]!.name)?.why ?? '';
  return links.flatMap(({ name }) => (verdicts.has(name) ? [`${name}: ${verdicts.get(name)!.why}`] : [])).join('; ');
};

export type Choice =
  | { readonly kind: 'stay'; readonly why: string }
  /** The path is dead and there is nowhere to go. */
  | { readonly kind: 'stuck'; readonly why: string }
  | {
      readonly kind: 'go';
      readonly to: number;
      readonly reason: 'dead' | 'no-route' | 'return' | 'pin';
      readonly why: string;
    };

const stay = (why: string): Choice => ({ kind: 'stay', why });

/**
 * Where a route belongs, from where it is.
 * @param position where it is believed to be.
 * @param pin link named by the operator.
 * @param health of each group.
 */
export const choose = (
  route: ManagedRoute,
  position: string,
  shown: Shown,
  groups: readonly NextHopGroup[],
  pin: string | undefined,
  health: readonly Health[],
  evidence: Evidence,
): Choice => {
  if (position === FOREIGN) return stay('its static route points at no link of this site: not ours to touch');
  const possible = (index: number) =>
    groups[index]!.listed && shown.changes[index]!.kind !== 'refuse' && groups[index]!.name !== position;
  const current = groups.findIndex(({ name }) => name === position);

  if (pin !== undefined) return pinned(pin, current, groups, health, possible, evidence);

  const refuge = groups.findIndex((_, index) => possible(index) && health[index]!.usable);
  if (position === NO_ROUTE)
    return refuge < 0
      ? { kind: 'stuck', why: 'no working route and no healthy link' }
      : go(refuge, 'no-route', `nothing carries ${route.destination}`);
  const { state } = health[current]!;
  const why = whyOf(groups[current]!, evidence);
  if (state === 'dead') {
    const down = `${position} is down (${why})`;
    return refuge < 0 ? { kind: 'stuck', why: `${down}; no other link is fit` } : go(refuge, 'dead', down);
  }

  const better = groups.findIndex(
    (group, index) =>
      possible(index) && (index < current || !groups[current]!.listed) && health[index]!.recovered && group.listed,
  );
  if (better >= 0)
    return go(
      better,
      'return',
      `${groups[better]!.name} is preferred and has been good for its hold-down; ${whyOf(groups[better]!, evidence)}`,
    );
  return stay(state === 'unknown' ? `not known: ${why}` : why);
};

/**
 * Where a route belongs that is at one of several places: a propagated route that BGP has withdrawn while a write was
 * being tried again, or before we had read for long, must not wait for reads to agree when its path is dead. It goes
 * only where each of these places would send it, and only by a create: the cloud refuses that where a static route
 * stands, so that a stale read can neither overwrite anything nor flip.
 * @param maybe where it was when we last said so, then where else it may be; a write that was not answered may have
 * brought it there already.
 */
export const chooseInDoubt = (
  route: ManagedRoute,
  maybe: readonly string[],
  shown: Shown,
  groups: readonly NextHopGroup[],
  pin: string | undefined,
  health: readonly Health[],
  evidence: Evidence,
): Choice => {
  const doubt = stay('its position is not settled yet');
  // A link that is no longer in the site file.
  if (
    maybe.length === 0 ||
    !maybe.every(
      (position) => position === NO_ROUTE || position === FOREIGN || groups.some(({ name }) => name === position),
    )
  )
    return doubt;
  // Only BGP takes a route away, or brings one back, without a write. Any other difference may be a move that its
  // author did not live to tell (an override deleted while the lease's store was away): left now, it would never be
  // reported.
  if (shown.position !== NO_ROUTE && maybe[0] !== NO_ROUTE) return doubt;
  const [said, ...others] = maybe.map((position) => ({
    position,
    choice: choose(route, position, shown, groups, pin, health, evidence),
  }));
  const wanted = said!.choice;
  if (wanted.kind !== 'go' || shown.changes[wanted.to]!.kind !== 'create') return doubt;
  return others.every(({ position, choice }) => leadsTo(wanted.to, position, choice, groups)) ? wanted : doubt;
};

const leadsTo = (to: number, position: string, choice: Choice, groups: readonly NextHopGroup[]) =>
  position === groups[to]!.name || (choice.kind === 'go' && choice.to === to);

/**
 * Where a route belongs that is read where we said, while a write that was not answered may have moved it since: the
 * read may be stale. To assert that write again does no harm. Anything else waits until a read can't be stale any more:
 * moved on from a place that nobody saw it at, it would have moved twice and been reported once.
 */
export const chooseAfterUnclear = (
  route: ManagedRoute,
  position: string,
  maybe: readonly string[],
  ...rest: readonly [Shown, readonly NextHopGroup[], string | undefined, readonly Health[], Evidence]
): Choice => {
  const wanted = choose(route, position, ...rest);
  const [, groups] = rest;
  if (wanted.kind !== 'go' || maybe.every((aim) => aim === groups[wanted.to]!.name)) return wanted;
  return stay('a write that was not answered may have moved it');
};

const go = (to: number, reason: 'dead' | 'no-route' | 'return' | 'pin', why: string): Choice => ({
  kind: 'go',
  to,
  reason,
  why,
});

/**
 * A pin is the operator's word: it overrules order and hold-down, but does not send traffic into a path judged dead.
 */
const pinned = (
  pin: string,
  current: number,
  groups: readonly NextHopGroup[],
  health: readonly Health[],
  possible: (index: number) => boolean,
  evidence: Evidence,
): Choice => {
  const to = groups.findIndex(({ links }) => links.some(({ name }) => name === pin));
  if (to === current && to >= 0)
    return health[to]!.state === 'dead'
      ? { kind: 'stuck', why: `pinned to ${pin}, which is down (${whyOf(groups[to]!, evidence)})` }
      : stay(`pinned to ${pin}`);
  if (to < 0 || !possible(to)) return stay(`pinned to ${pin}, which can't carry it`);
  return health[to]!.usable
    ? go(to, 'pin', `pinned to ${pin}`)
    : stay(`pinned to ${pin}, which is not fit to carry it yet`);
};
