import type { Action } from './types.ts';
import type { State } from './state.ts';

/**
 * What EC2 allows an account, a bucket per action, refilled per second ("Request throttling for the Amazon EC2 API").
 * Kept here too, because a throttled call costs a backoff just when a route must move.
 */
export const LIMITS = {
  read: { size: 100, perSecond: 20 },
  inspect: { size: 100, perSecond: 20 },
  create: { size: 50, perSecond: 5 },
  replace: { size: 50, perSecond: 5 },
  delete: { size: 50, perSecond: 5 },
  stop: { size: 5, perSecond: 2 },
  start: { size: 5, perSecond: 2 },
  'attach-address': { size: 50, perSecond: 5 },
  'clear-source-dest-check': { size: 50, perSecond: 5 },
} as const satisfies Partial<Record<Action['kind'], { readonly size: number; readonly perSecond: number }>>;

/** Calls in flight: enough to move 50 routes within a second, few enough to keep the order of priority. */
export const CALLS_IN_FLIGHT = 16;

/** Whoever counts calls. `steady` is the time now, ms on any scale that does not go back. */
export interface Holder {
  readonly steady: number;
  buckets: State['buckets'];
  /**
   * A bucket nobody has used yet is taken for empty since then: it is the account's, not ours, and who held the lease
   * before us may have drained it. A command that is called once says -Infinity, which makes it full.
   */
  readonly bucketsAt: number;
}

const limitOf = (kind: Action['kind']) =>
  (LIMITS as Partial<Record<Action['kind'], { readonly size: number; readonly perSecond: number }>>)[kind];

const levelOf = (state: Holder, kind: Action['kind'], limit: { readonly size: number; readonly perSecond: number }) => {
  const { tokens, at } = state.buckets[kind] ?? { tokens: 0, at: state.bucketsAt };
  return Math.min(limit.size, tokens + ((state.steady - at) * limit.perSecond) / 1000);
};

/** Takes one token. @returns false when there is none: the call waits its turn. */
export const take = (state: Holder, kind: Action['kind']): boolean => {
  const limit = limitOf(kind);
  if (limit === undefined) return true;
  const level = levelOf(state, kind, limit);
  if (level < 1) return false;
  state.buckets = { ...state.buckets, [kind]: { tokens: level - 1, at: state.steady } };
  return true;
};

/** How long until there is a token, ms; 0: now. */
export const waitMs = (state: Holder, kind: Action['kind']): number => {
  const limit = limitOf(kind);
  if (limit === undefined) return 0;
  return Math.max(0, Math.ceil(((1 - levelOf(state, kind, limit)) * 1000) / limit.perSecond));
};

/** Throttled all the same: somebody else draws from the bucket too. */
export const drain = (state: Pick<Holder, 'steady' | 'buckets'>, kind: Action['kind']): void => {
  state.buckets = { ...state.buckets, [kind]: { tokens: 0, at: state.steady } };
};
