import type { Lease } from './types.ts';

/**
 * One writer at a time. The lease is a record that only a compare-and-swap changes; it carries the journal, so a
 * monitor that has lost it can't write there either. No wall clocks: the holder counts its time from before it asked,
 * and a rival from when it first saw a renewal, each on its own clock (as in Amazon's DynamoDB lock client).
 */
export interface LeaseRecord {
  readonly holder: string;
  /** Grows by one with each new holder, and never goes back. */
  readonly epoch: number;
  /** Grows by one with each renewal. */
  readonly renewal: number;
}

export interface LeaseMemory {
  readonly seen: LeaseRecord | undefined;
  /** ms we have been awake and seen no renewal. */
  readonly unchangedFor: number;
}

export const NO_LEASE: LeaseMemory = { seen: undefined, unchangedFor: 0 };

/**
 * What to do about the record as it was just read.
 * @param me unique to this process: after a crash our own old lease is a stranger's, since the old process may yet
 * live.
 * @param elapsed ms awake since the last look; a gap counts as nothing.
 */
export const watchLease = (
  memory: LeaseMemory,
  record: LeaseRecord | undefined,
  me: string,
  elapsed: number,
  ttlMs: number,
): { memory: LeaseMemory; then: 'take' | 'renew' | 'wait' } => {
  const same =
    record !== undefined &&
    memory.seen !== undefined &&
    record.epoch === memory.seen.epoch &&
    record.renewal === memory.seen.renewal;
  const next: LeaseMemory = { seen: record, unchangedFor: same ? memory.unchangedFor + elapsed : 0 };
  if (record === undefined || record.holder === '') return { memory: next, then: 'take' };
  if (record.holder === me) return { memory: next, then: 'renew' };
  return { memory: next, then: next.unchangedFor >= ttlMs ? 'take' : 'wait' };
};

/** The record to swap in. */
export const taken = (record: LeaseRecord | undefined, me: string): LeaseRecord => ({
  holder: me,
  epoch: (record?.epoch ?? 0) + 1,
  renewal: 0,
});
export const renewed = (record: LeaseRecord): LeaseRecord => ({ ...record, renewal: record.renewal + 1 });
/** Given up before its time: the next may take it at once. */
export const released = (record: LeaseRecord): LeaseRecord => ({ ...record, holder: '' });

/**
 * @param askedAt when the swap was sent: the store's answer may have lingered. A tenth is left for clocks that differ.
 */
export const granted = ({ epoch, renewal }: LeaseRecord, askedAt: number, ttlMs: number): Lease => ({
  epoch,
  renewal,
  until: askedAt + 0.9 * ttlMs,
});

/**
 * The lease, if it counts now.
 * @param doubted what was in hand when we slept or the clock jumped; one renewal may have been on its way then, timed
 * by the old clock, so only the one after it counts.
 */
export const validLease = (lease: Lease | undefined, now: number, doubted: Doubt | undefined): Lease | undefined => {
  if (lease === undefined || now >= lease.until) return undefined;
  return doubted === undefined || lease.epoch > doubted.epoch || lease.renewal > doubted.renewal + 1
    ? lease
    : undefined;
};

export type Doubt = Pick<Lease, 'epoch' | 'renewal'>;
