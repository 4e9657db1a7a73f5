import { failure } from '../core/errors.ts';
import type { LeaseStore } from '../core/ports.ts';
import {
  granted,
  NO_LEASE,
  released,
  renewed,
  taken,
  watchLease,
  type LeaseMemory,
  type LeaseRecord,
} from '../domain/failover/lease.ts';
import { EMPTY_JOURNAL } from '../domain/failover/state.ts';
import type { ActionOutcome, Journal, Lease } from '../domain/failover/types.ts';

/** What lies in the store. */
interface Stored extends LeaseRecord {
  readonly journal: Journal;
}

/**
 * How long a lease lasts without renewal, ms. A monitor that hangs is replaced after this; a disk that takes a second
 * for one write does not cost the lease.
 */
export const LEASE_MS = 6_000;
export const RENEW_MS = LEASE_MS / 3;

export interface LeaseKeeper {
  lease(): Lease | undefined;
  /** As it lies in the store. */
  journal(): Journal | undefined;
  /**
   * Takes, renews or waits; to be called every RENEW_MS. Rejects when the store can't be read or written: the lease
   * then runs out.
   */
  tend(): Promise<void>;
  /** Puts the journal into the record, only while that is ours with this epoch. */
  record(epoch: number, journal: Journal): Promise<ActionOutcome>;
  /** Gives it up and stays away long enough for another to take it. */
  release(): Promise<void>;
}

export interface LeaseKeeperOptions {
  readonly store: LeaseStore;
  /** Monotonic, ms. */
  readonly now: () => number;
}

/** One monitor's side of the lease. Its uses of the store follow one another: a renewal never overtakes a journal. */
export const keepLease = ({ store, now }: LeaseKeeperOptions): LeaseKeeper => {
  let memory: LeaseMemory = NO_LEASE;
  let lookedAt = now();
  let keepOffUntil = -Infinity;
  let lease: Lease | undefined;
  let journal: Journal | undefined;
  let tail: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = tail.then(work);
    tail = turn.catch(() => undefined);
    return turn;
  };
  const saw = (next: Journal): void => {
    if (journal === undefined || next.version > journal.version) journal = next;
  };

  const tend = async (): Promise<void> => {
    if (now() < keepOffUntil) return;
    const text = await store.read();
    const stored = text === undefined ? undefined : parse(text);
    // A stop of ours is no silence of the holder's.
    const elapsed = Math.min(now() - lookedAt, LEASE_MS / 2);
    lookedAt = now();
    const looked = watchLease(memory, stored, store.me, elapsed, LEASE_MS);
    memory = looked.memory;
    const then = looked.then === 'wait' && (await store.isGone(stored!.holder)) ? 'take' : looked.then;
    if (then === 'wait') {
      lease = undefined;
      journal = stored!.journal;
      return;
    }
    const next: Stored = {
      ...(then === 'take' ? taken(stored, store.me) : renewed(stored!)),
      journal: stored?.journal ?? EMPTY_JOURNAL,
    };
    const askedAt = now();
    if (!(await store.swap(text, JSON.stringify(next)))) return;
    if (then === 'take') journal = next.journal;
    else saw(next.journal);
    lease = granted(next, askedAt, LEASE_MS);
  };

  const record = async (epoch: number, next: Journal): Promise<ActionOutcome> => {
    const text = await store.read();
    const stored = text === undefined ? undefined : parse(text);
    if (stored === undefined || stored.holder !== store.me || stored.epoch !== epoch) return 'refused';
    if (
      next.version > stored.journal.version &&
      !(await store.swap(text, JSON.stringify({ ...stored, journal: next })))
    )
      return 'race';
    saw(next);
    return 'done';
  };

  const release = async (): Promise<void> => {
    keepOffUntil = now() + 2 * LEASE_MS;
    lease = undefined;
    const text = await store.read();
    const stored = text === undefined ? undefined : parse(text);
    if (stored?.holder === store.me) await store.swap(text, JSON.stringify({ ...stored, ...released(stored) }));
  };

  return {
    lease: () => lease,
    journal: () => journal,
    tend: () => inTurn(tend),
    record: (epoch, next) => inTurn(() => record(epoch, next)),
    release: () => inTurn(release),
  };
};

/** The monitor that holds the lease, or may: one of another machine can't be looked at. undefined: certainly none. */
export const leaseHolder = async (store: LeaseStore): Promise<string | undefined> => {
  const text = await store.read();
  const holder = text === undefined ? '' : parse(text).holder;
  return holder === '' || (await store.isGone(holder)) ? undefined : holder;
};

/** Somebody's hand or another program has been at it: guessing an epoch or a journal could undo what they say. */
const parse = (text: string): Stored => {
  try {
    const { holder, epoch, renewal, journal } = JSON.parse(text) as Partial<Stored>;
    if (
      typeof holder === 'string' &&
      Number.isInteger(epoch) &&
      Number.isInteger(renewal) &&
      Number.isInteger(journal?.version) &&
      Array.isArray(journal?.outbox)
    ) {
      return { holder, epoch: epoch!, renewal: renewal!, journal: { ...EMPTY_JOURNAL, ...journal! } };
    }
  } catch {
    // said below
  }
  throw failure("the lease file does not hold a monitor's lease", {
    next: 'move it away; the monitor then starts a new one from what the cloud shows',
  });
};

/** For --dry-run: a lease of our own that nobody else sees. */
export const privateStore = (): LeaseStore => {
  let text: string | undefined;
  return {
    me: 'dry-run',
    read: async () => text,
    async swap(before, after) {
      if (text !== before) return false;
      text = after;
      return true;
    },
    isGone: async () => false,
  };
};
