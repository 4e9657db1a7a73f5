/**
 * A CUSUM with whole-number scores is a Markov chain on 0..limit-1 with an absorbing alarm, so its run length and its
 * delay are solved, not estimated (Brook & Evans 1972, "An approach to the probability distribution of CUSUM run
 * length").
 */
export interface Scores {
  /** Added for a lost probe; positive. */
  readonly lost: number;
  /** Added for a reply; negative. */
  readonly reply: number;
  /** The alarm, and the cap: S never exceeds it, so a long outage leaves no debt. */
  readonly limit: number;
}

/**
 * Expected time from S = 0 to the alarm when every probe is lost with probability `loss`.
 *
 * States are eliminated from the top down without one subtraction (Grassmann, Taksar & Heyman 1985), so that a mean of
 * 10^12 keeps all its digits where plain elimination of a nearly singular matrix would not.
 * @param restMs time until the next probe while S = 0; `suspectMs` while S > 0.
 */
export const meanTimeToAlarm = (
  { lost, reply, limit }: Scores,
  loss: number,
  restMs: number,
  suspectMs = restMs,
): number => {
  if (loss <= 0) return Infinity;
  const down = -reply;
  const rows = Array.from({ length: limit }, () => new Float64Array(limit));
  const alarm = new Float64Array(limit);
  const time = new Float64Array(limit).fill(suspectMs);
  time[0] = restMs;
  for (let state = 0; state < limit; state += 1) {
    const row = rows[state]!;
    if (state + lost >= limit) alarm[state] = loss;
    else row[state + lost] = loss;
    row[Math.max(0, state - down)]! += 1 - loss;
  }
  for (let state = limit - 1; state > 0; state -= 1) {
    const row = rows[state]!;
    const lowest = Math.max(0, state - down);
    let leaving = alarm[state]!;
    for (let to = lowest; to < state; to += 1) leaving += row[to]!;
    for (let from = Math.max(0, state - lost); from < state; from += 1) {
      const other = rows[from]!;
      const share = other[state]! / leaving;
      if (share === 0) continue;
      for (let to = lowest; to < state; to += 1) other[to]! += share * row[to]!;
      alarm[from]! += share * alarm[state]!;
      time[from]! += share * time[state]!;
    }
  }
  return time[0]! / alarm[0]!;
};

/** Beyond this many probes a failure counts as not found: 30 hours at 100 ms would be no detection. */
const MOST_PROBES = 20_000;

/**
 * P(alarm within k probes of a failure) for k = 0, 1, 2 …, from S = 0 (the slowest start), until 99.9 % or `most`.
 * @param loss probability that a probe is lost while the failure lasts.
 */
export const alarmWithin = ({ lost, reply, limit }: Scores, loss: number, most = MOST_PROBES): readonly number[] => {
  let now = new Float64Array(limit);
  now[0] = 1;
  const within = [0];
  for (let probe = 1; probe <= most && within.at(-1)! < 0.999; probe += 1) {
    const next = new Float64Array(limit);
    let alarmed = within.at(-1)!;
    for (let state = 0; state < limit; state += 1) {
      const here = now[state]!;
      if (here === 0) continue;
      if (state + lost >= limit) alarmed += here * loss;
      else next[state + lost]! += here * loss;
      next[Math.max(0, state + reply)]! += here * (1 - loss);
    }
    within.push(alarmed);
    now = next;
  }
  return within;
};
