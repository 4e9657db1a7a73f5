/** What a failover takes in all, ms. Traffic waits for the first two; the third is until we know that it is done. */
export interface TimeBudget {
  readonly detectMs: number;
  readonly apiMs: number;
  readonly verifyMs: number;
  readonly totalMs: number;
}

/** EC2's bucket for a mutating call: 50, refilled 5 a second ("Request throttling for the Amazon EC2 API"). */
const BURST = 50;
const REFILL_MS = 200;
/** Route calls in flight, as the monitor and `route failover` make them. */
const WIDTH = 16;

/**
 * @param routes destinations to write, over all route tables.
 * @param callMs one call of the API.
 */
export const timeBudget = (detectMs: number, routes: number, callMs: number): TimeBudget => {
  const inFlight = Math.ceil(Math.min(routes, BURST) / WIDTH) * callMs;
  const throttled = routes > BURST ? (routes - BURST) * REFILL_MS + callMs : 0;
  const apiMs = Math.max(inFlight, throttled);
  const verifyMs = routes === 0 ? 0 : callMs;
  return { detectMs, apiMs, verifyMs, totalMs: detectMs + apiMs + verifyMs };
};
