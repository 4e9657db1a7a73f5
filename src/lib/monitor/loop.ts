import { markWaiting, shownVerdict } from '../domain/failover/standby.ts';
import { EXIT } from '../core/errors.ts';
import type { Clock, Instances, LeaseStore, Prober, ProbeSpec, RouteTables, Witness } from '../core/ports.ts';
import { decide } from '../domain/failover/decide.ts';
import { holdLeft } from '../domain/failover/hold.ts';
import { initialState } from '../domain/failover/state.ts';
import type { Action, ActionResult, Policy } from '../domain/failover/types.ts';
import type { Profile } from '../domain/health/profiles.ts';
import { act, type Acting } from './act.ts';
import type { Sink } from './events.ts';
import { keepLease, RENEW_MS } from './lease.ts';
import { tunnelStarter } from './initiate.ts';
import { LOADED_AGAIN, type RelayState } from './relay-keeper.ts';
import { observe, type Watched } from './observe.ts';
import { judgeOnce, openTrack, type Ended } from './once.ts';
import type { Pins } from './pins.ts';
import { teller, withHold } from './tell.ts';
import type { Watching } from './watch.ts';

export interface MonitorOptions {
  readonly policy: Policy;
  readonly profile: Profile;
  readonly probes: readonly ProbeSpec[];
  readonly watched: Watched;
  readonly concerned: Watching['concerned'];
  readonly connections: Watching['connections'];
  /** Elastic IP by instance. */
  readonly addresses: ReadonlyMap<string, string>;
  readonly version: string;
  readonly dryRun: boolean;
  /** End when every route has been placed and every link judged, and what was due is done. */
  readonly once: boolean;
}

export interface MonitorPorts {
  readonly prober: Prober;
  readonly tables: RouteTables;
  readonly instances: Instances;
  readonly store: LeaseStore;
  readonly witnesses: readonly Witness[];
  /** The caller's to close. */
  readonly sink: Sink;
  readonly clock: Clock;
  /** Monotonic, ms: the samples' clock. */
  readonly now: () => number;
  /** Aborted: end within a second, lease given up. */
  readonly signal: AbortSignal;
  /** The pins as they are now. Rejects on a file that is not ours: the last known ones stay. */
  pins(): Promise<Pins>;
  /** On a gateway: looks after its own probe relay. */
  readonly keepRelay?: (() => Promise<RelayState>) | undefined;
}

/** How everything stood at the end. */
export interface Ending extends Ended {
  /** Route writes that were decided. */
  readonly moves: number;
  readonly because: string;
}

/**
 * Between two decisions while nothing happens; a tenth of `gapMs`, beyond which the core holds that we slept. A new
 * verdict, an answer or a lost probe is decided on at once.
 */
const TICK_MS = 100;
const PINS_MS = 500;
const HEALTH_MS = 1_000;
const RELAY_MS = 1_000;
const BLIND = 'see beyond ourselves';
/** `--once` gives up waiting for verdicts after this. */
const ONCE_MS = 15_000;

/**
 * Watches, decides and acts until told to stop. Level-triggered: every decision is made of all that is known now, so
 * nothing is lost with an event, and a restart comes to the same. Nothing but the decision stands between a verdict and
 * the call that moves the route; events are told when the calls have left.
 */
export const monitor = async (options: MonitorOptions, ports: MonitorPorts): Promise<Ending> => {
  const { policy, profile, probes, watched, concerned, connections, addresses, version, dryRun, once } = options;
  const { prober, tables, instances, store, witnesses, sink, clock, now, signal } = ports;
  const wall = (): number => clock.now();
  // The lease of a dry run is its own, and nobody's: claiming it would be a lie.
  const tell: Sink['accept'] = (event) => (dryRun && event.kind === 'lease' ? undefined : sink.accept(event));
  const observer = observe(watched, profile);
  const keeper = keepLease({ store, now });
  const starter = tunnelStarter({ gateways: policy.gateways, connections, witnesses, now, wall, tell });
  const acting: Acting = { tables, instances, keeper, addresses, now, wall, dryRun, tell, beforeStop: starter.before };
  const telling = teller(tell, wall, policy.timing);
  const startedAt = now();

  let state = initialState();
  let results: ActionResult[] = [];
  let pins: Pins = new Map();
  let last: Pick<Ending, 'verdicts' | 'standings'> = { verdicts: new Map(), standings: [] };
  let moves = 0;
  const track = openTrack(policy, telling);
  const standing = (): Ended => track.ended({ ...last, led: keeper.lease() !== undefined });
  let pending = 0;
  let woken = false;
  let wasBlind = false;
  let ended: string | undefined;
  let end: () => void = () => undefined;
  const ending = new Promise<void>((resolve) => (end = resolve));
  const stop = (because: string): void => {
    ended ??= because;
    end();
  };

  const turn = (): void => {
    if (ended !== undefined) return;
    const at = now();
    const seen = {
      verdicts: markWaiting(observer.verdicts(at), policy.single),
      canary: observer.canary(at),
      lease: keeper.lease(),
      journal: keeper.journal(),
      pins,
      results,
    };
    results = [];
    const decision = decide(policy, at, state, seen);
    state = decision.state;
    const begin = (action: Action): void => {
      pending += 1;
      if ('key' in action) moves += 1;
      track.began(action);
      void act(acting, action, at).then((done) => {
        pending -= 1;
        results.push(done);
        telling.done(now(), action, done);
        track.done(action, done);
        wake();
      });
    };
    const [alerts, calls] = [true, false].map((alert) =>
      decision.actions.filter(({ kind }) => (kind === 'alert') === alert),
    );
    calls!.forEach(begin);
    telling.decided(at, seen, decision);
    // A verdict is told before what people hear of it.
    alerts!.forEach(begin);
    last = { verdicts: seen.verdicts, standings: decision.standings };
    // A tunnel that only has to be begun needs no gateway to be stopped.
    if (!dryRun && seen.canary && seen.lease !== undefined) starter.look(seen.verdicts, state.journal);
    if (once && isComplete(at)) stop(judgeOnce(standing(), policy).because);
  };

  /** Decides after all that lies ready has been taken in. */
  const wake = (): void => {
    if (woken) return;
    woken = true;
    setImmediate(() => {
      woken = false;
      guarded(turn);
    });
  };
  /** A fault of our own must not end the watch: what is carries on, the next look may do better. */
  const guarded = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      telling.error('decide', error instanceof Error ? error.message : String(error));
    }
  };

  const isComplete = (at: number): boolean => {
    if (at - startedAt > ONCE_MS) return true;
    const judged = [...last.verdicts.values()].every((verdict) => verdict.state !== 'unknown');
    const placed = last.standings.every((standing) => standing.at !== undefined);
    // Credentials that are not there do not come while we wait.
    if (judged && standing().readTrouble?.exit === EXIT.missing) return true;
    const busy =
      pending > 0 ||
      Object.values(state.routes).some(({ sent }) => sent !== undefined) ||
      (state.journal.version !== keeper.journal()?.version && !dryRun);
    return judged && placed && !busy && keeper.lease() !== undefined && state.steady > state.settledAt + 2 * TICK_MS;
  };

  const tend = (): Promise<void> =>
    keeper.tend().then(wake, (error: unknown) => telling.error('keep the lease', (error as Error).message));
  const lookAtPins = (): Promise<void> =>
    ports.pins().then(
      (next) => {
        if (next.size === pins.size && [...next].every(([table, link]) => pins.get(table) === link)) return;
        pins = next;
        wake();
      },
      (error: unknown) => telling.error('read the pins', (error as Error).message),
    );
  const keepRelay = async (): Promise<void> => {
    if ((await ports.keepRelay?.()) === 'loaded-again')
      tell({ kind: 'error', at: wall(), during: 'keep the probe relay', message: LOADED_AGAIN });
  };
  const tellHealth = (): void => {
    const links = [...last.verdicts.values()].map(shownVerdict).map(({ link, state: verdict, suspicion }) => {
      const rttMs = observer.roundTrip(link);
      return {
        link,
        state: verdict,
        suspicion,
        ...(rttMs === undefined ? {} : { rttMs }),
        probes: observer.tally(link),
      };
    });
    // One silent second may be the network's; the second one is told, once for each silence.
    const blind = !observer.canary(now());
    if (!blind) telling.over(BLIND);
    else if (wasBlind)
      telling.error(
        BLIND,
        'no canary answers, so the fault may be on this side: no route is moved and no gateway stopped until one does',
      );
    wasBlind = blind;
    const places = new Map(last.standings.map(({ key, at }) => [key, at]));
    tell({
      kind: 'health',
      at: wall(),
      links,
      routes: policy.routes.map(({ key, table, destination }) => ({ table, destination, at: places.get(key) })),
    });
  };

  // A store that can't be used at the start is the operator's to fix; later it is waited for.
  await keeper.tend();
  await lookAtPins();
  await keepRelay();
  tell({
    kind: 'start',
    at: wall(),
    version,
    profile: profile.name,
    links: watched.links.map(({ link }) => link),
    routes: policy.routes.map(({ key }) => key),
  });
  for (const { link } of watched.links.filter((one) => one.probes.length === 0))
    telling.error(
      `probe ${link}`,
      'it can not be probed on a path of its own, so no route is moved to it: set probe.targets of the link',
    );
  const running = prober.start(probes, (id, sample) => {
    const change = observer.sample(id, sample, now());
    // A large packet that is missing is followed up at the small ones' pace, until the doubt is over.
    const largeMs = sample.size === 'large' ? observer.largeMs(id) : undefined;
    if (largeMs !== undefined) running.pace(id, largeMs);
    if (change !== 'nothing') wake();
  });
  const listening = witnesses.map((witness) =>
    witness.watch({
      evidence(testimony) {
        for (const link of concerned(testimony)) {
          if (observer.evidence(link, testimony.evidence, now()) !== 'nothing') wake();
          tell({ kind: 'evidence', at: wall(), link, ...testimony, witness: witness.name });
        }
      },
      heard: (heard, because) => tell({ kind: 'witness', at: wall(), witness: witness.name, heard, because }),
    }),
  );
  const timers = [
    setInterval(wake, TICK_MS),
    setInterval(() => void tend(), RENEW_MS),
    setInterval(() => void lookAtPins(), PINS_MS),
    setInterval(tellHealth, HEALTH_MS),
    setInterval(() => void keepRelay(), RELAY_MS),
  ];
  const onAbort = (): void => stop('stopped on request');
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  wake();

  await ending;
  signal.removeEventListener('abort', onAbort);
  timers.forEach(clearInterval);
  listening.forEach((one) => one.stop());
  const because = ended!;
  // As it is now: the lease is given up below.
  const atEnd = standing();
  await Promise.all([
    running.stop(),
    keeper.release().catch((error: Error) => telling.error('release the lease', error.message)),
  ]);
  tell({ kind: 'stop', at: wall(), because });
  const verdicts = new Map(
    [...last.verdicts]
      .map(([link, seen]) => [link, shownVerdict(seen)] as const)
      .map(([link, verdict]) => [
        link,
        {
          ...verdict,
          why: withHold(verdict.why, verdict.state === 'alive' ? holdLeft(state, link, policy.timing) : 0),
        },
      ]),
  );
  return { ...atEnd, verdicts, moves, because };
};
