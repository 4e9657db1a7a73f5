import type { Site } from '../site.ts';
import { DEFAULT_BUDGET, RATES, type ProfileName } from './profiles.ts';
import { YEAR_MS } from './threshold.ts';

/** How a box's own tunnel watch asks and decides. */
export interface WatchPace {
  /** Between two pings, ms. */
  readonly everyMs: number;
  /** Pings in a row without any answer, after which a tunnel is dead. */
  readonly lost: number;
  /** Answers after which it is alive again; an unanswered ping takes five of them back. */
  readonly good: number;
  /** From the failure until the routes leave: at least, and at most; ms. */
  readonly withinMs: readonly [number, number];
}

/** Assumed until the site file says more, as "route tune" does. */
export const ASSUMED_PATH = { rttMs: 30, lossPercent: 5 } as const;
/** Rounds of three pings, a second apart: the field documents' own pace. */
const LEGACY_MS = 1_000;
/** A path that came back is left alone for this long first: a line that flaps would else take the routes along. */
const GOOD_MS = 2_000;
const GOOD_LEAST = 10;

/**
 * The shortest run of losses that independent losses of the ordinary rate p bring about at most `budget` times a year:
 * (year / interval) (1 - p) p^n. Two lost packets are an everyday burst, whatever a good path promises.
 */
export const lossesInARow = (
  { monitor }: Pick<Site, 'monitor'>,
  everyMs: number,
  lossPercent: number = ASSUMED_PATH.lossPercent,
  budget: number = monitor?.budget ?? DEFAULT_BUDGET,
): number => {
  const p = Math.min(0.5, Math.max(0.001, lossPercent / 100));
  return Math.max(3, Math.ceil(Math.log(((1 - p) * YEAR_MS) / everyMs / budget) / Math.log(1 / p)));
};

/**
 * The pace that belongs to the site's level. A shell script counts losses in a row (`lossesInARow`). `ping -O` calls
 * a ping unanswered when the next one is sent: on a path longer than the interval that is too early by as many pings as
 * are under way, which are added.
 * @param tunnel name; the link over it may say its round trip and loss.
 * @param given in place of what the site file says.
 */
export const watchPace = (
  site: Pick<Site, 'monitor' | 'links'>,
  tunnel: string,
  given: Partial<Record<'rttMs' | 'lossPercent' | 'budget', number | undefined>> & {
    readonly profile?: ProfileName;
  } = {},
): WatchPace => {
  const { monitor, links } = site;
  const probe = links.find((link) => link.kind === 'vpn' && link.tunnel === tunnel)?.probe;
  const profile = given.profile ?? monitor?.profile ?? 'default';
  const everyMs = profile === 'legacy' ? LEGACY_MS : RATES[profile].tauMs;
  const lost =
    lossesInARow(site, everyMs, given.lossPercent ?? probe?.loss_percent, given.budget) +
    Math.floor((given.rttMs ?? probe?.rtt_ms ?? ASSUMED_PATH.rttMs) / everyMs);
  return {
    everyMs,
    lost,
    good: Math.max(GOOD_LEAST, Math.ceil(GOOD_MS / everyMs)),
    withinMs: [lost * everyMs, (lost + 1) * everyMs],
  };
};
