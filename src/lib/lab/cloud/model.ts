import type { Clock, RouteTable } from '../../core/ports.ts';
import { advance, findTable, routesOf, setNetworks, Ec2Error, type CloudState } from './state.ts';
import type { Cloud, CloudWatcher, TransitionTimes } from './types.ts';

/** How far back a stale read can go. */
const HISTORY_MS = 60_000;

export interface CloudModel extends Cloud {
  readonly times: TransitionTimes;
  now(): number;
  /** The state `ago` ms before now; 0 is the present. */
  stateAt(ago: number): CloudState;
  /** Applies one change and tells the watchers what is different. What the change throws leaves everything as it was. */
  change(step: (state: CloudState) => CloudState): CloudState;
  /** Ends pending transitions. */
  close(): void;
}

export interface CloudModelOptions {
  readonly clock: Clock;
  readonly times: TransitionTimes;
}

const tableView = (state: CloudState, id: string): RouteTable => {
  const table = findTable(state, id);
  return { id, name: table.name, routes: routesOf(state, table), propagatingVgws: table.propagating };
};

/** The cloud: a present state, the states before it, and watchers that hear of the difference. */
export const createCloud = (seed: CloudState, { clock, times }: CloudModelOptions): CloudModel => {
  let history: { at: number; state: CloudState }[] = [{ at: Number.NEGATIVE_INFINITY, state: seed }];
  const watchers = new Set<CloudWatcher>();
  const closing = new AbortController();
  const present = (): CloudState => history.at(-1)!.state;

  const commit = (state: CloudState): void => {
    const before = present();
    if (state === before) return;
    const at = clock.now();
    // The newest entry older than the window stays: it is what a read from the window's far end sees.
    const keep = history.findLastIndex((entry) => entry.at < at - HISTORY_MS);
    history = [...history.slice(Math.max(keep, 0)), { at, state }];
    for (const watcher of [...watchers]) announce(watcher, before, state);
    const dues = state.instances.filter(({ id, due }) => due !== undefined && due !== before.instances.find((old) => old.id === id)?.due);
    for (const { due } of dues) void settle(due!.at);
  };
  /** A timer may fire a millisecond before the clock says so; then the transition is still not due. */
  const settle = async (at: number): Promise<void> => {
    try {
      while (clock.now() < at) await clock.sleep(at - clock.now(), closing.signal);
      tick();
    } catch (error) {
      if (!closing.signal.aborted) throw error;
    }
  };
  const tick = (): void => commit(advance(present(), clock.now()));

  return {
    times,
    now: () => clock.now(),
    watch(watcher) {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    table: (id) => {
      try {
        return tableView(present(), id);
      } catch (error) {
        throw error instanceof Ec2Error ? new RangeError(error.message) : error;
      }
    },
    tables: () => present().tables.map(({ id }) => tableView(present(), id)),
    instances: () => present().instances,
    setPropagated: (vgw, networks) => commit(setNetworks(present(), vgw, networks)),
    // Anybody on the machine can read it: what Parameter Store keeps sealed stays so.
    snapshot: () => structuredClone({ ...present(), parameters: present().parameters.map((one) => (one.type === 'SecureString' ? { ...one, value: '(sealed)' } : one)) }),
    stateAt(ago) {
      tick();
      if (ago <= 0) return present();
      return (history.findLast(({ at }) => at <= clock.now() - ago) ?? history[0]!).state;
    },
    change(step) {
      tick();
      commit(step(present()));
      return present();
    },
    close: () => closing.abort(),
  };
};

/** Events are the difference of two states, so no change can forget to send one. */
const announce = (watcher: CloudWatcher, before: CloudState, after: CloudState): void => {
  for (const instance of after.instances) {
    const old = before.instances.find(({ id }) => id === instance.id);
    if (old === undefined) continue;
    if (old.sourceDestCheck !== instance.sourceDestCheck) watcher.sourceDestCheckChanged?.(instance.id, instance.sourceDestCheck);
    if (old.state === instance.state) continue;
    if (instance.state === 'stopping') watcher.instanceStopping?.(instance.id);
    if (instance.state === 'stopped') watcher.instanceStopped?.(instance.id);
    if (instance.state === 'running') watcher.instanceStarted?.(instance.id);
  }
  for (const table of after.tables) {
    const old = before.tables.find(({ id }) => id === table.id);
    if (old === undefined || JSON.stringify(routesOf(before, old)) !== JSON.stringify(routesOf(after, table))) watcher.routesChanged?.(table.id);
  }
};
