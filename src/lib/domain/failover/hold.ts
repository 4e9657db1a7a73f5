import type { PathVerdict } from '../health/types.ts';
import type { LinkMemory, State } from './state.ts';
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
      const { state, waits } = verdicts.get(name) ?? {};
      if (state === 'dead')
        return [name, { goodFor: 0, deadFor: waits === undefined ? deadFor + elapsed : 0, alive: false, counted }];
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

/** A link that has been good for `forgiveMs` since its last death starts afresh. */
export const forgive = (
  holds: Journal['holds'],
  links: Readonly<Record<string, LinkMemory>>,
  { forgiveMs }: Timing,
): Journal['holds'] => {
  const kept = Object.entries(holds).filter(([link]) => (links[link]?.goodFor ?? 0) < forgiveMs);
  return kept.length === Object.keys(holds).length ? holds : Object.fromEntries(kept);
};

/** What is left of the hold-down of a link that was left, ms; 0: traffic may return to it. */
export const holdLeft = ({ journal, links }: Pick<State, 'journal' | 'links'>, link: string, timing: Timing): number =>
  journal.holds[link] === undefined ? 0 : Math.max(0, holdOf(journal, link, timing) - (links[link]?.goodFor ?? 0));
