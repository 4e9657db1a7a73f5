/** Ends the calls of a command that was told to stop. */
export interface Patience {
  /** Fires `GRACE_MS` after the user's signal. */
  readonly signal: AbortSignal;
  /** What follows undoes what was made: its calls may take their time. Does nothing once the signal has fired. */
  renew(): void;
}

/** A call under way may still answer: then it is known what it changed. A service that is silent ends within it, ms. */
const GRACE_MS = 1_500;

/** @param asked fires when the user wants the command to end */
export const patienceOf = (asked: AbortSignal): Patience => {
  const over = new AbortController();
  let renewed = false;
  const begin = (): void => {
    if (!renewed) setTimeout(() => renewed || over.abort(asked.reason), GRACE_MS).unref();
  };
  if (asked.aborted) begin();
  else asked.addEventListener('abort', begin, { once: true });
  return { signal: over.signal, renew: () => void (renewed = true) };
};
