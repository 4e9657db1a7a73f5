import type { End } from '../../domain/tunnel.ts';

/** Seconds. An SA is rekeyed somewhere in [life - margin - spread, life - margin]. */
export interface RekeyWindow {
  readonly margin: number;
  readonly spread: number;
}

/**
 * When an end rekeys an SA of `life` seconds. The initiator goes between 80 and 90 % of the lifetime, the other end
 * between 95 and 97 % and so only when the initiator did not: two ends that rekey at the same moment collide and leave
 * duplicate SAs behind.
 */
export const rekeyWindow = (life: number, { initiates }: Pick<End, 'initiates'>): RekeyWindow => {
  const percent = (share: number): number => Math.round((life * share) / 100);
  return initiates ? { margin: percent(10), spread: percent(10) } : { margin: percent(3), spread: percent(2) };
};

/**
 * The same window in the words of ipsec.conf, where one margin serves both SAs: taken from the shorter-lived one.
 * `fuzz` is the most by which the margin grows, in percent of it.
 */
export const marginAndFuzz = (
  life: number,
  end: Pick<End, 'initiates'>,
): { readonly margin: number; readonly fuzz: number } => {
  const { margin, spread } = rekeyWindow(life, end);
  return { margin, fuzz: Math.floor((spread * 100) / margin) };
};
