import { decide as realDecide } from '../../../src/lib/domain/failover/decide.ts';
import { EPISODE_END, plant } from './faults.ts';
import { aHoleIsShort } from './holes.ts';
import { AT_SEND, newMemory } from './invariants.ts';
import { runMonitor, type Running } from './monitor.ts';
import {
  backAtThePreferredPath,
  bystandersAreUntouched,
  noRouteAtADeadPath,
  oneAlertPerDarkness,
  oneAlertPerMove,
  watchForMovedInTime,
} from './rest.ts';
import { createWorld } from './world.ts';

export interface Violation {
  readonly seed: number;
  /** Name of the invariant's function. */
  readonly invariant: string;
  readonly at: number;
  readonly what: string;
}

export interface Episode {
  readonly violation: Violation | undefined;
  /** Every fault, action and change, by virtual time; empty unless asked for. */
  readonly log: readonly string[];
  readonly decisions: number;
  readonly moves: number;
  readonly alerts: number;
  readonly heals: number;
}

class Broken extends Error {
  constructor(readonly violation: Violation) {
    super(violation.what);
  }
}

/** One seeded life of a site: faults for half a minute, then peace. Ends at the first violation. */
export const runEpisode = (seed: number, trace = false): Episode => {
  const world = createWorld(seed);
  const log: string[] = [];
  const say = (line: string) =>
    void (trace && log.push(`${String(Math.round(world.queue.now())).padStart(6)} ${line}`));
  const fail = (invariant: string, what: string | undefined): void => {
    if (what === undefined) return;
    say(`VIOLATION ${invariant}: ${what}`);
    throw new Broken({ seed, invariant, at: Math.round(world.queue.now()), what });
  };
  const memory = newMemory();
  const pins = new Map<string, string>();
  let decisions = 0;
  let heals = 0;
  say(`${world.topology.name}; ${world.topology.monitors.length} monitor(s)`);
  if (trace) world.onLink.push((link) => say(`  ${link} is ${world.links.get(link)!.up ? 'up' : 'down'}`));
  if (trace) world.onInstance.push((id) => say(`  ${id} is ${world.instances.get(id)!.view.state}`));
  const monitors: readonly Running[] = world.topology.monitors.map(({ name, host }) =>
    runMonitor(world, name, host, realDecide, pins, {
      decided: (monitor) => {
        decisions += 1;
        const invariant =
          world.disturbedAt === world.apiReturnedAt ? 'convergesAfterTheApiReturns' : 'noRouteAtADeadPath';
        fail(invariant, noRouteAtADeadPath(world, monitor));
        fail('aHoleIsShort', aHoleIsShort(world, monitor));
      },
      sending: (monitor, action, sight) => {
        if (action.kind === 'start') heals += 1;
        if (trace && action.kind !== 'read' && action.kind !== 'inspect') say(`  ${monitor.me} ${describe(action)}`);
        for (const [name, judge] of Object.entries(AT_SEND))
          fail(name, judge({ world, monitor, sight, memory }, action));
      },
    }),
  );
  watchForMovedInTime(world, monitors, (text) => fail('movedInTime', text));
  plant({ world, monitors, pins, say });
  const end = (violation: Violation | undefined): Episode => ({
    violation,
    log,
    decisions,
    moves: world.changes.length,
    alerts: world.alerts.size,
    heals,
  });
  try {
    world.queue.run(EPISODE_END);
    fail('backAtThePreferredPath', backAtThePreferredPath(world, monitors));
    fail('bystandersAreUntouched', bystandersAreUntouched(world));
    fail('oneAlertPerMove', oneAlertPerMove(world, monitors));
    fail('oneAlertPerDarkness', oneAlertPerDarkness(world));
    return end(undefined);
  } catch (error) {
    if (error instanceof Broken) return end(error.violation);
    // The core threw: that is a violation too, of the plainest kind.
    say(String(error));
    return end({
      seed,
      invariant: 'neverThrows',
      at: Math.round(world.queue.now()),
      what: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
};

const describe = (action: { readonly kind: string }): string => {
  const { kind, journal: _journal, ...rest } = action as Record<string, unknown>;
  return `${String(kind)} ${JSON.stringify(rest)}`;
};

/** Runs seeds [from, from + count), and stops at the first violation. */
export const runMany = (
  from: number,
  count: number,
): {
  readonly violation: Violation | undefined;
  readonly episodes: number;
  readonly decisions: number;
  readonly moves: number;
  readonly alerts: number;
  readonly heals: number;
} => {
  const sum = { episodes: 0, decisions: 0, moves: 0, alerts: 0, heals: 0 };
  for (let seed = from; seed < from + count; seed += 1) {
    const episode = runEpisode(seed);
    sum.episodes += 1;
    for (const name of ['decisions', 'moves', 'alerts', 'heals'] as const) sum[name] += episode[name];
    if (episode.violation !== undefined) return { violation: episode.violation, ...sum };
  }
  return { violation: undefined, ...sum };
};
