import type { Site } from '../site.ts';
import { ASSUMED_PATH, lossesInARow } from './watch-pace.ts';

/** An IP SLA of a Cisco router, and the track that turns it into a route. */
export interface SlaPace {
  /** Between two probes, s: IOS takes 1 at least ("frequency (IP SLA)", IP SLAs command reference). */
  readonly frequency: number;
  /**
   * A probe without an answer is lost after this, ms. IOS refuses a timeout above the frequency, and a threshold above
   * the timeout: so the threshold, which starts at 5000, is set first, and the frequency last.
   */
  readonly timeoutMs: number;
  /** How often the track looks at the SLA, s: 5 unless "track timer ip sla" says otherwise, 1 at least. */
  readonly lookEvery: number;
  /** Lost probes go on for this long before the route leaves, s. */
  readonly delayDown: number;
  /** From the failure until the route leaves: at least, and at most; ms. */
  readonly withinMs: readonly [number, number];
}

/** A late answer of a loaded path must not count as lost. */
const SHORTEST_TIMEOUT_MS = 500;
const FREQUENCY_S = 1;
const LOOK_EVERY_S = 1;

/** As fast as IOS allows, and no faster than the site's budget of false failovers at ordinary loss. */
export const slaPace = (
  site: Pick<Site, 'monitor' | 'links'>,
  tunnel: string,
  given: Partial<Record<'rttMs' | 'lossPercent' | 'budget', number | undefined>> = {},
): SlaPace => {
  const probe = site.links.find((link) => link.kind === 'vpn' && link.tunnel === tunnel)?.probe;
  const everyMs = FREQUENCY_S * 1_000;
  const rttMs = given.rttMs ?? probe?.rtt_ms ?? ASSUMED_PATH.rttMs;
  const timeoutMs = Math.round(Math.min(everyMs, Math.max(SHORTEST_TIMEOUT_MS, 4 * rttMs)));
  const lost = lossesInARow(site, everyMs, given.lossPercent ?? probe?.loss_percent, given.budget);
  // The first lost probe takes the track down, the others must follow within its delay.
  const delayDown = (lost - 1) * FREQUENCY_S;
  const least = timeoutMs + delayDown * 1_000;
  return {
    frequency: FREQUENCY_S,
    timeoutMs,
    lookEvery: LOOK_EVERY_S,
    delayDown,
    withinMs: [least, least + everyMs + LOOK_EVERY_S * 1_000],
  };
};
