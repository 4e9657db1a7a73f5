import type { PathVerdict } from '../health/types.ts';
import type { LinkMemory } from './state.ts';
import type { Journal, Policy, Timing } from './types.ts';

const NEW_LINK: LinkMemory = { goodFor: 0, deadFor: 0, alive: false, counted: false };

/**
 * How long each link has been good, and how long dead. Good time ends with a death and pauses while unknown: our own
 * doubts are neither merit nor fault of the path.
 * @param elapsed ms awake since the last decision.
 */
export const watchLinks = (
  links: Readonly<Record<string, LinkMemory>>,
  verdicts: ReadonlyMap<string, PathVerdict>,
  elapsed: number,
  { links: all }: Policy,
): Readonly<Record<string, LinkMemory>> =>
  Object.fromEntries(
    all.map(({ name }) => {
      const { goodFor, deadFor, alive: before, counted } = links[name] ?? NEW_LINK;
      const state = verdicts.get(name)?.state;
      if (state === 'dead') return [name, { goodFor: 0, deadFor: deadFor + elapsed, alive: false, counted }];
      // The time before it was first seen alive again is not its merit.
      const alive = state === 'alive';
      return [
        name,
        {
          goodFor: alive && before ? goodFor + elapsed : goodFor,
          deadFor: 0,
          alive,
          counted: counted && state !== 'alive',
        },
      ];
    }),
  );

/** The hold-down a link must serve before traffic returns to it. */
export const holdOf = ({ holds }: Journal, link: string, { holdFirstMs }: Timing): number => holds[link] ?? holdFirstMs;

/** A link was left: the next hold-down is twice the last, unless it had behaved in between (`forgive`). */
export const relapse = (
  holds: Journal['holds'],
  link: string,
  { holdFirstMs, holdMostMs }: Timing,
): Journal['holds'] => {
  const last = holds[link];
  return { ...holds, [link]: last === undefined ? holdFirstMs : Math.min(2 * last, holdMostMs) };
};

/** Five times its hold-down without a death, and a link starts afresh: flaps are close together, accidents are not. */
export const forgive = (holds: Journal['holds'], links: Readonly<Record<string, LinkMemory>>): Journal['holds'] => {
  const kept = Object.entries(holds).filter(([link, ms]) => (links[link]?.goodFor ?? 0) < 5 * ms);
  return kept.length === Object.keys(holds).length ? holds : Object.fromEntries(kept);
};
