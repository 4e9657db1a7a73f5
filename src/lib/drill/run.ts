import { failure, interrupted } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import type { Lab } from '../lab/state.ts';
import { measureGap } from '../lab/stream.ts';
import { until } from '../lab/wait.ts';
import type { MonitorEvent } from '../monitor/events.ts';
import { LIMITS } from './cases.ts';
import { inject, type Undo } from './fault.ts';
import { judge } from './judge.ts';
import { cleanSlate, positions, samePlace } from './slate.ts';
import type { CaseResult, DrillCase, DrillProfile, Fault, KillStep } from './types.ts';
import { startWatcher, type Watcher } from './watcher.ts';

export interface DrillOptions {
  readonly profile: DrillProfile;
  /** Even over 0 to 1: the phase of the fault. */
  readonly random: () => number;
}

/**
 * Reads have to have agreed for the core's `staleMs`, so that a route that BGP withdraws is believed gone at once; and
 * `p0` has to have left its first, cautious value, for which `default` sees 60 replies.
 */
const SETTLE_MS = { fast: 6_000, default: 7_000 } as const;
/** A fault's phase is spread over the longest regular thing: the check of the tables in quiet times. */
const PHASE_MS = 1_000;
/** What comes right after the last thing waited for is still in the picture. */
const TAIL_MS = 500;
const READY_MS = 20_000;
const TOLD_MS = 8_000;

type Apply = (fault: Fault) => Promise<void>;

/** Where each table has to be before the fault: on its first link that nothing standing has killed. */
const isReady = async (ports: Ports, lab: Lab, { events }: Watcher, standing: readonly Fault[]): Promise<boolean> => {
  const states = new Map(events.flatMap((event) => (event.kind === 'verdict' ? [[event.link, event.to] as const] : [])));
  const dead = standing.flatMap((fault) => (fault.kind === 'cut' ? [fault.cut.what] : []));
  const { links, route_tables } = lab.topology.site;
  if (!links.every(({ name }) => states.get(name) === (dead.includes(name) ? 'dead' : 'alive'))) return false;
  const wanted = Object.fromEntries(route_tables.map((table) => [table.name, table.links.find((link) => !dead.includes(link))!]));
  return samePlace(wanted, await positions(ports, lab));
};

const isStep = (step: KillStep, event: MonitorEvent): boolean => {
  if (step === 'verdict') return event.kind === 'verdict' && event.to === 'dead';
  if (step === 'call') return event.kind === 'api' && /^(Create|Replace|Delete)Route$/.test(event.action);
  return step === 'moved' && event.kind === 'move' && event.outcome === 'done';
};

/** Every alert that has to come has come; a move of somebody's before us is told as found. */
const isTold = ({ events }: Watcher, since: number, kinds: readonly string[]): boolean =>
  kinds.every((kind) => events.some((event) => event.kind === 'alert' && event.at >= since && (event.alert.kind === kind || (kind === 'moved' && event.alert.kind === 'found'))));

/** Kills the monitor at a step of its work, and waits until that has happened. */
const killAt = async (watcher: Watcher, step: KillStep, deadlineMs: number): Promise<void> => {
  if (step === 'fault') return watcher.crash();
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(failure(`the monitor never came to the step "${step}"`)), deadlineMs);
    const unlisten = watcher.listen((event) => {
      if (!isStep(step, event)) return;
      unlisten();
      clearTimeout(late);
      watcher.crash().then(resolve, reject);
    });
  });
};

const play = async (ports: Ports, lab: Lab, drill: DrillCase, watcher: Watcher, undo: Undo[], { profile, random }: DrillOptions): Promise<CaseResult> => {
  const { clock, signal, shell } = ports;
  const { expects, flaps } = drill;
  const limit = expects.signature === undefined ? 0 : LIMITS[profile][expects.signature] + expects.extraMs;
  const apply: Apply = async (fault) => {
    if (fault.kind === 'kill') return killAt(watcher, fault.at, limit);
    if (fault.kind === 'freeze') {
      watcher.signal('SIGSTOP');
      undo.push(async () => watcher.signal('SIGCONT'));
      await clock.sleep(fault.ms, signal);
      return watcher.signal('SIGCONT');
    }
    undo.push(await inject(ports, lab, fault));
  };
  for (const fault of drill.standing) await apply(fault);
  await until(() => isReady(ports, lab, watcher, drill.standing), { what: 'the monitor did not find every path as it is', withinMs: READY_MS, everyMs: 50, signal, more: async () => [watcher.trouble()] });
  await clock.sleep(SETTLE_MS[profile], signal);
  const before = await positions(ports, lab);

  let faultAt = 0;
  let endAt = 0;
  let settledAt: number | undefined;
  let seenAt: Readonly<Record<string, string>> = {};
  const setFault = async (): Promise<void> => {
    const { length } = undo;
    for (const fault of drill.faults) await apply(fault);
    for (let turn = 1; turn < (flaps?.times ?? 1); turn += 1) {
      await clock.sleep(flaps!.everyMs / 2, signal);
      for (const back of undo.splice(length)) await back();
      await clock.sleep(flaps!.everyMs / 2, signal);
      for (const fault of drill.faults) await apply(fault);
    }
  };
  const app = lab.topology.nodes.filter(({ role }) => role === 'app')[drill.table]!.name;
  let startedAt = 0;
  const stream = await measureGap(shell, lab.topology, {
    from: app,
    to: 'host',
    durationMs: 0,
    during: async () => {
      startedAt = clock.now();
      await clock.sleep(100 + random() * PHASE_MS, signal);
      faultAt = clock.now();
      const set = setFault();
      // Told when it is awaited below.
      set.catch(() => undefined);
      if (expects.signature === undefined) await clock.sleep(drill.watchMs, signal);
      // A cut that sets in takes its time, during which the monitor may well have moved already: both run side by side.
      else {
        // An alert follows the read that shows the move, which may be a stale one.
        const deadline = faultAt + limit + TOLD_MS;
        for (;;) {
          if (signal.aborted) throw interrupted();
          seenAt = await positions(ports, lab);
          if (samePlace(expects.at, seenAt)) settledAt ??= clock.now();
          else settledAt = undefined;
          if ((settledAt !== undefined && isTold(watcher, faultAt, expects.alerts)) || clock.now() > deadline) break;
          await clock.sleep(20, signal);
        }
      }
      await set;
      await clock.sleep(TAIL_MS, signal);
      seenAt = await positions(ports, lab);
      endAt = clock.now();
    },
  });
  const exitCode = await watcher.stop();
  const seen = {
    faultAt,
    endAt,
    settledAt,
    positions: seenAt,
    events: watcher.events,
    longestGapMs: Math.max(stream.longestGapMs, stream.silentAtEndMs),
    gaps: [...stream.gaps.map(({ at, ms }) => ({ from: startedAt + at, ms })), { from: endAt - stream.silentAtEndMs, ms: stream.silentAtEndMs }],
    streamFrom: startedAt,
    streamTo: endAt,
    exitCode,
  };
  return judge(drill, profile, seen, before, new Map(lab.topology.site.route_tables.map(({ id, name }) => [id, name])));
};

/** The latest first; one that can't be taken back does not leave the others in force. Throws the first trouble at the end. */
const takeBack = async (undo: readonly Undo[]): Promise<void> => {
  const troubles: unknown[] = [];
  for (const back of [...undo].reverse()) await back().catch((error: unknown) => troubles.push(error));
  if (troubles.length > 0) throw troubles[0];
};

/**
 * Runs one case on a lab: clean slate, the real monitor, a stream, the fault at a random moment, and all taken back.
 * A case that can't be played is a failed case. Throws only when the lab does not come back to order, or as interrupted.
 */
export const runCase = async (ports: Ports, lab: Lab, drill: DrillCase, options: DrillOptions): Promise<CaseResult> => {
  await cleanSlate(ports, lab);
  const watcher = await startWatcher(lab, { profile: options.profile, path: ports.env['PATH'] });
  const undo: Undo[] = [];
  try {
    return await play(ports, lab, drill, watcher, undo, options);
  } catch (error) {
    if (ports.signal.aborted) throw interrupted();
    const { name, group, about } = drill;
    const said = error instanceof Error ? [error.message, ...((error as { more?: readonly string[] }).more ?? [])] : [String(error)];
    return { name, group, about, passed: false, problems: said, gapMs: null, reactMs: null, detectMs: null, apiMs: null, verifyMs: null, limitMs: null, at: {}, moves: 0, alerts: [], lanes: [], story: [] };
  } finally {
    // The monitor first: it must not heal or move what is being put back.
    watcher.signal('SIGCONT');
    await watcher.stop();
    await takeBack(undo);
  }
};
