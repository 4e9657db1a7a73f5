import type { PathVerdict } from '../health/types.ts';

/**
 * Marks the links that are down because another tunnel of their box is up (`oneAtATime`). They stay dead for whoever
 * looks for a link to send traffic to; nobody is alarmed and no gateway is stopped for their sake.
 * @param single link names, a list for each box that carries one tunnel at a time.
 */
export const markWaiting = (
  verdicts: ReadonlyMap<string, PathVerdict>,
  single: readonly (readonly string[])[] = [],
): ReadonlyMap<string, PathVerdict> => {
  const waiting = single.flatMap((links) => {
    const carries = links.find((link) => verdicts.get(link)?.state === 'alive');
    if (carries === undefined) return [];
    return links.flatMap((link): (readonly [string, PathVerdict])[] => {
      const verdict = verdicts.get(link);
      const waits = `waits: its router carries one tunnel at a time, and ${carries} is up`;
      return verdict?.state === 'dead' ? [[link, { ...verdict, waits }]] : [];
    });
  });
  return waiting.length === 0 ? verdicts : new Map([...verdicts, ...waiting]);
};

/** A verdict in the words that people and alarms read: a link that waits is not dead. */
export const shownVerdict = ({ waits, ...verdict }: PathVerdict): PathVerdict =>
  waits === undefined ? verdict : { ...verdict, state: 'unknown', suspicion: 0, why: waits };
