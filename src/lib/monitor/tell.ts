import { shownVerdict } from '../domain/failover/standby.ts';
import type { Decision } from '../domain/failover/decide.ts';
import { holdLeft } from '../domain/failover/hold.ts';
import type { Action, Observation, RouteAction, Timing } from '../domain/failover/types.ts';
import type { PathVerdict } from '../domain/health/types.ts';
import type { Done } from './act.ts';
import type { MonitorEvent } from './events.ts';

/** A call to move a route, until it is read back. */
interface Move {
  readonly action: RouteAction;
  readonly detectMs: number | undefined;
  readonly apiMs?: number;
  readonly answeredAt?: number;
}

export interface Teller {
  /** After each decision, when its actions are on their way. */
  decided(now: number, seen: Observation, decision: Decision): void;
  /** When an action's outcome is known. */
  done(now: number, action: Action, done: Done): void;
  error(during: string, why: string): void;
  /** What was told as an error is over: when it comes again it is told again. */
  over(during: string): void;
}

const isRoute = (action: Action): action is RouteAction =>
  action.kind === 'create' || action.kind === 'replace' || action.kind === 'delete';
const isHealing = ({ kind }: Action): boolean =>
  kind === 'stop' || kind === 'start' || kind === 'attach-address' || kind === 'clear-source-dest-check';

/** An answered write that no read has shown in this time will not be told as done, ms. */
const UNSEEN_MS = 60_000;

/** What is said of a link that carries again: when traffic may return to it. */
export const withHold = (why: string, leftMs: number): string =>
  leftMs === 0 ? why : `up again; traffic returns after a ${Math.ceil(leftMs / 1_000)} s hold-down; ${why}`;

/** Turns decisions and outcomes into events: each change once, whatever is decided a hundred times a second. */
export const teller = (tell: (event: MonitorEvent) => void, wall: () => number, timing: Timing): Teller => {
  const states = new Map<string, PathVerdict['state']>();
  const moves = new Map<string, Move>();
  const faults = new Map<string, string>();
  /** Link that a route was last refused, by its key. */
  const refused = new Map<string, string>();
  let heals: Readonly<Record<string, { readonly instance: string; readonly step: string }>> = {};
  let pins: ReadonlyMap<string, string> = new Map();
  let epoch: number | undefined;
  let held = false;

  const moved = (
    { action, detectMs, apiMs }: Move,
    rest: { outcome: Done['outcome']; verifyMs?: number; because?: string },
  ): void => {
    const { incident, table, destination, from, to, because } = action;
    const times = { ...(detectMs === undefined ? {} : { detectMs }), ...(apiMs === undefined ? {} : { apiMs }) };
    tell({ kind: 'move', at: wall(), incident, table, destination, from, to, because, ...times, ...rest });
  };
  /** Said when it begins or changes, not each time it is tried again. */
  const error = (during: string, message: string): void => {
    if (faults.get(during) === message) return;
    faults.set(during, message);
    tell({ kind: 'error', at: wall(), during, message });
  };

  const verdictChanges = (seen: Observation, state: Decision['state']): void => {
    for (const { link, state: verdict, suspicion, why } of [...seen.verdicts.values()].map(shownVerdict)) {
      const before = states.get(link) ?? 'unknown';
      if (verdict === before) continue;
      states.set(link, verdict);
      const incident = state.journal.incidents[link];
      tell({
        kind: 'verdict',
        at: wall(),
        link,
        from: before,
        to: verdict,
        suspicion,
        because: verdict === 'alive' ? withHold(why, holdLeft(state, link, timing)) : why,
        ...(incident === undefined ? {} : { incident }),
      });
    }
  };
  const pinChanges = (next: ReadonlyMap<string, string>): void => {
    if (next === pins) return;
    for (const table of new Set([...pins.keys(), ...next.keys()])) {
      if (pins.get(table) !== next.get(table)) tell({ kind: 'pin', at: wall(), table, link: next.get(table) ?? null });
    }
    pins = next;
  };

  return {
    decided(now, seen, { state, actions, standings }) {
      const lease = seen.lease;
      const nowHeld = lease !== undefined && now < lease.until;
      if (nowHeld !== held || (nowHeld && lease.epoch !== epoch)) {
        held = nowHeld;
        epoch = lease?.epoch ?? epoch;
        tell({ kind: 'lease', at: wall(), held, epoch: epoch ?? 0 });
      }
      pinChanges(seen.pins);
      verdictChanges(seen, state);
      for (const { key, at } of standings) {
        const move = moves.get(key);
        if (move?.answeredAt === undefined) continue;
        if (at !== move.action.to && now - move.answeredAt < UNSEEN_MS) continue;
        moved(
          move,
          at === move.action.to
            ? { outcome: 'done', verifyMs: now - move.answeredAt }
            : { outcome: 'unclear', because: 'answered, but never seen in the table' },
        );
        moves.delete(key);
      }
      // Behind what was read back: two moves of a route in one turn are two moves that were done.
      for (const action of actions.filter(isRoute)) {
        const left = seen.verdicts.get(action.from);
        const detectMs = left?.state === 'dead' && left.lastReplyAt !== undefined ? now - left.lastReplyAt : undefined;
        const before = moves.get(action.key);
        if (before?.answeredAt !== undefined)
          moved(before, { outcome: 'unclear', because: 'answered, but not seen in the table before the next try' });
        moves.set(action.key, { action, detectMs });
      }
      for (const { instance, incident, step } of Object.values(state.journal.heals)) {
        const known = Object.values(heals).some((one) => one.instance === instance && one.step === step);
        if (!known) tell({ kind: 'heal', at: wall(), incident, instance, step, because: `"${step}" begins` });
      }
      heals = state.journal.heals;
    },

    done(now, action, { outcome, ms, why }) {
      if (isRoute(action)) {
        const move = { ...(moves.get(action.key) ?? { action, detectMs: undefined }), apiMs: ms };
        if (outcome === 'done') refused.delete(action.key);
        if (outcome === 'done') return void moves.set(action.key, { ...move, answeredAt: now });
        moves.delete(action.key);
        // A refusal (or a dry run) is the same every few seconds, for as long as it lasts.
        const again = outcome === 'refused' && refused.get(action.key) === action.to;
        if (outcome === 'refused') refused.set(action.key, action.to);
        return again ? undefined : moved(move, { outcome, ...(why === undefined ? {} : { because: why }) });
      }
      if (isHealing(action)) {
        const { instance, incident, because } = action as Extract<Action, { kind: 'stop' | 'start' }>;
        const step = action.kind === 'stop' || action.kind === 'start' ? action.kind : 'verify';
        return tell({ kind: 'heal', at: wall(), incident, instance, step, outcome, because: why ?? because });
      }
      const during =
        action.kind === 'read'
          ? 'read route tables'
          : action.kind === 'inspect'
            ? 'look at instances'
            : `${action.kind}`;
      if (outcome === 'done' && why === undefined) faults.delete(during);
      else error(during, why ?? outcome);
    },

    error,
    over: (during) => void faults.delete(during),
  };
};
