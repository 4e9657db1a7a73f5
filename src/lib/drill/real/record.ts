import { join } from 'node:path';
import { failure } from '../../core/errors.ts';
import type { LeaseStore, RouteTarget } from '../../core/ports.ts';

/** One route that a drill moves, and all that is needed to put it back exactly. */
export interface MovedRoute {
  readonly table: string;
  readonly destination: string;
  /** Target of its own static route before; null: it had none. */
  readonly was: RouteTarget | null;
  /** Names of the links it was on and is drilled on. */
  readonly home: string;
  readonly to: string;
}

/**
 * What lies on disk from before the first write until everything is back: a drill that is killed can be undone from it.
 */
export interface DrillRecord {
  /** As a LeaseStore names itself: tells whether that drill still runs. */
  readonly holder: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly region: string;
  readonly profile: string | null;
  readonly routes: readonly MovedRoute[];
}

export const recordPath = (stateDir: string, site: string): string => join(stateDir, `${site}.drill.json`);
/** It says which routes are off their place and whose credentials moved them: nobody else's business. */
export const RECORD_MODE = 0o600;

const spelled = (record: Partial<DrillRecord>): string =>
  `${JSON.stringify({ version: 1, ...record }, undefined, 2)}\n`;

const parse = (text: string): DrillRecord | undefined => {
  try {
    const { version, holder, startedAt, region, profile, routes } = JSON.parse(text) as Partial<DrillRecord> & {
      version?: unknown;
    };
    if (version === 1 && Array.isArray(routes)) {
      if (routes.length === 0) return undefined;
      const whole = (routes as MovedRoute[]).every(({ table, destination, was, home, to }) =>
        [table, destination, home, to, was === null ? '' : was?.id].every((one) => typeof one === 'string'),
      );
      if (whole && typeof holder === 'string' && typeof startedAt === 'string' && typeof region === 'string')
        return { holder, startedAt, region, profile: profile ?? null, routes };
    }
  } catch {
    // said below
  }
  throw failure('the record of a drill on real routes can not be read', {
    next: 'look with "hybridctl route status" whether every route is where it belongs, then remove the .drill.json file in the state folder',
  });
};

/** What a drill has left behind; undefined: nothing. Throws a failure while that drill still runs. */
export const readLeft = async (store: LeaseStore): Promise<DrillRecord | undefined> => {
  const text = await store.read();
  const record = text === undefined ? undefined : parse(text);
  if (record !== undefined && record.holder !== store.me && !(await store.isGone(record.holder))) {
    throw failure(
      `a drill that began at ${record.startedAt} still runs, as process ${record.holder.split('/')[2] ?? '?'}`,
      { next: 'end it with Ctrl-C or SIGTERM: it then returns its routes' },
    );
  }
  return record;
};

const swap = async (store: LeaseStore, after: string): Promise<void> => {
  if (!(await store.swap(await store.read(), after)))
    throw failure('another drill has just begun', { next: 'wait until it is over' });
};

/** Durable once it resolves. Whatever was left must have been put back. */
export const begin = async (store: LeaseStore, record: Omit<DrillRecord, 'holder'>): Promise<DrillRecord> => {
  const whole: DrillRecord = { holder: store.me, ...record };
  await swap(store, spelled(whole));
  return whole;
};

export const finish = (store: LeaseStore): Promise<void> => swap(store, spelled({ routes: [] }));
