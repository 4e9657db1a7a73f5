/** A token bucket: `size` calls at once, refilled at `perSecond`. */
export interface Bucket {
  readonly size: number;
  readonly perSecond: number;
}

/**
 * EC2's request limits per account and region, one bucket an action ("Request throttling for the Amazon EC2 API"):
 * reads 100 and 20/s, mutating calls 50 and 5/s, RunInstances, StartInstances and StopInstances 5 and 2/s.
 */
export const bucketOf = (action: string): Bucket => {
  if (/^(Describe|Get|List)/.test(action)) return { size: 100, perSecond: 20 };
  if (/^(Run|Start|Stop)Instances$/.test(action)) return { size: 5, perSecond: 2 };
  return { size: 50, perSecond: 5 };
};

export interface Throttle {
  /** Takes a token of the action's bucket. @param now ms. @returns false when there is none: the call is refused. */
  take(action: string, now: number, bucket?: Bucket): boolean;
}

export const createThrottle = (): Throttle => {
  const levels = new Map<string, { tokens: number; at: number }>();
  return {
    take(action, now, bucket = bucketOf(action)) {
      const { tokens, at } = levels.get(action) ?? { tokens: bucket.size, at: now };
      const level = Math.min(bucket.size, tokens + (Math.max(0, now - at) / 1000) * bucket.perSecond);
      const granted = level >= 1;
      levels.set(action, { tokens: granted ? level - 1 : level, at: now });
      return granted;
    },
  };
};
