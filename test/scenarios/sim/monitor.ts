import type { decide as Decide } from '../../../src/lib/domain/failover/decide.ts';
import {
  granted,
  NO_LEASE,
  released,
  renewed,
  taken,
  watchLease,
  type LeaseMemory,
} from '../../../src/lib/domain/failover/lease.ts';
import { initialState, type State } from '../../../src/lib/domain/failover/state.ts';
import type {
  Action,
  ActionResult,
  Journal,
  Lease,
  Observation,
  Policy,
} from '../../../src/lib/domain/failover/types.ts';
import type { PathVerdict } from '../../../src/lib/domain/health/types.ts';
import type { World } from './world.ts';

export const DETECT_MS = 700;
export const RECOVER_MS = 1_500;
export const LEASE_MS = 3_000;

/** One monitor process: the core under test, and around it a runtime that may be stopped, killed and lied to. */
export interface Monitor {
  readonly name: string;
  readonly policy: Policy;
  alive: boolean;
  /** Name of this life: a restart is somebody else to the lease. */
  me: string;
  startedAt: number;
  /** Own clock minus true time, ms. */
  offset: number;
  frozenUntil: number;
  /** End of the last stop, jump or start. */
  wokeAt: number;
  unknownUntil: number;
  /** The one link it can judge while all others are unknown. */
  seesStill: string | undefined;
  canary: boolean;
  canaryAt: number;
  /** Links it wrongly holds dead. */
  readonly wolves: Set<string>;
  /** Links whose replies it takes for lost until then: what lay in the sockets while it was stopped. */
  readonly rubbish: Map<string, number>;
  /** Dies just before its n-th next action. */
  diesAt: number;
  state: State;
  lease: Lease | undefined;
  /** Since when it has held one without a break. */
  heldSince: number;
  journal: Journal | undefined;
  verdicts: ReadonlyMap<string, PathVerdict>;
  /** Truths that tests of the sends need: when each link was judged dead. */
  readonly deadSince: Map<string, number>;
  readonly goodSince: Map<string, number>;
  readonly pins: Map<string, string>;
}

/** What a decision was made of. */
export interface Sight {
  readonly at: number;
  readonly now: number;
  readonly observation: Observation;
}

export interface Hooks {
  decided(monitor: Monitor, observation: Observation, actions: readonly Action[]): void;
  /** Just before an action leaves. */
  sending(monitor: Monitor, action: Action, sight: Sight): void;
}

export interface Running {
  readonly monitor: Monitor;
  crash(restartAfter: number): void;
  freeze(ms: number): void;
  jump(ms: number): void;
}

export const runMonitor = (
  world: World,
  name: string,
  host: string | undefined,
  decide: typeof Decide,
  pins: Map<string, string>,
  hooks: Hooks,
): Running => {
  const { queue, random } = world;
  const policy: Policy = { ...world.topology.policy, self: host };
  const monitor: Monitor = {
    name,
    policy,
    alive: true,
    me: `${name}.1`,
    startedAt: 0,
    offset: random.between(0, 1e6),
    frozenUntil: 0,
    wokeAt: 0,
    unknownUntil: 0,
    seesStill: undefined,
    canary: true,
    canaryAt: 0,
    wolves: new Set(),
    rubbish: new Map(),
    diesAt: Infinity,
    state: initialState(),
    lease: undefined,
    heldSince: Infinity,
    journal: undefined,
    verdicts: new Map(),
    deadSince: new Map(),
    goodSince: new Map(),
    pins,
  };
  let life = 1;
  let results: ActionResult[] = [];
  let memory: LeaseMemory = NO_LEASE;
  let keepOffUntil = 0;
  let lookedAt = 0;
  const judged = new Map<string, boolean>();
  const clock = () => queue.now() + monitor.offset;
  const frozen = () => queue.now() < monitor.frozenUntil;

  /** Runs in this life only, and not while the process is stopped. */
  const mine = (run: () => void) => {
    const born = life;
    const go = (): void => {
      if (life !== born || !monitor.alive) return;
      if (frozen()) queue.after(monitor.frozenUntil - queue.now(), go);
      else run();
    };
    return go;
  };

  const verdictOf = (link: string): PathVerdict => {
    const { up, changedAt, gray } = world.links.get(link)!;
    const now = queue.now();
    const age = now - Math.max(changedAt, monitor.wokeAt);
    const seen = now - monitor.startedAt;
    const rubbish = now < (monitor.rubbish.get(link) ?? 0);
    if (!rubbish && monitor.rubbish.delete(link)) judged.delete(link);
    const wolf = monitor.wolves.has(link) || rubbish;
    const lastReplyAt = up && !wolf ? clock() - random.between(0, 99) : changedAt + monitor.offset;
    if (up && !wolf && (judged.get(link) !== true || age >= RECOVER_MS)) judged.set(link, false);
    else if ((wolf || !up) && (age >= DETECT_MS || rubbish)) judged.set(link, true);
    const dead = judged.get(link) === true;
    if (dead && !monitor.deadSince.has(link)) monitor.deadSince.set(link, now);
    if (!dead) monitor.deadSince.delete(link);
    if (seen < 300 || (now < monitor.unknownUntil && !(monitor.seesStill === link)))
      return {
        link,
        state: 'unknown',
        suspicion: dead ? 1 : 0,
        lastReplyAt,
        why: 'too little was seen',
      };
    // Merit is judged by what was shown: of a death in the dark the core can't know.
    if (dead) monitor.goodSince.delete(link);
    else if (!monitor.goodSince.has(link)) monitor.goodSince.set(link, now);
    const suspicion = dead ? 1 : gray ? 0.6 : up ? 0 : Math.min(0.99, (age / DETECT_MS) ** 2);
    return {
      link,
      state: dead ? 'dead' : 'alive',
      suspicion,
      lastReplyAt,
      why: dead ? 'no reply' : 'replies',
    };
  };

  const act = (action: Action, sight: Sight): void => {
    const born = life;
    if ((monitor.diesAt -= 1) <= 0) return crash(random.between(500, 4_000));
    const reply = (result: ActionResult) =>
      void (
        life === born &&
        queue.after(
          0,
          mine(() => (results.push(result), turn())),
        )
      );
    const mutating = 'notAfter' in action && action.notAfter > -Infinity;
    // The actor's part of the contract: the last thing before a call is a look at the clock.
    if (mutating && (clock() >= action.notAfter || clock() < sight.now))
      return reply({ id: action.id, outcome: 'unsent' });
    hooks.sending(monitor, action, sight);
    if (action.kind === 'record')
      return swap(
        () => ({ journal: action.journal }),
        (ok) => reply({ id: action.id, outcome: ok ? 'done' : 'unclear' }),
        action.epoch,
      );
    if (action.kind === 'alert')
      return queue.after(
        random.between(1, 50),
        () => (
          world.sink.up && world.sink.delivered.add(action.alert.id),
          reply({ id: action.id, outcome: world.sink.up ? 'done' : 'unclear' })
        ),
      );
    if (action.kind === 'release') return release();
    world.call(name, action, reply);
  };

  const turn = (): void => {
    monitor.verdicts = new Map(policy.links.map(({ name: link }) => [link, verdictOf(link)]));
    const observation: Observation = {
      verdicts: monitor.verdicts,
      canary: monitor.canary,
      lease: monitor.lease,
      journal: monitor.journal,
      pins,
      results,
    };
    results = [];
    const sight: Sight = { at: queue.now(), now: clock(), observation };
    const { state, actions } = decide(policy, sight.now, monitor.state, observation);
    monitor.state = state;
    hooks.decided(monitor, observation, actions);
    for (const action of actions) {
      if (random.chance(0.9)) act(action, sight);
      else
        queue.after(
          random.between(0, 5),
          mine(() => act(action, sight)),
        );
      if (!monitor.alive) return;
    }
  };

  const saw = (journal: Journal): void => {
    if (monitor.journal === undefined || journal.version > monitor.journal.version) monitor.journal = journal;
  };

  /** Compare-and-swap on the store, by epoch: the only way to write there. */
  const swap = (
    change: () => { journal: Journal },
    done: (ok: boolean) => void,
    epoch: number,
    who = monitor.me,
  ): void =>
    queue.after(random.between(1, 12), () => {
      if (!world.store.up) return queue.after(1_000, () => done(false));
      const { record, journal: old } = world.store;
      const ok = record?.holder === who && record.epoch === epoch;
      const { journal } = change();
      if (ok && journal.version > old.version) {
        world.store.journal = journal;
        for (const alert of journal.outbox)
          if (!world.alerts.has(alert.id)) world.alerts.set(alert.id, { at: queue.now(), alert });
      }
      queue.after(
        random.between(1, 12),
        mine(() => (ok && saw(journal), done(ok))),
      );
    });

  const tendLease = (): void => {
    queue.after(LEASE_MS / 3, mine(tendLease));
    if (!world.store.up || queue.now() < keepOffUntil) return;
    queue.after(random.between(1, 12), () => {
      const { record, journal } = world.store;
      queue.after(
        random.between(1, 12),
        mine(() => {
          const elapsed = Math.min(queue.now() - lookedAt, LEASE_MS / 2);
          lookedAt = queue.now();
          const { memory: next, then } = watchLease(memory, record, monitor.me, elapsed, LEASE_MS);
          memory = next;
          if (monitor.lease === undefined || then !== 'renew') saw(journal);
          if (then === 'wait') return void (monitor.lease = undefined);
          const wanted = then === 'take' ? taken(record, monitor.me) : renewed(record!);
          const asked = clock();
          const askedTrue = queue.now();
          queue.after(random.between(1, 12), () => {
            if (!world.store.up || world.store.record !== record) return;
            if (then === 'take') world.disturb();
            world.store.record = wanted;
            world.store.askedAt = askedTrue;
            const { journal: current } = world.store;
            queue.after(
              random.between(1, 12),
              mine(() => {
                saw(current);
                const renews = monitor.lease !== undefined && clock() < monitor.lease.until;
                if (!renews) monitor.heldSince = queue.now();
                monitor.lease = granted(wanted, asked, LEASE_MS);
                // As the real loop does; a renewal changes nothing.
                if (!renews) turn();
              }),
            );
          });
        }),
      );
    });
  };

  const release = (): void => {
    const { record } = world.store;
    keepOffUntil = queue.now() + 2 * LEASE_MS;
    world.releasedAt = queue.now();
    monitor.lease = undefined;
    if (world.store.up && record?.holder === monitor.me) world.store.record = released(record);
    world.disturb();
  };

  const tick = (): void => {
    turn();
    queue.after(queue.now() > 40_000 ? 1_000 : random.between(300, 600), mine(tick));
  };

  const begin = (): void => {
    Object.assign(monitor, {
      alive: true,
      me: `${name}.${life}`,
      startedAt: queue.now(),
      wokeAt: queue.now(),
      state: initialState(),
      lease: undefined,
      heldSince: Infinity,
      journal: undefined,
      frozenUntil: 0,
      diesAt: Infinity,
    });
    results = [];
    memory = NO_LEASE;
    // A new process has new sockets: what lay in those of the dead one is gone (seed 43725).
    monitor.rubbish.clear();
    judged.clear();
    monitor.deadSince.clear();
    monitor.goodSince.clear();
    world.disturb();
    tick();
    tendLease();
  };
  const crash = (restartAfter: number): void => {
    if (!monitor.alive) return;
    monitor.alive = false;
    life += 1;
    world.disturb();
    const born = life;
    const hostRuns = () => host === undefined || world.instances.get(host)!.view.state === 'running';
    const again = (): void => void (life !== born || monitor.alive || (hostRuns() ? begin() : queue.after(500, again)));
    queue.after(restartAfter, again);
  };
  const freeze = (ms: number): void => {
    monitor.frozenUntil = Math.max(monitor.frozenUntil, queue.now() + ms);
    // A shorter stop is the detector's to notice: the core takes it for a slow round.
    if (ms > policy.timing.gapMs) {
      monitor.wokeAt = monitor.frozenUntil;
      for (const { name: link } of policy.links)
        if (random.chance(0.5)) monitor.rubbish.set(link, monitor.wokeAt + random.between(50, 400));
    }
    queue.after(ms, () => world.disturb());
  };
  const jump = (ms: number): void => {
    monitor.offset += ms;
    // A shorter one looks like a slow round.
    if (Math.abs(ms) > policy.timing.gapMs) monitor.wokeAt = Math.max(queue.now(), monitor.frozenUntil);
    world.disturb();
  };

  world.onLink.push(() => queue.after(DETECT_MS + 1, () => mine(turn)()));
  if (host !== undefined)
    world.onInstance.push((id) => id === host && world.instances.get(id)!.view.state !== 'running' && crash(1_000));
  begin();
  return { monitor, crash, freeze, jump };
};
