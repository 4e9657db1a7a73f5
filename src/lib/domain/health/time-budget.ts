import { CALLS_IN_FLIGHT, LIMITS } from '../failover/buckets.ts';

/** What a failover takes in all, ms. Traffic waits for the first two; the third is until we know that it is done. */
export interface TimeBudget {
  readonly detectMs: number;
  readonly apiMs: number;
  readonly verifyMs: number;
  readonly totalMs: number;
}

/** Routes move by three calls with like buckets; one of them stands for all. */
const { size, perSecond } = LIMITS.replace;

/**
 * @param routes destinations to write, over all route tables.
 * @param callMs one call of the API.
 */
export const timeBudget = (detectMs: number, routes: number, callMs: number): TimeBudget => {
  const inFlight = Math.ceil(Math.min(routes, size) / CALLS_IN_FLIGHT) * callMs;
  const throttled = routes > size ? ((routes - size) * 1_000) / perSecond + callMs : 0;
  const apiMs = Math.max(inFlight, throttled);
  const verifyMs = routes === 0 ? 0 : callMs;
  return { detectMs, apiMs, verifyMs, totalMs: detectMs + apiMs + verifyMs };
};
