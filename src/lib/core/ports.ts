import type { Aliyun, AliyunOptions } from './aliyun.ts';
import type { Ask } from './ask.ts';
import type { Aws } from './aws.ts';
import type { Collectd } from './collectd.ts';
import type { FileLoad } from './file-load.ts';
import type { FpgaCloud, FpgaOptions } from './fpga.ts';
import type { Machine, SshOptions } from './machine.ts';
import type { ObjectStore, SourceFile } from './objects.ts';
import type { Outlets } from './outlets.ts';
import type { Vici } from './vici.ts';
import type { Prober } from './probes.ts';
import type { Screen, Views } from './views.ts';

export type { Prober, ProbeSpec, Probing, Sample, Way } from './probes.ts';
export type { Vici, ViciSection, ViciValue } from './vici.ts';

/**
 * What the outside is to us. Each port is small and domain-shaped; SDK and library types stay behind it.
 * `src/commands/bin.ts` builds the real ones; `test/fakes/` holds the stateful fakes, and `test/contract/` runs one
 * suite over both.
 */

export type { Ask, Choice } from './ask.ts';

export interface Clock {
  /** Wall time, ms since the epoch. */
  now(): number;
  /** Resolves after `ms`, or rejects with an interrupted error once `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface FileToWrite {
  readonly path: string;
  readonly content: string;
  /** Permission bits the file has from the moment it exists, e.g. 0o600. */
  readonly mode: number;
  /** A file that is there keeps its own mode: people edit it, and may have closed it to others. */
  readonly keepMode?: true;
}

export interface Files {
  /**
   * @param limit bytes; a longer file is refused without being read whole (a device or a pipe may never end).
   * @returns the text, or undefined when there is no such file. `/dev/stdin` is what is piped to us. Throws on anything
   * else.
   */
  read(path: string, limit?: number): Promise<string | undefined>;
  /** @returns permission bits (0o777 mask) and size in bytes, or undefined when there is no such file. */
  stat(path: string): Promise<{ mode: number; size: number } | undefined>;
  /**
   * Writes every file or none, and none that a reader could see half of: temp file beside it with the final mode,
   * fsync, rename. A file that is there keeps its owner and group, and a link stays a link.
   * Parent folders are made (0700 where the file itself is private).
   */
  write(files: readonly FileToWrite[]): Promise<void>;
}

export interface ShellResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ShellOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutMs?: number;
  /** Ends the child, and the call as interrupted. With `inherit` it is handed on, and the child's own end is waited for. */
  readonly signal?: AbortSignal;
  /** Connect the child to our own terminal; stdout and stderr of the result are then empty. */
  readonly inherit?: boolean;
}

export interface Shell {
  /** Runs a program with an argument list (never through a shell). A non-zero exit is a result, not a throw. */
  run(file: string, args: readonly string[], options?: ShellOptions): Promise<ShellResult>;
  /** @returns the absolute path of a program on PATH (or the sbin folders), or undefined. */
  which(file: string): Promise<string | undefined>;
}

/** A destination in a route table: an IPv4 CIDR or a managed prefix list id (`pl-…`). */
export type Destination = string;

/** What a route points at. `id` is `vgw-…`, `eni-…`, `i-…` and so on. */
export interface RouteTarget {
  readonly kind: 'vgw' | 'eni' | 'instance' | 'igw' | 'nat' | 'local' | 'other';
  readonly id: string;
  /** The instance an `eni` is attached to, where the cloud says so. Only in what is read; writing goes by `id`. */
  readonly instance?: string;
}

/** A change of a static route that is one call of the API. */
export type RouteWrite =
  | { readonly kind: 'create' | 'replace'; readonly target: RouteTarget }
  | { readonly kind: 'delete' };

export interface CloudRoute {
  readonly destination: Destination;
  readonly target: RouteTarget;
  /** `propagated` routes come from a VGW by route propagation and can't be written. */
  readonly origin: 'table' | 'propagated' | 'static';
  readonly state: 'active' | 'blackhole';
}

export interface RouteTable {
  readonly id: string;
  readonly name: string | undefined;
  readonly routes: readonly CloudRoute[];
  /** VGWs whose routes this table takes by propagation. */
  readonly propagatingVgws: readonly string[];
}

/** The route tables of one VPC, as the controller and the route commands need them. */
export interface RouteTables {
  /** Reads tables by id, in the order asked. Throws a HybridError naming an id that does not exist. */
  read(ids: readonly string[]): Promise<readonly RouteTable[]>;
  /**
   * The same, but a table that does not exist is left out: the others must not suffer for it. Throws when none is
   * there.
   */
  readThere(ids: readonly string[]): Promise<readonly RouteTable[]>;
  /** Throws `RouteRace` when a static route for the destination is already there. */
  createRoute(table: string, destination: Destination, target: RouteTarget): Promise<void>;
  /** Throws `RouteRace` when there is no static route for the destination. */
  replaceRoute(table: string, destination: Destination, target: RouteTarget): Promise<void>;
  /** Throws `RouteRace` when there is no static route for the destination. */
  deleteRoute(table: string, destination: Destination): Promise<void>;
}

/** The table was not as we read it a moment ago: read again, then choose again. */
export class RouteRace extends Error {
  override readonly name = 'RouteRace';
}

/** A gateway's instance as the cloud shows it. */
export interface CloudInstanceView {
  readonly instance: string;
  readonly state: 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';
  /** Public address of its first interface. */
  readonly publicIp: string | undefined;
  /** While on, EC2 drops what is not addressed to the instance. */
  readonly sourceDestCheck: boolean;
}

/** The gateways' instances, as healing needs them. Every call is one request; none waits for the change to happen. */
export interface Instances {
  /** By id, in the order asked. Throws a HybridError naming an id that does not exist. */
  describe(ids: readonly string[]): Promise<readonly CloudInstanceView[]>;
  /** No error where it is stopping or stopped already. */
  stop(instance: string, options: { readonly force: boolean }): Promise<void>;
  /** No error where it runs already; throws while it is still stopping. */
  start(instance: string): Promise<void>;
  /** Attaches the Elastic IP. Throws where it is attached to something else: who put it there had a reason. */
  attachAddress(instance: string, publicIp: string): Promise<void>;
  clearSourceDestCheck(instance: string): Promise<void>;
}

/** One durable text that only a compare-and-swap changes: the monitor's lease and journal, a drill's record. */
export interface LeaseStore {
  /** undefined: nothing there yet. */
  read(): Promise<string | undefined>;
  /** Durable once true. @returns false, and changes nothing, where the text is no longer `before`. */
  swap(before: string | undefined, after: string): Promise<boolean>;
  /** Name for a holder of this process, which `isGone` can judge later. */
  readonly me: string;
  /** Certainly no longer alive: its lease need not be waited out. false where that can't be known. */
  isGone(holder: string): Promise<boolean>;
}

/**
 * What others say of the path. There is no "up": an SA that charon holds established says nothing of whether packets
 * pass (its DPD takes 165 s by default).
 */
export type Evidence = 'child-down' | 'ike-down' | 'bfd-down' | 'link-down';

/** What a daemon beside the path has seen by its own means, in the daemon's own names. */
export interface Testimony {
  readonly evidence: Exclude<Evidence, 'link-down'>;
  /** The connection's name at charon, or the address of the BFD peer. */
  readonly about: string;
}

/**
 * What became of a try to begin a tunnel. `idle`: nothing of it was down, or the daemon does not know it, so nothing was
 * tried. `up`: it is up now. `failed`: the peer refused or did not answer in time.
 */
export type Initiated = { readonly outcome: 'idle' | 'up' } | { readonly outcome: 'failed'; readonly because: string };

/** A daemon that can be listened to. */
export interface Witness {
  /** For the event log, e.g. `charon at unix:///var/run/charon.vici`. */
  readonly name: string;
  /**
   * Listens until stopped. Throws nothing: a daemon that is away is waited for. `heard` says whether it can be heard,
   * when that is first known and when it changes; if not, why. What was so before we came is not told, only what
   * changes.
   */
  watch(told: { evidence(testimony: Testimony): void; heard(now: boolean, because: string): void }): { stop(): void };
  /**
   * Begins what is down of the connection of that name, and waits a few seconds for it. Absent where the daemon begins
   * no tunnels. Rejects where it can't be asked.
   */
  initiate?(connection: string): Promise<Initiated>;
}

/** charon by its vici socket (`unix:///…` or `tcp://host:port`), or FRR's bfdd by its vty socket. */
export type WitnessAddress =
  | { readonly kind: 'vici'; readonly uri: string }
  | { readonly kind: 'bfd'; readonly socket: string };

export interface CloudOptions {
  readonly region: string;
  readonly profile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Storage that speaks S3's protocol, in place of AWS's; other services stay where they are. */
  readonly s3Url?: string | undefined;
  /** One try a call and a short wait: the caller decides what comes next, and must not be overtaken by a retry. */
  readonly once?: boolean;
}

export interface Ports {
  readonly clock: Clock;
  readonly files: Files;
  /**
   * One run at a time on a file of this machine. @param what the command, for the run that finds it taken.
   * @param patienceMs how long to wait; default: not at all. @returns what gives it back.
   * @throws failure that names the run that has it.
   */
  readonly lock: (path: string, what: string, patienceMs?: number) => Promise<() => Promise<void>>;
  /** Names in a folder of this machine, in no order. Empty where there is no such folder, or it may not be read. */
  readonly namesIn: (folder: string) => Promise<readonly string[]>;
  readonly shell: Shell;
  /** undefined off a terminal: a command then refuses with exit 2 what it would have asked. */
  readonly ask: Ask | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** How a service can start this very program again. Throws exit 4 where its file is gone. */
  ownCommand(): Promise<{ readonly node: string; readonly program: string }>;
  /** One line of progress for a person, on stderr; dropped under --json and --quiet. */
  progress(line: string): void;
  /** The same for a line that the next one takes the place of. Absent off a terminal, under --json and --quiet. */
  readonly live?: ((line: string, up?: number) => void) | undefined;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Cryptographically random bytes. */
  random(bytes: number): Uint8Array;
  /** Loaded on first use: these pull in the AWS SDK or open sockets. */
  routeTables(options: CloudOptions): Promise<RouteTables>;
  instances(options: CloudOptions): Promise<Instances>;
  /** The whole API, for procedures. */
  aws(options: CloudOptions): Promise<Aws>;
  aliyun(options: AliyunOptions): Promise<Aliyun>;
  /** @param path of the file; its folder is made. @param mode permission bits of the file (default: 0644). */
  leaseStore(path: string, mode?: number): Promise<LeaseStore>;
  vici(uri: string): Promise<Vici>;
  /** Another machine. Throws exit 4 where it can't be reached or its host key is not known. */
  ssh(options: SshOptions): Promise<Machine>;
  outlets(): Promise<Outlets>;
  fpga(options: FpgaOptions): Promise<FpgaCloud>;
  objects(bucket: string, options: FpgaOptions): Promise<ObjectStore>;
  /** Throws a usage error where there is no such file, or it is none. */
  source(path: string): Promise<SourceFile>;
  /** Writes a file that appears whole or not at all. @returns bytes. */
  save(path: string, content: AsyncIterable<Uint8Array>): Promise<number>;
  collectd(socket: string): Promise<Collectd>;
  fileLoad(): Promise<FileLoad>;
  views(): Promise<Views>;
  /** Where a live view is drawn; undefined under --json. @param plain without colours */
  readonly screen: ((plain?: boolean) => Promise<Screen>) | undefined;
  prober(): Promise<Prober>;
  /** Throws a usage error on an address that can't be one. */
  witness(address: WitnessAddress): Promise<Witness>;
}
