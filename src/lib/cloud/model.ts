import type { Clock, RouteTable } from '../core/ports.ts';
import { shownServices } from './slice.ts';
import { advanceInstances } from './services/ec2/instance-state.ts';
import { createObjects, type ObjectState } from './services/s3/state.ts';
import { findTable, routesOf, setNetworks } from './services/ec2/route-state.ts';
import { ApiError } from './error.ts';
import type { CloudState } from './state.ts';
import { tagsOf } from './services/ec2/tag-state.ts';
import { advanceVpn } from './services/ec2/vpn-state.ts';
import type { Cloud, CloudWatcher, TransitionTimes } from './types.ts';

/** How far back a stale read can go. */
const HISTORY_MS = 60_000;

export interface CloudModel extends Cloud {
  readonly times: TransitionTimes;
  /** S3's half. */
  readonly objects: ObjectState;
  now(): number;
  /** The state `ago` ms before now; 0 is the present. */
  stateAt(ago: number): CloudState;
  /**
   * Applies one change and tells the watchers what is different. What the change throws leaves everything as it was.
   */
  change(step: (state: CloudState) => CloudState): CloudState;
  /** The same, for a change that also answers: with the id of what it made. */
  make<T>(step: (state: CloudState) => readonly [CloudState, T]): readonly [CloudState, T];
  /** Ends pending transitions. */
  close(): void;
}

export interface CloudModelOptions {
  readonly clock: Clock;
  readonly times: TransitionTimes;
}

const tableView = (state: CloudState, id: string): RouteTable => {
  const table = findTable(state, id);
  return {
    id,
    name: tagsOf(state, id)['Name'] ?? '',
    routes: routesOf(state, table),
    propagatingVgws: table.propagating,
  };
};

const SEALED = '(sealed)';
/** Anybody on the machine can read a snapshot: keys are not in it. */
const sealed = (state: CloudState): CloudState => ({
  ...state,
  services: shownServices(state),
  vpnConnections: state.vpnConnections.map((one) => ({
    ...one,
    tunnels: one.tunnels.map((tunnel) => ({ ...tunnel, psk: SEALED, options: { ...tunnel.options, psk: SEALED } })),
  })),
});

/** When the changes under way are over, ms. */
const dues = ({ instances, vgws, customerGateways, vpnConnections }: CloudState): ReadonlySet<number> =>
  new Set(
    [
      ...instances,
      ...vgws,
      ...customerGateways,
      ...vpnConnections,
      ...vgws.map(({ attachment }) => attachment),
    ].flatMap((item) => item?.due?.at ?? []),
  );

const advance = (state: CloudState, now: number, times: TransitionTimes): CloudState =>
  [...dues(state)].some((at) => at <= now) ? advanceVpn(advanceInstances(state, now, times), now, times) : state;

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
    const known = dues(before);
    for (const due of dues(state)) if (!known.has(due)) void settle(due);
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
  const tick = (): void => commit(advance(present(), clock.now(), times));

  return {
    times,
    objects: createObjects(() => clock.now()),
    now: () => clock.now(),
    watch(watcher) {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    table: (id) => {
      try {
        return tableView(present(), id);
      } catch (error) {
        throw error instanceof ApiError ? new RangeError(error.message) : error;
      }
    },
    tables: () => present().tables.map(({ id }) => tableView(present(), id)),
    instances: () => present().instances,
    setPropagated: (vgw, networks) => commit(setNetworks(present(), vgw, networks)),
    snapshot: () => structuredClone(sealed(present())),
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
    make(step) {
      tick();
      const [state, made] = step(present());
      commit(state);
      return [present(), made];
    },
    close: () => closing.abort(),
  };
};

/** Events are the difference of two states, so no change can forget to send one. */
const announce = (watcher: CloudWatcher, before: CloudState, after: CloudState): void => {
  for (const instance of after.instances) {
    const old = before.instances.find(({ id }) => id === instance.id);
    if (old === undefined) continue;
    if (old.sourceDestCheck !== instance.sourceDestCheck)
      watcher.sourceDestCheckChanged?.(instance.id, instance.sourceDestCheck);
    if (old.state === instance.state) continue;
    if (old.state !== 'stopping' && (instance.state === 'stopping' || instance.state === 'shutting-down'))
      watcher.instanceStopping?.(instance.id);
    if (instance.state === 'stopped' || (instance.state === 'terminated' && old.state !== 'stopped'))
      watcher.instanceStopped?.(instance.id);
    if (instance.state === 'running') watcher.instanceStarted?.(instance.id);
  }
  for (const table of after.tables) {
    const old = before.tables.find(({ id }) => id === table.id);
    if (old === undefined || JSON.stringify(routesOf(before, old)) !== JSON.stringify(routesOf(after, table)))
      watcher.routesChanged?.(table.id);
  }
};
