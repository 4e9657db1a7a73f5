import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { eventOf } from '../monitor/event-data.ts';
import type { MonitorEvent } from '../monitor/events.ts';
import { environmentOf } from '../lab/environment.ts';
import { companion, inside, ownMachine } from '../lab/run.ts';
import { paths, type Lab } from '../lab/state.ts';
import type { DrillProfile } from './types.ts';

/** The real monitor, as a child on its own node, told by its own JSON lines. */
export interface Watcher {
  /** All that was told, over restarts too. */
  readonly events: readonly MonitorEvent[];
  /** Calls back with every event from now on. @returns how to stop it. */
  listen(hear: (event: MonitorEvent) => void): () => void;
  /** Kills it as a crash does, and starts it again on the same state. */
  crash(): Promise<void>;
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  /** Ends it in good order. @returns its exit code; null where it had to be killed. */
  stop(): Promise<number | null>;
  /** What it complained of last, on stderr. */
  trouble(): readonly string[];
}

/** A stop gives up the lease and closes the sinks; longer than this it hangs. */
const STOP_MS = 8_000;

export interface WatcherOptions {
  readonly profile: DrillProfile;
  /** PATH outside of the lab. */
  readonly path: string | undefined;
  /** Where it runs; default: the first zone's monitor. */
  readonly node?: string;
  /** Default: the lab's. */
  readonly site?: string;
  /** More flags of `route monitor`. */
  readonly flags?: readonly string[];
}

/** Starts the monitor with nothing remembered from before. */
export const startWatcher = async (
  lab: Lab,
  { profile, path, node: name, site = lab.record.sitePath, flags = [] }: WatcherOptions,
): Promise<Watcher> => {
  const node = lab.topology.nodes.find((one) => (name === undefined ? one.role === 'monitor' : one.name === name))!;
  const state = join(paths(lab.record.name).drill, node.name);
  await rm(state, { recursive: true, force: true });
  const events: MonitorEvent[] = [];
  const listeners = new Set<(event: MonitorEvent) => void>();
  let complaints = '';

  const start = () => {
    const environment = Object.entries({ ...environmentOf(lab.record, node, path), HYBRIDCTL_STATE_DIR: state }).map(
      ([name, value]) => `${name}=${value}`,
    );
    const child = companion(
      'ip',
      inside(node.netns, [
        'env',
        ...environment,
        ...ownMachine(['hybridctl', 'route', 'monitor', '--site', site, '--detector', profile, '--json', ...flags]),
      ]),
      lab.record.name,
    );
    let rest = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        const event = eventOf(line);
        events.push(event);
        listeners.forEach((hear) => hear(event));
      }
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (complaints = (complaints + text).slice(-2_000)));
    const ended = new Promise<number | null>((resolve) => {
      child.once('exit', (code) => resolve(code));
      child.once('error', () => resolve(null));
    });
    return { child, ended };
  };
  let running = start();

  return {
    events,
    listen(hear) {
      listeners.add(hear);
      return () => void listeners.delete(hear);
    },
    async crash() {
      running.child.kill('SIGKILL');
      await running.ended;
      running = start();
    },
    signal: (name) => void running.child.kill(name),
    async stop() {
      const hung = setTimeout(() => running.child.kill('SIGKILL'), STOP_MS);
      running.child.kill('SIGTERM');
      const code = await running.ended;
      clearTimeout(hung);
      return code;
    },
    trouble: () =>
      complaints
        .split('\n')
        .filter((line) => line !== '')
        .slice(-4),
  };
};
