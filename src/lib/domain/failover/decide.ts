import { absorb, memoryOf } from './absorb.ts';
import { take } from './buckets.ts';
import { chooseAfterUnclear, chooseInDoubt, healthOf, type Choice, type Evidence, type Health } from './choose.ts';
import { heal, type Traffic } from './heal.ts';
import { forgive, holdOf, relapse, watchLinks } from './hold.ts';
import { validLease } from './lease.ts';
import { nextHopGroupsOf, type NextHopGroup } from './policy.ts';
import { readPosition, type PositionReading } from './position.ts';
import type { Draft, RouteMemory, State } from './state.ts';
import { announce, edit, emit, incidentOf, type Turn } from './turn.ts';
import {
  FOREIGN,
  NO_ROUTE,
  type Action,
  type ManagedRoute,
  type Observation,
  type Policy,
  type Standing,
} from './types.ts';

export interface Decision {
  readonly state: State;
  /** In the order in which they are to be sent. */
  readonly actions: readonly Action[];
  readonly standings: readonly Standing[];
}

/**
 * What to do now. Pure: the same inputs give the same answer, in production, in the simulation and in a replay. To be
 * called at least every `gapMs`, and at once when a verdict changes or a result comes in.
 * @param now ms on any clock that the verdicts and the lease use too; jumps do no harm.
 */
export const decide = (policy: Policy, now: number, state: State, seen: Observation): Decision => {
  const turn = begin(policy, now, state, seen);
  const { draft } = turn;
  absorb(turn);
  draft.links = watchLinks(draft.links, seen.verdicts, turn.elapsed, policy);
  const standings: Standing[] = [];
  const known = knowledge(turn);
  const assessments = policy.routes.map((route) => assess(turn, route, known));
  for (const one of assessments) standings.push({ key: one.route.key, at: one.reading.position, why: one.choice.why });
  if (turn.lease !== undefined) {
    assessments.forEach((one) => tell(turn, one));
    assessments.forEach((one) => move(turn, one));
    reportNoPath(turn, assessments);
    heal(turn, trafficOf(turn, assessments));
    tidy(turn);
    record(turn);
    deliver(turn);
  }
  read(turn, assessments);
  return { state: draft, actions: turn.actions, standings };
};

const begin = (policy: Policy, now: number, state: State, seen: Observation): Turn => {
  const { gapMs, probeMs } = policy.timing;
  const draft: Draft = { ...state };
  const step = state.now === undefined ? 0 : now - state.now;
  const gap = step < 0 || step > gapMs;
  const elapsed = gap ? 0 : step;
  draft.now = now;
  draft.steady += elapsed;
  if (gap || state.now === undefined) {
    Object.assign(draft, {
      tables: {},
      absent: [],
      instances: {},
      read: undefined,
      inspect: undefined,
      settledAt: draft.steady + 5 * probeMs,
    });
    if (gap && seen.lease !== undefined) draft.doubted = seen.lease;
  }
  const lease = validLease(seen.lease, now, draft.doubted);
  if (lease !== undefined && seen.journal !== undefined && draft.epoch !== lease.epoch) {
    // What we knew of routes before was measured against another journal.
    const routes = Object.fromEntries(
      Object.entries(draft.routes).map(([key, memory]): [string, RouteMemory] => [
        key,
        { ...memory, mismatch: undefined, agreedSince: undefined },
      ]),
    );
    Object.assign(draft, {
      epoch: lease.epoch,
      journal: seen.journal,
      routes,
      buckets: {},
      bucketsAt: draft.steady,
      record: undefined,
      alerts: [],
      heals: {},
      noPathFor: 0,
      pathFor: 0,
    } satisfies Partial<Draft>);
  }
  const holder = lease !== undefined && draft.epoch === lease.epoch ? lease : undefined;
  return {
    policy,
    now,
    elapsed,
    seen,
    draft,
    actions: [],
    lease: holder,
    mayAct: holder !== undefined && seen.canary && draft.steady >= draft.settledAt,
  };
};

/** A route, where it is, and where it belongs. */
interface Assessment {
  readonly route: ManagedRoute;
  readonly groups: readonly NextHopGroup[];
  readonly reading: PositionReading;
  /** The position that a move would be reported to have left; in doubt, the one that was last reported. */
  readonly from: string | undefined;
  readonly choice: Choice;
  /** Suspicion or worse on the group in use: a fresh read now saves waiting for one when it is judged dead. */
  readonly uneasy: boolean;
}

interface Knowledge {
  readonly evidence: Evidence;
  /** Health of each next-hop group, computed once for all routes of one order. */
  of(groups: readonly NextHopGroup[]): readonly Health[];
}

const knowledge = (turn: Turn): Knowledge => {
  const { draft, policy, seen, now } = turn;
  const held = (link: string) => (draft.links[link]?.goodFor ?? 0) >= holdOf(draft.journal, link, policy.timing);
  const evidence: Evidence = { now, verdicts: seen.verdicts, timing: policy.timing, healing: healingLinks(turn), held };
  const known = new Map<readonly NextHopGroup[], readonly Health[]>();
  const of = (groups: readonly NextHopGroup[]) => {
    const health = known.get(groups) ?? groups.map((group) => healthOf(group, evidence));
    known.set(groups, health);
    return health;
  };
  return { evidence, of };
};

const assess = (turn: Turn, route: ManagedRoute, { evidence, of }: Knowledge): Assessment => {
  const { draft, policy, seen } = turn;
  const groups = nextHopGroupsOf(policy).get(route.key)!;
  const lastReported = (turn.lease === undefined ? seen.journal : draft.journal)?.at[route.key];
  const found = readPosition(
    draft.tables[route.table],
    route,
    lastReported,
    memoryOf(draft, route.key),
    draft.steady,
    policy,
  );
  if (found.shown === undefined)
    return {
      route,
      groups,
      reading: found,
      from: undefined,
      choice: { kind: 'stay', why: 'its table has not been read yet' },
      uneasy: false,
    };
  const healths = of(groups);
  const pin = seen.pins.get(route.table);
  if (found.position === undefined)
    return {
      route,
      groups,
      reading: found,
      from: lastReported,
      choice: chooseInDoubt(route, found.maybe, found.shown, groups, pin, healths, evidence),
      uneasy: false,
    };
  const choice = chooseAfterUnclear(route, found.position, found.maybe, found.shown, groups, pin, healths, evidence);
  const health = healths[groups.findIndex(({ name }) => name === found.position)];
  return {
    route,
    groups,
    reading: found,
    from: found.position,
    choice,
    uneasy: choice.kind !== 'stay' || health?.state === 'dead' || (health?.suspicion ?? 0) >= 1 / 4,
  };
};

const NOTHING: ReadonlySet<string> = new Set();
const healingLinks = ({ draft, policy }: Turn): ReadonlySet<string> => {
  const heals = Object.values(draft.journal.heals).filter(({ step }) => step !== 'rest');
  return heals.length === 0
    ? NOTHING
    : new Set(
        policy.gateways
          .filter(({ instance }) => heals.some((one) => one.instance === instance))
          .flatMap(({ links }) => links),
      );
};

const remember = ({ draft }: Turn, key: string, memory: RouteMemory): void => {
  if (memoryOf(draft, key) !== memory) draft.routes = { ...draft.routes, [key]: memory };
};

/** Says where a route is now, once: its new place and the alert go into the journal together. */
const tell = (turn: Turn, { route, groups, reading: { news, shown, memory } }: Assessment): void => {
  const { draft } = turn;
  const before = memoryOf(draft, route.key);
  remember(turn, route.key, memory);
  if (news === undefined || shown === undefined) return;
  const from = draft.journal.at[route.key] ?? '';
  edit(turn, { at: { ...draft.journal.at, [route.key]: shown.position } });
  if (news === 'first') return;
  const ours = news === 'moved' ? before.sent : undefined;
  const link = [shown.position, from, groups[0]!.name].find(
    (name) => name !== NO_ROUTE && name !== FOREIGN && name !== '',
  )!;
  announce(turn, {
    incident: ours?.incident ?? incidentOf(turn, link),
    kind: news,
    subject: route.key,
    from,
    to: shown.position,
    because: ours?.because ?? 'the route was changed by someone else',
  });
};

const move = (turn: Turn, { route, groups, reading: { shown }, from, choice }: Assessment): void => {
  const { draft, policy, seen } = turn;
  const { freshMs, minHoldMs } = policy.timing;
  if (choice.kind !== 'go' || from === undefined || shown === undefined || !turn.mayAct) return;
  const memory = memoryOf(draft, route.key);
  const view = draft.tables[route.table]!;
  // What was reported is safe in the journal: so the next change of position is reported once, by whichever monitor is then alive.
  if (seen.journal?.at[route.key] !== from) return;
  if (draft.steady - view.at > freshMs || draft.steady < memory.retryAt || draft.steady - memory.movedAt < minHoldMs)
    return;
  const change = shown.changes[choice.to]!;
  if (change.kind === 'none' || change.kind === 'refuse' || !take(draft, change.kind)) return;
  const to = groups[choice.to]!.name;
  const incident = incidentOf(turn, choice.reason === 'dead' ? from : to);
  if (choice.reason === 'dead') countRelapse(turn, from, groups);
  const id = emit(turn, {
    kind: change.kind,
    key: route.key,
    table: route.table,
    destination: route.destination,
    target: change.kind === 'delete' ? undefined : change.target,
    from,
    to,
    incident,
    because: choice.why,
  });
  remember(turn, route.key, {
    ...memory,
    sent: {
      id,
      at: draft.steady,
      from,
      to,
      because: choice.why,
      incident,
      result: undefined,
      resultAt: 0,
      earlier: memory.sent?.result === 'unclear' ? { ...memory.sent, earlier: undefined } : undefined,
    },
  });
};

/** Once a death, however many routes leave the link for it. */
const countRelapse = (turn: Turn, position: string, groups: readonly NextHopGroup[]): void => {
  const { draft, policy } = turn;
  for (const { name } of groups.find((group) => group.name === position)?.links ?? []) {
    const memory = draft.links[name]!;
    if (memory.counted) continue;
    draft.links = { ...draft.links, [name]: { ...memory, counted: true } };
    edit(turn, { holds: relapse(draft.journal.holds, name, policy.timing) });
  }
};

/** No path left: one alert for all of it, and no change. It may well be us. */
const reportNoPath = (turn: Turn, assessments: readonly Assessment[]): void => {
  const { draft, policy, elapsed } = turn;
  const { noPathMs, holdFirstMs } = policy.timing;
  const stuck = assessments.find(({ choice }) => choice.kind === 'stuck');
  draft.noPathFor = stuck === undefined ? 0 : draft.noPathFor + elapsed;
  draft.pathFor = stuck === undefined ? draft.pathFor + elapsed : 0;
  if (stuck !== undefined && draft.noPathFor >= noPathMs && draft.journal.dark === null) {
    const { position } = stuck.reading;
    const incident = incidentOf(
      turn,
      position === undefined || position === NO_ROUTE ? stuck.groups[0]!.name : position,
    );
    announce(turn, {
      incident,
      kind: 'dark',
      subject: stuck.route.key,
      from: position ?? '',
      to: position ?? '',
      because: stuck.choice.why,
    });
    edit(turn, { dark: incident });
  }
  if (draft.journal.dark !== null && draft.pathFor >= holdFirstMs) edit(turn, { dark: null });
};

const trafficOf = ({ draft, policy }: Turn, assessments: readonly Assessment[]): Traffic => {
  const { freshMs } = policy.timing;
  const linksAt = (groups: readonly NextHopGroup[], position: string) =>
    groups.find(({ name }) => name === position)?.links.map(({ name }) => name) ?? [];
  return {
    settled: assessments.every(({ reading: { position } }) => position !== undefined),
    fresh: assessments.every(({ route }) => draft.steady - (draft.tables[route.table]?.at ?? -Infinity) <= freshMs),
    links: new Set(
      assessments.flatMap(({ route, groups, reading: { position } }) => {
        const { sent } = memoryOf(draft, route.key);
        return [...linksAt(groups, position ?? ''), ...(sent === undefined ? [] : linksAt(groups, sent.to))];
      }),
    ),
  };
};

/** Forgives links that have long been good, and closes their incidents. */
const tidy = (turn: Turn): void => {
  const { draft, policy } = turn;
  const holds = forgive(draft.journal.holds, draft.links, policy.timing);
  if (holds !== draft.journal.holds) edit(turn, { holds });
  const over = (link: string) => (draft.links[link]?.goodFor ?? 0) >= 2 * holdOf(draft.journal, link, policy.timing);
  const open = Object.entries(draft.journal.incidents);
  const kept = open.filter(
    ([link, id]) =>
      !over(link) ||
      draft.journal.dark === id ||
      Object.values(draft.journal.heals).some(({ incident }) => incident === id),
  );
  if (kept.length < open.length) edit(turn, { incidents: Object.fromEntries(kept) });
};

const record = (turn: Turn): void => {
  const { draft, seen } = turn;
  if (draft.record !== undefined || seen.journal === undefined || seen.journal.version >= draft.journal.version) return;
  const id = emit(turn, {
    kind: 'record',
    journal: draft.journal,
    incident: '',
    because: 'what must outlive us has changed',
  });
  draft.record = { id, at: draft.steady };
};

/** Only what lies safe in the journal is delivered; a delivery that fails delays nothing else. */
const deliver = (turn: Turn): void => {
  const { draft, seen } = turn;
  for (const alert of seen.journal?.outbox ?? []) {
    if (draft.alerts.some((one) => one.alert === alert.id) || !draft.journal.outbox.some(({ id }) => id === alert.id))
      continue;
    const id = emit(turn, { kind: 'alert', alert, incident: alert.incident, because: alert.because });
    draft.alerts = [...draft.alerts, { id, at: draft.steady, alert: alert.id }];
  }
};

/** At leisure while all is well; quickly while something is amiss; at once after a write. */
const read = (turn: Turn, assessments: readonly Assessment[]): void => {
  const { draft, policy } = turn;
  const { readMs, watchMs } = policy.timing;
  if (draft.read !== undefined || draft.steady < draft.readRetryAt || policy.routes.length === 0) return;
  const at = (table: string) => draft.tables[table]?.at ?? -Infinity;
  const sent = (key: string) => memoryOf(draft, key).sent;
  const waited = draft.steady - draft.lastReadAt;
  const answered = assessments.some(
    ({ route }) => sent(route.key)?.result !== undefined && at(route.table) < sent(route.key)!.resultAt,
  );
  // A deleted table may come back, but is no reason to ask four times a second for ever.
  const amiss =
    assessments.some(
      ({ route, reading: { readAgain }, uneasy }) => (readAgain && !draft.absent.includes(route.table)) || uneasy,
    ) || Object.values(draft.journal.heals).some(({ step }) => step === 'stop');
  if (!answered && waited < (amiss ? watchMs : readMs)) return;
  if (!take(draft, 'read')) return;
  const tables = [...new Set(policy.routes.map(({ table }) => table))];
  draft.read = {
    id: emit(turn, {
      kind: 'read',
      tables,
      incident: '',
      because: answered ? 'a write was answered' : amiss ? 'something is amiss' : 'the regular look',
    }),
    at: draft.steady,
  };
  draft.lastReadAt = draft.steady;
};
