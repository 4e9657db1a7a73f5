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

interface Holder {
  readonly steady: number;
  buckets: State['buckets'];
}

/**
 * Takes one token. @returns false when there is none: the call waits its turn.
 * A bucket nobody has used yet is taken for empty since `bucketsAt`: it is the account's, not ours, and who held the
 * lease before us may have drained it.
 */
export const take = (state: Holder & Pick<State, 'bucketsAt'>, kind: Action['kind']): boolean => {
  const limit = LIMITS[kind];
  if (limit === undefined) return true;
  const { tokens, at } = state.buckets[kind] ?? { tokens: 0, at: state.bucketsAt };
  const level = Math.min(limit.size, tokens + ((state.steady - at) * limit.perSecond) / 1000);
  if (level < 1) return false;
  state.buckets = { ...state.buckets, [kind]: { tokens: level - 1, at: state.steady } };
  return true;
};

/** Throttled all the same: somebody else draws from the bucket too. */
export const drain = (state: Holder, kind: Action['kind']): void => {
  state.buckets = { ...state.buckets, [kind]: { tokens: 0, at: state.steady } };
};
