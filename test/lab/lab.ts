import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isTooBusy } from '../../src/lib/drill/judge.ts';
import type { StreamResult } from '../../src/lib/lab/stream.ts';
import { shell } from '../../src/lib/adapters/shell.ts';
import { builtProgram } from '../helpers/program.ts';

const ROOT = new URL('../..', import.meta.url).pathname;

export interface Workshop {
  readonly dir: string;
  /** The built program, for whoever runs it in a namespace. */
  readonly program: string;
  /** The site file that the labs are built from. */
  readonly site: string;
  /** Starts `hybridctl …` from the sources as they are now. */
  start(args: readonly string[]): Running;
  /** Runs it to its end. */
  run(args: readonly string[]): Promise<Ended>;
  remove(): Promise<void>;
}

export interface Ended {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once stderr holds the text; rejects when the program ends before. */
  says(text: string): Promise<void>;
  /** What it has written to stderr so far. */
  said(): string;
}

/** A folder of its own with a site file and its keys, and the program (the lab's own process runs from it). */
export const workshop = async (): Promise<Workshop> => {
  const dir = await mkdtemp(join(tmpdir(), 'hybridctl-lab-'));
  const program = await builtProgram();
  const site = join(dir, 'lab.yaml');
  await writeFile(site, readFileSync(join(ROOT, 'test/fixtures/lab.yaml')));
  await mkdir(join(dir, 'psk'), { mode: 0o700 });
  for (const name of ['vpn1', 'vpn2'])
    await writeFile(join(dir, 'psk', name), `lab.key.of.${name}.0123456789`, { mode: 0o600 });

  const start = (args: readonly string[]): Running => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    let out = '';
    let err = '';
    const watchers = new Set<() => void>();
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
      watchers.forEach((look) => look());
    });
    const ended = new Promise<Ended>((resolve) => child.on('close', (exit) => resolve({ exit, out, err })));
    return {
      child,
      ended,
      said: () => err,
      says: (text) =>
        new Promise((resolve, reject) => {
          const look = (): void => void (err.includes(text) && resolve());
          watchers.add(look);
          look();
          void ended.then(() => reject(new Error(`ended without saying "${text}":\n${err}`)));
        }),
    };
  };
  return {
    dir,
    program,
    site,
    start,
    run: (args) => start(args).ended,
    remove: () => rm(dir, { recursive: true, force: true }),
  };
};

/** Everything a lab could leave on the machine, as far as it belongs to a lab of these names. */
export const traces = async (...labs: readonly string[]): Promise<Record<string, readonly string[]>> => {
  const lines = async (file: string, args: readonly string[]): Promise<readonly string[]> =>
    (await shell.run(file, args)).stdout.split('\n').filter((line) => line !== '');
  const ours = (text: string): boolean => labs.some((lab) => text.includes(lab));
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = pids.flatMap((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      return labs.some((lab) => environment.includes(`HYBRIDCTL_LAB_DAEMON=${lab}`))
        ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')]
        : [];
    } catch {
      return [];
    }
  });
  const list = async (folder: string): Promise<readonly string[]> =>
    (await readdir(folder).catch(() => [])).map((name) => join(folder, name));
  return {
    namespaces: (await lines('ip', ['netns', 'list'])).filter(ours),
    devices: (await lines('ip', ['-o', 'link'])).filter(ours),
    routes: (await lines('ip', ['route', 'show', 'table', 'all'])).filter(ours),
    rules: await lines('nft', ['list', 'tables']).then((tables) =>
      tables.filter((table) => table.includes('hybridctl')),
    ),
    mounts: readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => ours(line)),
    files: (await Promise.all(['/run', '/run/hybridctl', '/run/netns', '/etc/netns'].map(list)))
      .flat()
      .filter((path) => ours(path)),
    processes: commands,
  };
};

/**
 * Holds a measurement to what the machine allowed: where the sender of the stream itself paused for a tenth of the limit
 * or longer, the run is invalid, and a test with `MEASURED` is run again.
 */
export const measured = (stream: StreamResult, limitMs: number): StreamResult => {
  if (!isTooBusy(stream.precisionMs, limitMs)) return stream;
  throw new Error(`INVALID: machine too busy, the sender itself paused for ${stream.precisionMs} ms`);
};

/** Runs it, and holds it to what this process was allowed: its own longest pause is the precision. See `measured`. */
export const measuredHere = async <T>(limitMs: number, run: () => Promise<T>): Promise<T> => {
  const late = monitorEventLoopDelay({ resolution: 5 });
  late.enable();
  const result = await run().finally(() => late.disable());
  const pauseMs = Math.round(late.max / 1e6);
  if (!isTooBusy(pauseMs, limitMs)) return result;
  throw new Error(`INVALID: machine too busy, the test itself paused for ${pauseMs} ms`);
};

/**
 * A path's round trip and loss are learnt, not assumed; and reads of the tables have to have agreed for 5 s (the core's
 * `staleMs`) before a route that BGP withdraws is believed gone at once.
 */
export const SETTLE_MS = 6_000;

/** For a test whose `measured` streams may be invalid. It begins by putting the lab in order. */
export const MEASURED = { retry: { count: 4, condition: /^INVALID/ } };

export const nothing = { namespaces: [], devices: [], routes: [], rules: [], mounts: [], files: [], processes: [] };
