import type { Draft } from './state.ts';
import type { Action, Alert, Journal, Lease, Observation, Policy } from './types.ts';

/** One decision in the making: what came in, the working copy of the state, and what goes out. */
export interface Turn {
  readonly policy: Policy;
  readonly now: number;
  /** ms awake since the last decision. */
  readonly elapsed: number;
  readonly seen: Observation;
  readonly draft: Draft;
  readonly actions: Action[];
  /** Set while we hold the lease and continue its journal: only then is anything written. */
  readonly lease: Lease | undefined;
  /** Lease, our own way out, and past the first moments after a start or a gap: now the verdicts count. */
  readonly mayAct: boolean;
}

type Bare<A> = A extends unknown ? Omit<A, 'id' | 'epoch' | 'notAfter'> : never;

/** @returns the action's id, which comes back in its result. */
export const emit = ({ draft, actions, lease }: Turn, bare: Bare<Action>): number => {
  const id = draft.nextId;
  draft.nextId += 1;
  actions.push({ ...bare, id, epoch: lease?.epoch ?? 0, notAfter: lease?.until ?? -Infinity } as Action);
  return id;
};

export const edit = ({ draft }: Turn, change: Partial<Journal>): void => {
  draft.journal = { ...draft.journal, ...change, version: draft.journal.version + 1 };
};

/** The correlation id of what is happening to a link: the same for every move, alert and healing until it is over. */
export const incidentOf = (turn: Turn, link: string): string => {
  const { journal, epoch } = turn.draft;
  const open = journal.incidents[link];
  if (open !== undefined) return open;
  const serial = journal.serial + 1;
  const id = `${link}-${epoch}-${serial}`;
  edit(turn, { serial, incidents: { ...journal.incidents, [link]: id } });
  return id;
};

/** Puts an alert into the journal, where it lies until it is delivered. */
export const announce = (turn: Turn, alert: Omit<Alert, 'id'>): void => {
  const { journal, epoch } = turn.draft;
  const serial = journal.serial + 1;
  edit(turn, { serial, outbox: [...journal.outbox, { id: `${epoch}-${serial}`, ...alert }] });
};

/** Doubles from 100 ms. */
export const backoff = ({ policy, draft }: Turn, fails: number): number =>
  draft.steady + Math.min(policy.timing.backoffMostMs, 100 * 2 ** Math.min(fails, 20));
