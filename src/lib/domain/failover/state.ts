import type { RouteTable } from '../../core/ports.ts';
import type { Doubt } from './lease.ts';
import type { Heal, InstanceView, Journal } from './types.ts';

/**
 * What we remember between decisions. All times are on our own steady clock (ms): it counts only while we are awake, so
 * that a stop of the process or a jump of the clock never lets a hold-down run out.
 */
export interface State {
  /** `now` of the last decision; undefined before the first. */
  readonly now: number | undefined;
  readonly steady: number;
  /** Nothing is changed before: after a start or a gap the first verdicts are made of what lay in the sockets. */
  readonly settledAt: number;
  readonly nextId: number;
  /** Epoch whose journal we continue. */
  readonly epoch: number | undefined;
  /** After a gap the lease in hand is doubted until it was renewed. */
  readonly doubted: Doubt | undefined;
  /** As we want it; the observation's is as it lies in the store. */
  readonly journal: Journal;
  readonly tables: Readonly<Record<string, TableView>>;
  /** Tables that the last answer lacked: somebody has deleted them, or the answer was cut short. */
  readonly absent: readonly string[];
  readonly read: Pending | undefined;
  readonly readRetryAt: number;
  readonly readFails: number;
  readonly lastReadAt: number;
  readonly routes: Readonly<Record<string, RouteMemory>>;
  readonly links: Readonly<Record<string, LinkMemory>>;
  readonly buckets: Readonly<Record<string, { readonly tokens: number; readonly at: number }>>;
  readonly bucketsAt: number;
  readonly record: Pending | undefined;
  /** Alerts on their way, by action id. */
  readonly alerts: readonly (Pending & { readonly alert: string })[];
  readonly heals: Readonly<Record<string, HealMemory>>;
  readonly instances: Readonly<Record<string, { readonly view: InstanceView; readonly at: number }>>;
  readonly inspect: Pending | undefined;
  readonly inspectedAt: number;
  /** When we last gave up the lease so that a peer heals us. */
  readonly yieldedAt: number;
  /** How long no path was left, and how long since one was, ms. */
  readonly noPathFor: number;
  readonly pathFor: number;
}

export interface Pending {
  readonly id: number;
  readonly at: number;
}

export interface TableView {
  readonly table: RouteTable;
  /** When the read left, not when it came back: what it shows is at least as new, or stale. */
  readonly at: number;
}

export interface Sent extends Pending {
  readonly from: string;
  readonly to: string;
  readonly because: string;
  readonly incident: string;
  readonly result: 'done' | 'unclear' | undefined;
  readonly resultAt: number;
  /** A try before it that may yet have taken effect: it explains a table that is not as we had read it. */
  readonly earlier: Sent | undefined;
}

export interface RouteMemory {
  readonly sent: Sent | undefined;
  /** A difference between what was said and what is read, not yet believed. */
  readonly mismatch: { readonly position: string; readonly since: number } | undefined;
  /** Since when every read shows it where we said, with no write of ours in between. */
  readonly agreedSince: number | undefined;
  readonly movedAt: number;
  readonly retryAt: number;
  readonly fails: number;
}

export interface LinkMemory {
  readonly goodFor: number;
  readonly deadFor: number;
  /** At the last decision. */
  readonly alive: boolean;
  /** Its present death has been counted as a relapse. */
  readonly counted: boolean;
}

export interface HealMemory {
  readonly instance: string;
  readonly step: Heal['step'];
  readonly since: number;
  readonly call: Pending | undefined;
  readonly retryAt: number;
}

export const EMPTY_JOURNAL: Journal = {
  version: 0,
  serial: 0,
  at: {},
  incidents: {},
  holds: {},
  heals: {},
  dark: null,
  outbox: [],
};

/** A monitor that has just started knows nothing: it reads first, and counts every hold-down from now. */
export const initialState = (): State => ({
  now: undefined,
  steady: 0,
  settledAt: 0,
  nextId: 1,
  epoch: undefined,
  doubted: undefined,
  journal: EMPTY_JOURNAL,
  tables: {},
  absent: [],
  read: undefined,
  readRetryAt: 0,
  readFails: 0,
  lastReadAt: -Infinity,
  routes: {},
  links: {},
  buckets: {},
  bucketsAt: 0,
  record: undefined,
  alerts: [],
  heals: {},
  instances: {},
  inspect: undefined,
  inspectedAt: -Infinity,
  yieldedAt: -Infinity,
  noPathFor: 0,
  pathFor: 0,
});

export const NEW_ROUTE: RouteMemory = {
  sent: undefined,
  mismatch: undefined,
  agreedSince: undefined,
  movedAt: -Infinity,
  retryAt: 0,
  fails: 0,
};

/** The same, but every field may be set: the working copy of one decision. */
export type Draft = { -readonly [Key in keyof State]: State[Key] };
