import type { Aliyun, AliyunCall } from './aliyun.ts';
import type { ApiCall, Aws } from './aws.ts';
import type { Patience } from './patience.ts';
import type { Clock, Destination, Files, FileToWrite, RouteTable, RouteWrite, Shell } from './ports.ts';

/** A program to run on this host, never through a shell. */
export interface RunCall {
  readonly kind: 'run';
  readonly file: string;
  readonly args: readonly string[];
  /** For its standard input; never shown. */
  readonly input?: string;
  /** Stands for a script in what is said of its failure: `mounting bucket logs`. */
  readonly what?: string;
}

/** A file to write on this host, whole and with its mode from the first byte. */
export interface WriteCall {
  readonly kind: 'write';
  readonly file: FileToWrite;
  /** Its content is not shown in a plan or a runbook. */
  readonly secret: boolean;
}

/** A request whose answer tells a secret, once and never again: it goes into a file of mode 0600 and nowhere else. */
export interface KeepCall {
  readonly kind: 'keep';
  readonly call: ApiCall;
  /** Texts of the answer in the order of `format`: `AccessKey.SecretAccessKey`. */
  readonly fields: readonly string[];
  /** The file's content as printf(1) takes it, with a `%s` for each field. */
  readonly format: string;
  readonly path: string;
}

/** A static route of a table to write or delete. */
export interface RouteCall {
  readonly kind: 'route';
  /** Id of the table. */
  readonly table: string;
  readonly destination: Destination;
  readonly write: RouteWrite;
}

/** Route tables as a procedure has them: written by the one writer of routes (lib/routes), with its throttle. */
export interface Routes {
  /** @throws usage error naming the id where there is no such table. */
  read(id: string): Promise<RouteTable>;
  /** Done when EC2 shows it. */
  write(call: RouteCall, signal: AbortSignal): Promise<void>;
}

/** One thing done to the outside, as data: carried out, or printed for a runbook. */
export type Call = ApiCall | AliyunCall | RunCall | WriteCall | KeepCall | RouteCall;

/** What steps know of each other: ids by slot name. */
export interface Values {
  /**
   * The value; before it is known a word that stands for it, `<security-group>` in a plan and `${SECURITY_GROUP}` in a
   * runbook. A call is carried out only when all it takes is known.
   */
  (slot: string): string;
  has(slot: string): boolean;
  /** Whether the thing of this key is ours to change and remove; false where it is not there. */
  owned(key: string): boolean;
  /** Whether this run began to create the thing of this key. */
  created(key: string): boolean;
}

/** What a step reads with. Nothing here is called to change anything. */
export interface ReadContext {
  readonly aws: Aws;
  readonly aliyun: Aliyun;
  readonly routes: Pick<Routes, 'read'>;
  readonly shell: Shell;
  readonly files: Pick<Files, 'read' | 'stat'>;
  /** Name of the site: every resource we make carries it. */
  readonly site: string;
  readonly values: Values;
  /** What the user says is there already, id by step key: used as it is, never changed and never removed by us. */
  readonly adopted: ReadonlyMap<string, string>;
  /** It is read for a removal: what is somebody else's is left alone then, and is no reason to refuse. */
  readonly removing: boolean;
  readonly signal: AbortSignal;
}

/** One property that is not as it should be. Code decides by `field`; the words for people are made in kit/words.ts. */
export interface Difference {
  /** The property: `event pattern`. The same text every time, for updates decide by it. */
  readonly field: string;
  /** How it is now. Never a secret. */
  readonly is?: string;
  /** How it should be. Without `is`: what is missing. Never a secret. */
  readonly wanted?: string;
  /** Lines that show it in full, as those of a file. Never a secret. */
  readonly detail?: readonly string[];
  /** false: only a person can change it, so it is an error. Default true where the step has an update. */
  readonly fixable?: boolean;
  /** What the person can do, where it is not fixable. */
  readonly next?: string;
}

/** How things are. A read that fails throws; it never says `absent` for that. */
export type ReadResult =
  /** `outputs`: what its creation has to know, by slot. */
  | { readonly state: 'absent'; readonly outputs?: Readonly<Record<string, string>> }
  /** On its way: asked for, not usable yet. */
  | { readonly state: 'pending'; readonly why: string; readonly found?: Existing }
  | { readonly state: 'ready'; readonly found: Existing }
  /** There, but not as it should be. */
  | { readonly state: 'differs'; readonly found: Existing; readonly differences: readonly Difference[] };

export interface Existing {
  /** Its id or name. */
  readonly id: string;
  /** Further values for other steps, by slot; the step's own slot has the id. */
  readonly outputs?: Readonly<Record<string, string>>;
  /** Made by us for this site (its tags say so): only such a thing is ever removed. */
  readonly owned: boolean;
  /** Others with the same tags, of a run that died between a call and its answer; ids. */
  readonly surplus?: readonly string[];
  /** Worth saying of what is kept; nothing follows from it: `also allows tcp 22 from 0.0.0.0/0`. */
  readonly notes?: readonly string[];
  /** All that was read, in the form that the step's own update takes; nobody else looks into it. */
  readonly properties?: unknown;
}

/**
 * One thing that shall be so. A procedure is a list of them, each resting on those before it. What is made is found
 * again by its tags or its name, so running a procedure again finishes it, and there is no state file to lose.
 */
export interface Step {
  /** Unique in the site and the same for ever, `eip/gw-1`: the tag `hybridctl:key`, and the slot of its id. */
  readonly key: string;
  /** `Elastic IP of gw-1`. */
  readonly title: string;
  /** Set where it costs money as long as it is there: what it costs, in words. */
  readonly cost?: string;
  /** Slots without which there is nothing to look for: until they are known the thing is absent. */
  readonly needs?: readonly string[];
  /** Whether the user may name one that is there already, by --adopt. Default: no. */
  readonly adoptable?: boolean;
  read(context: ReadContext): Promise<ReadResult>;
  /** Makes it. Its answer need not be read: the next read finds it. */
  create(values: Values): readonly Call[];
  /** JMESPath of the id in the answer to the last call of `create`; for runbooks. */
  readonly idPath?: string;
  /**
   * Lines of a runbook after it was made or changed: `aws ec2 wait instance-running …`, or
   * `variable('eip/gw-1/address')=$(…)` for a further slot.
   */
  after?(values: Values): readonly string[];
  /** Brings what differs to what it should be. Absent: such a difference is an error, for a person to decide. */
  update?(values: Values, found: Existing, differences: readonly Difference[]): readonly Call[];
  /** Removes it. Absent: it goes with something else. */
  delete?(values: Values, id: string): readonly Call[];
  /** Longest wait until it is ready, or gone; ms. Default a minute. */
  readonly timeoutMs?: number;
}

/** What would be done about a step, or was. */
export type StepAction = 'keep' | 'make' | 'change' | 'remove';

export interface PlannedStep {
  readonly key: string;
  readonly title: string;
  readonly action: StepAction;
  readonly id: string | null;
  /** Why it changes; and of what is kept though it is not ours. */
  readonly notes: readonly string[];
  readonly cost: string | null;
}

export interface ExecutionContext {
  readonly aws: Aws;
  readonly aliyun: Aliyun;
  readonly routes: Routes;
  readonly shell: Shell;
  readonly files: Files;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Of the calls to the clouds. */
  readonly patience: Patience;
  progress(line: string): void;
}
