import type { Clock, Files, LeaseStore } from '../core/ports.ts';
import { LEASE_MS, leaseHolder } from './lease.ts';

/**
 * - `running`: a monitor holds the lease, and is alive or renews it
 * - `none`: nobody holds it, or whoever did is gone
 * - `unknown`: the lease can't be read
 */
export interface Presence {
  readonly monitor: 'running' | 'none' | 'unknown';
  /** Why it is not known. */
  readonly why?: string;
}

export interface PresencePorts {
  readonly files: Pick<Files, 'read'>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly signal: AbortSignal;
  leaseStore(path: string): Promise<LeaseStore>;
}

/** How often a lease of another machine is looked at, until it is renewed or has run out. */
const LOOK_MS = 250;

/** A holder's name begins with its machine's. */
const machineOf = (holder: string): string => holder.slice(0, holder.indexOf('/'));

/**
 * Whether a monitor writes the routes of a site, by its lease. A holder of this machine is alive or not; one of another
 * machine, on a shared folder, is watched until it renews the lease or has had the time to. Only reads. Rejects when
 * interrupted.
 * @param path absolute, of the lease.
 */
export const monitorPresence = async (
  path: string,
  { files, clock, signal, leaseStore }: PresencePorts,
): Promise<Presence> => {
  let store: LeaseStore;
  let text: string | undefined;
  let holder: string | undefined;
  try {
    // Where there is no lease nothing is made, for which a user may lack the permission.
    text = await files.read(path);
    if (text === undefined) return { monitor: 'none' };
    store = await leaseStore(path);
    holder = await leaseHolder(store);
  } catch (error) {
    return { monitor: 'unknown', why: error instanceof Error ? error.message : String(error) };
  }
  if (holder === undefined) return { monitor: 'none' };
  if (machineOf(holder) === machineOf(store.me)) return { monitor: 'running' };
  for (let waited = 0; waited < LEASE_MS; waited += LOOK_MS) {
    await clock.sleep(LOOK_MS, signal);
    if ((await store.read().catch((): string | undefined => text)) !== text) return { monitor: 'running' };
  }
  return { monitor: 'none' };
};
