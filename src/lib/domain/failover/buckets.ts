import type { Action } from './types.ts';
import type { State } from './state.ts';

/**
 * What EC2 allows an account, a bucket per action, refilled per second ("Request throttling for the Amazon EC2 API").
 * Kept here too, because a throttled call costs a backoff just when a route must move.
 */
export const LIMITS: Partial<Record<Action['kind'], { readonly size: number; readonly perSecond: number }>> = {
  read: { size: 100, perSecond: 20 },
  inspect: { size: 100, perSecond: 20 },
  create: { size: 50, perSecond: 5 },
  replace: { size: 50, perSecond: 5 },
  delete: { size: 50, perSecond: 5 },
  stop: { size: 5, perSecond: 2 },
  start: { size: 5, perSecond: 2 },
  'attach-address': { size: 50, perSecond: 5 },
  'clear-source-dest-check': { size: 50, perSecond: 5 },
};

const LIMITED = Object.entries(LIMITS);

/** @param elapsed ms awake since the last decision. */
export const refill = (levels: State['buckets'], elapsed: number): State['buckets'] =>
  Object.fromEntries(LIMITED.map(([kind, { size, perSecond }]) => [kind, Math.min(size, (levels[kind] ?? 0) + (elapsed * perSecond) / 1000)]));

interface Holder {
  buckets: State['buckets'];
}

/** Takes one token. @returns false when there is none: the call waits its turn. */
export const take = (state: Holder, kind: Action['kind']): boolean => {
  const level = state.buckets[kind] ?? 0;
  if (level < 1) return false;
  state.buckets = { ...state.buckets, [kind]: level - 1 };
  return true;
};

/** The buckets are the account's, not ours: after a start, and when another held the lease, nobody knows how full they are. */
export const emptied = (): State['buckets'] => ({});

/** Throttled all the same: somebody else draws from the bucket too. */
export const drain = (state: Holder, kind: Action['kind']): void => {
  state.buckets = { ...state.buckets, [kind]: 0 };
};
