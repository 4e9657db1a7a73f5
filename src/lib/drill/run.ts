import { failure, interrupted } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import type { Lab } from '../lab/state.ts';
import { measureGap, type Arrivals } from '../lab/stream.ts';
import { until } from '../lab/wait.ts';
import type { MonitorEvent } from '../monitor/events.ts';
import { limitOf } from './cases.ts';
import { inject, type Undo } from './fault.ts';
import { judge, type Seen } from './judge.ts';
import { positions, samePlace, sceneOf } from './reset.ts';
import { tableNames } from '../monitor/names.ts';
import { labLog, lastView, timelineOf, wordsOf } from './timeline.ts';
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
const SETTLE_MS = { fast: 6_000, default: 7_000, legacy: 6_000 } as const;
/** A fault's phase is spread over the longest regular thing: the check of the tables in quiet times. */
const PHASE_MS = 1_000;
/** What comes right after the last thing waited for is still in the picture. */
const TAIL_MS = 500;
const READY_MS = { fast: 20_000, default: 20_000, legacy: 40_000 } as const;
const TOLD_MS = 8_000;
/**
 * For a path to be found alive again, and the first hold-down of 30 s; the 3-ping loop wants ten good rounds, each of 4
 * to 5 s.
 */
const BACK_MS = { fast: 45_000, default: 50_000, legacy: 100_000 } as const;
/** A gateway has to be dead for 10 s, and has to stop and start, before its tunnel can earn its way back. */
const HEALED_MS = 40_000;

type Places = Readonly<Record<string, string>>;

const boxesOf = ({ record: { site } }: Lab): readonly string[] =>
  [...site.gateways, ...site.onprem.routers].map(({ name }) => name);

/**
 * Each table is where it has to be before the fault: on its first link that nothing standing has killed; and each link
 * is judged as it is.
 */
const isReady = async (ports: Ports, lab: Lab, { events }: Watcher, standing: readonly Fault[]): Promise<boolean> => {
  const killed = standing.flatMap((fault) => (fault.kind === 'cut' ? [fault.cut.what] : []));
  const { links, route_tables } = lab.topology.site;
  const verdicts = events.filter((event) => event.kind === 'verdict');
  const judged = ({ name }: { readonly name: string }): boolean => {
    const own = verdicts.filter(({ link }) => link === name).map(({ to }) => to);
    // A busy machine comes to no result for a while; what was found dead is not alive for that.
    return killed.includes(name) ? own.includes('dead') && own.at(-1) !== 'alive' : own.at(-1) === 'alive';
  };
  if (!links.every(judged)) return false;
  const wanted = Object.fromEntries(
    route_tables.map((table) => [table.name, table.links.find((link) => !killed.includes(link))!]),
  );
  return samePlace(wanted, await positions(ports, lab));
};

const isStep = (step: KillStep, event: MonitorEvent): boolean => {
  if (step === 'verdict') return event.kind === 'verdict' && event.to === 'dead';
  if (step === 'call') return event.kind === 'api' && /^(Create|Replace|Delete)Route$/.test(event.action);
  return step === 'moved' && event.kind === 'move' && event.outcome === 'done';
};

/** Every alert that has to come has come; a move of somebody's before us is told as found. */
const isTold = ({ events }: Watcher, since: number, kinds: readonly string[]): boolean =>
  kinds.every((kind) =>
    events.some(
      (event) =>
        event.kind === 'alert' &&
        event.at >= since &&
        (event.alert.kind === kind || (kind === 'moved' && event.alert.kind === 'found')),
    ),
  );

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

/**
 * Takes back, the latest first; one that can't be taken back does not leave the others in force. @returns what was not.
 */
const takeBack = async (undo: Undo[]): Promise<readonly string[]> => {
  const troubles: string[] = [];
  for (const back of undo.splice(0).reverse())
    await back().catch((error: unknown) =>
      troubles.push(`a fault could not be taken back: ${wordsOf(error).join('; ')}`),
    );
  return troubles;
};

/** What the case stands on while it is played. */
interface Stage {
  readonly ports: Ports;
  readonly lab: Lab;
  readonly drill: DrillCase;
  readonly watcher: Watcher;
  /** Of what stands, and of the faults: those are taken back first, or alone. */
  readonly standing: Undo[];
  readonly undo: Undo[];
  readonly options: DrillOptions;
}

const apply = async (
  { ports, lab, drill, watcher, options: { profile } }: Stage,
  fault: Fault,
  undo: Undo[],
): Promise<void> => {
  if (fault.kind === 'kill') return killAt(watcher, fault.at, limitOf(profile, drill.expects) ?? 0);
  if (fault.kind === 'freeze') {
    watcher.signal('SIGSTOP');
    undo.push(async () => watcher.signal('SIGCONT'));
    await ports.clock.sleep(fault.ms, ports.signal);
    return watcher.signal('SIGCONT');
  }
  undo.push(await inject(ports, lab, fault));
};

const setFaults = async (stage: Stage): Promise<void> => {
  const {
    ports: { clock, signal },
    drill: { faults, flaps },
    undo,
  } = stage;
  for (const fault of faults) await apply(stage, fault, undo);
  for (let turn = 1; turn < (flaps?.times ?? 1); turn += 1) {
    await clock.sleep(flaps!.everyMs / 2, signal);
    await takeBack(undo);
    await clock.sleep(flaps!.everyMs / 2, signal);
    for (const fault of faults) await apply(stage, fault, undo);
  }
};

/**
 * Looks until every table is where it belongs and `more` holds. @returns when the tables were there, undefined: not by
 * the deadline; and where they were last.
 */
const watchTables = async (
  { ports, lab }: Stage,
  wanted: Places,
  deadline: number,
  everyMs: number,
  more: () => boolean,
): Promise<{ settledAt: number | undefined; at: Places }> => {
  const { clock, signal } = ports;
  let settledAt: number | undefined;
  for (;;) {
    if (signal.aborted) throw interrupted();
    const at = await positions(ports, lab);
    settledAt = samePlace(wanted, at) ? (settledAt ?? clock.now()) : undefined;
    if ((settledAt !== undefined && more()) || clock.now() > deadline) return { settledAt, at };
    await clock.sleep(everyMs, signal);
  }
};

const play = async (stage: Stage): Promise<CaseResult> => {
  const {
    ports,
    lab,
    drill,
    watcher,
    standing,
    undo,
    options: { profile, random },
  } = stage;
  const { clock, signal, shell } = ports;
  const { expects } = drill;
  for (const fault of drill.standing) await apply(stage, fault, standing);
  await until(() => isReady(ports, lab, watcher, drill.standing), {
    what: 'the monitor did not find every path as it is',
    withinMs: READY_MS[profile],
    everyMs: 50,
    signal,
  });
  await clock.sleep(SETTLE_MS[profile], signal);
  const before = await positions(ports, lab);
  if (!(await isReady(ports, lab, watcher, drill.standing)))
    throw failure('something moved or died before the fault', {
      more: Object.entries(before).map(([table, link]) => `${table} is on ${link}`),
    });

  let faultAt = 0;
  let endAt = 0;
  let settledAt: number | undefined;
  let seenAt: Places = {};
  let back: Omit<NonNullable<Seen['back']>, 'lost'> | undefined;
  let startedAt = 0;
  const stream = await measureGap(shell, lab.topology, {
    from: lab.topology.nodes.filter(({ role }) => role === 'app')[drill.table]!.name,
    to: 'host',
    durationMs: 0,
    during: async () => {
      startedAt = clock.now();
      await clock.sleep(100 + random() * PHASE_MS, signal);
      faultAt = clock.now();
      const set = setFaults(stage);
      // Told when it is awaited below.
      set.catch(() => undefined);
      const limit = limitOf(profile, expects);
      if (limit === undefined) await clock.sleep(drill.watchMs, signal);
      // A cut that sets in takes its time, during which the monitor may well have moved already: both run side by side.
      // An alert follows the read that shows the move, which may be a stale one; `healed` comes with the return.
      else
        settledAt = (
          await watchTables(stage, expects.at, faultAt + limit + TOLD_MS, 20, () =>
            isTold(
              watcher,
              faultAt,
              expects.alerts.filter((kind) => kind !== 'healed'),
            ),
          )
        ).settledAt;
      await set;
      await clock.sleep(TAIL_MS, signal);
      seenAt = await positions(ports, lab);
      if (drill.back !== undefined && settledAt !== undefined) {
        const from = clock.now();
        if (drill.back === 'undone') await takeBack(undo);
        const deadline = from + BACK_MS[profile] + (drill.back === 'healed' ? HEALED_MS : 0);
        back = {
          from,
          ...(await watchTables(stage, before, deadline, 100, () => isTold(watcher, faultAt, expects.alerts))),
        };
        await clock.sleep(TAIL_MS, signal);
      }
      endAt = clock.now();
    },
  });
  const exitCode = await watcher.stop();
  const gapsOf = ({ gaps: holes, silentAtEndMs }: Arrivals) => [
    ...holes.map(({ at, ms, lost }) => ({ from: startedAt + at, ms, lost })),
    { from: endAt - silentAtEndMs, ms: silentAtEndMs, lost: 0 },
  ];
  const gaps = gapsOf(stream);
  const { from: backFrom = Infinity } = back ?? {};
  const longest = (way: Arrivals): number =>
    back === undefined
      ? Math.max(way.longestGapMs, way.silentAtEndMs)
      : Math.max(0, ...gapsOf(way).flatMap(({ from, ms }) => (from < backFrom ? [ms] : [])));
  const seen: Seen = {
    faultAt,
    endAt,
    settledAt,
    positions: seenAt,
    events: watcher.events,
    longestGapMs: longest(stream),
    roundTripMs: longest(stream.roundTrip),
    backMs: stream.backGapMs,
    pauseMs: stream.precisionMs,
    gaps,
    streamFrom: startedAt,
    streamTo: endAt,
    exitCode,
    lab: await labLog(ports.files, lab.record.name, boxesOf(lab), startedAt),
    back:
      back === undefined
        ? undefined
        : { ...back, lost: gaps.filter(({ from }) => from >= backFrom).reduce((sum, { lost }) => sum + lost, 0) },
  };
  return judge(drill, profile, seen, before, tableNames(lab.topology.site));
};

/** @returns a case that could not be played to its end, as a failed one. */
export const unplayed = (
  { name, group, about }: DrillCase,
  error: unknown,
  story: readonly string[] = [],
): CaseResult => ({
  name,
  group,
  about,
  passed: false,
  invalid: false,
  problems: wordsOf(error),
  roundTripMs: null,
  gapMs: null,
  backMs: null,
  pauseMs: null,
  reactMs: null,
  detectMs: null,
  apiMs: null,
  verifyMs: null,
  limitMs: null,
  returnMs: null,
  at: {},
  moves: 0,
  alerts: [],
  lanes: [],
  story,
  scene: [],
});

/**
 * Runs one case on a clean lab: the real monitor, a stream, the fault at a random moment, and all taken back. A case
 * that can't be played is a failed case. Throws only as interrupted.
 */
export const runCase = async (ports: Ports, lab: Lab, drill: DrillCase, options: DrillOptions): Promise<CaseResult> => {
  const begun = ports.clock.now();
  const names = tableNames(lab.topology.site);
  const standing: Undo[] = [];
  const undo: Undo[] = [];
  const watcher = await startWatcher(lab, { profile: options.profile, path: ports.env['PATH'] });
  const told = async (): Promise<readonly string[]> =>
    timelineOf(watcher.events, await labLog(ports.files, lab.record.name, boxesOf(lab), begun), begun, true, names);
  let result: CaseResult;
  try {
    result = await play({ ports, lab, drill, watcher, standing, undo, options }).catch(async (error: unknown) =>
      unplayed(drill, error, await told()),
    );
    // Asked while all is as it was when it failed.
    if (!result.passed && !ports.signal.aborted)
      result = {
        ...result,
        scene: [...lastView(watcher.events, names), ...(await sceneOf(ports, lab)), ...watcher.trouble()],
      };
  } finally {
    // The monitor first: it must not heal or move what is being put back.
    watcher.signal('SIGCONT');
    await watcher.stop();
  }
  const troubles = [...(await takeBack(undo)), ...(await takeBack(standing))];
  if (ports.signal.aborted) throw interrupted();
  return troubles.length === 0 ? result : { ...result, passed: false, problems: [...result.problems, ...troubles] };
};
