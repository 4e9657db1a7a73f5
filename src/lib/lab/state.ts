import { join } from 'node:path';
import { readFile, readdir } from 'node:fs/promises';
import { failure, usageError } from '../core/errors.ts';
import type { Files } from '../core/ports.ts';
import { siteSchema, type Site } from '../domain/site.ts';
import { NAME_RULES } from './numbers.ts';
import { topologyOf, type Topology } from './topology.ts';

/** Every lab's folder, 0700: configuration with keys, sockets and logs live below it. */
const ROOT = '/run/hybridctl';

export const paths = (lab: string) => {
  const dir = join(ROOT, lab);
  return {
    root: ROOT,
    dir,
    record: join(dir, 'lab.json'),
    cuts: join(dir, 'cuts'),
    /** Holds the one program of `lab exec`'s PATH that has to be this very build. */
    bin: join(dir, 'bin'),
    /** Lease and pins of a monitor that runs inside. */
    state: join(dir, 'state'),
    serveLog: join(dir, 'serve.log'),
    /** What a drill has to remember: the state of its monitors, keys to be put back. */
    drill: join(dir, 'drill'),
    node: (name: string) => join(dir, 'nodes', name),
    /** The node's copy of what `vpn render` wrote for it. */
    files: (name: string) => join(dir, 'nodes', name, 'files'),
    charonLog: (name: string) => join(dir, 'nodes', name, 'charon.log'),
    watchLog: (name: string) => join(dir, 'nodes', name, 'hybridctl', 'watch.log'),
    vici: (name: string) => `unix://${join(dir, 'nodes', name, 'charon.vici')}`,
    /** Where charon of a node in the guest listens; the path above is handed on to it. */
    viciInGuest: (name: string) => join(dir, 'nodes', name, 'guest.vici'),
    guest: {
      folder: join(dir, 'guest'),
      init: join(dir, 'guest', 'init'),
      socket: join(dir, 'guest', 'socket'),
      log: join(dir, 'guest', 'log'),
    },
    frr: (name: string) => join(dir, 'nodes', name, 'frr'),
  };
};

/**
 * A process that can't be mistaken for another one that got the same number later. `start`: field 22 of /proc/PID/stat.
 */
export interface ProcessId {
  readonly pid: number;
  readonly start: string;
}

export const processId = async (pid: number): Promise<ProcessId | undefined> => {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The program's name is in parentheses and may hold spaces: fields are counted after the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A process that has ended stays in the list until its parent asks how (proc(5): Z, X).
    return /[ZXx]/.test(fields[0]!) ? undefined : { pid, start: fields[19]! };
  } catch {
    return undefined;
  }
};

export const isAlive = async ({ pid, start }: ProcessId): Promise<boolean> => (await processId(pid))?.start === start;

/** Whose kernel the boxes with charon run on: this machine's, or a user-mode Linux kernel beside it. */
export const LAB_KERNELS = ['host', 'uml'] as const;
export type LabKernel = (typeof LAB_KERNELS)[number];

/** How ESP is done on a box. */
export type EspKind = 'kernel' | 'userspace';

/** What the kernel of the boxes with charon can do, found by trying. */
export interface Kernel {
  readonly esp: boolean;
  readonly xfrm: boolean;
  readonly vti: boolean;
  readonly netem: boolean;
}

export interface KernelRecord extends Kernel {
  readonly where: LabKernel;
  /** As `uname -r` says it. */
  readonly release: string;
}

export interface LabRecord {
  readonly version: 1;
  readonly name: string;
  readonly slot: number;
  /** The site file it was built from, absolute. */
  readonly sitePath: string;
  /** The site as built: after the changes that `notes` tell. */
  readonly site: Site;
  /** SHA-256 of the site file's text: `up` again with the same one is no work. */
  readonly siteDigest: string;
  readonly notes: readonly string[];
  readonly esp: Readonly<Record<string, EspKind>>;
  /** The kernel of the boxes with charon. Absent in the record of an older version. */
  readonly kernel?: KernelRecord;
  /** The process that keeps the guest of a lab whose boxes run in one. */
  readonly guest?: ProcessId;
  readonly phase: 'building' | 'ready';
  /** Who builds it: a lab whose builder is gone and that is not ready is a wreck. */
  readonly builder: ProcessId;
  readonly serve?: ProcessId;
  /** For AWS_ENDPOINT_URL. */
  readonly endpoint?: string;
}

export const writeRecord = (files: Files, record: LabRecord): Promise<void> =>
  files.write([{ path: paths(record.name).record, content: `${JSON.stringify(record, undefined, 2)}\n`, mode: 0o600 }]);

export const readRecord = async (files: Files, lab: string): Promise<LabRecord | undefined> => {
  const text = await files.read(paths(checkedName(lab)).record);
  if (text === undefined) return undefined;
  const record = JSON.parse(text) as LabRecord;
  return { ...record, site: siteSchema.parse(record.site) };
};

export interface Lab {
  readonly record: LabRecord;
  readonly topology: Topology;
}

/** Throws a failure when there is no such lab or it is only half there. */
export const openLab = async (files: Files, lab: string): Promise<Lab> => {
  const record = await readRecord(files, lab);
  if (record === undefined) throw failure(`no lab called ${lab} is up`, { next: 'run "hybridctl lab up"' });
  if (record.phase !== 'ready') {
    const next = (await isAlive(record.builder))
      ? 'wait for "lab up" to finish'
      : `run "hybridctl lab down --name ${lab}", then "lab up" again`;
    throw failure(`the lab ${lab} is not ready`, { next });
  }
  return { record, topology: topologyOf(record.site, record.name, record.slot) };
};

/** @returns a number from 0 to 253 that no other lab uses: the third octet of its management network. */
export const freeSlot = async (files: Files): Promise<number> => {
  const names = await readdir(ROOT).catch(() => []);
  const texts = await Promise.all(
    names.filter((name) => NAME_RULES.lab.test(name)).map((name) => files.read(paths(name).record)),
  );
  // The slot alone: the lab beside may be of another version, with a site that ours would refuse.
  const taken = new Set(texts.map((text) => (text === undefined ? undefined : (JSON.parse(text) as LabRecord).slot)));
  for (let slot = 0; slot < 254; slot++) if (!taken.has(slot)) return slot;
  throw failure('254 labs are up already', { next: 'take one down' });
};

export const checkedName = (lab: string): string => {
  if (!NAME_RULES.lab.test(lab))
    throw usageError('must be 1 to 10 lower-case letters and digits, beginning with a letter');
  return lab;
};
