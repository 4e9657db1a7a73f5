import type { Testimony } from '../core/ports.ts';
import type { ActionOutcome, Alert, Heal } from '../domain/failover/types.ts';
import type { PathVerdict } from '../domain/health/types.ts';

type State = PathVerdict['state'];

interface At {
  /** Wall time, ms since the epoch. */
  readonly at: number;
}

export interface StartEvent extends At {
  readonly kind: 'start';
  readonly version: string;
  readonly profile: string;
  readonly links: readonly string[];
  /** Keys of the managed routes. */
  readonly routes: readonly string[];
}

export interface StopEvent extends At {
  readonly kind: 'stop';
  readonly because: string;
}

/** A link's verdict has changed. */
export interface VerdictEvent extends At {
  readonly kind: 'verdict';
  readonly link: string;
  readonly from: State;
  readonly to: State;
  readonly suspicion: number;
  readonly because: string;
  /** Absent while nothing follows from it. */
  readonly incident?: string;
}

/**
 * What a daemon beside the path has seen of a link. It never moves a route alone: it shortens the wait for lost probes.
 */
export interface EvidenceEvent extends At {
  readonly kind: 'evidence';
  readonly link: string;
  readonly evidence: Testimony['evidence'];
  /** The daemon's own name for it: charon's connection, or the BFD peer's address. */
  readonly about: string;
  /** Who says so, e.g. `charon at unix:///var/run/charon.vici`. */
  readonly witness: string;
}

/** Whether a daemon beside the path can be listened to from now on. */
export interface WitnessEvent extends At {
  readonly kind: 'witness';
  readonly witness: string;
  readonly heard: boolean;
  readonly because: string;
}

/**
 * One try to move one route, told when its outcome is known: read back in the table where it is `done`. Durations in
 * ms: `detectMs` from the last good reply to the verdict, `apiMs` the call, `verifyMs` from its answer to the read that
 * shows it.
 */
export interface MoveEvent extends At {
  readonly kind: 'move';
  readonly incident: string;
  readonly table: string;
  readonly destination: string;
  readonly from: string;
  readonly to: string;
  readonly outcome: ActionOutcome;
  readonly because: string;
  readonly detectMs?: number;
  readonly apiMs?: number;
  readonly verifyMs?: number;
}

/** For people. May come twice with the same `alert.id` (a successor tells it again): a person is told once. */
export interface AlertEvent extends At {
  readonly kind: 'alert';
  readonly alert: Alert;
}

export interface HealEvent extends At {
  readonly kind: 'heal';
  readonly incident: string;
  readonly instance: string;
  readonly step: Heal['step'];
  readonly because: string;
  /** Absent where a step begins. */
  readonly outcome?: ActionOutcome;
}

/** A tunnel that was down was begun at its daemon, before anybody thinks of stopping its gateway. */
export interface InitiateEvent extends At {
  readonly kind: 'initiate';
  readonly link: string;
  /** charon's connection. */
  readonly connection: string;
  readonly witness: string;
  readonly up: boolean;
  readonly because: string;
  /** Absent while nothing follows from it. */
  readonly incident?: string;
}

export interface PinEvent extends At {
  readonly kind: 'pin';
  readonly table: string;
  /** null: unpinned. */
  readonly link: string | null;
}

export interface LeaseEvent extends At {
  readonly kind: 'lease';
  /** Whether we may write from now on. */
  readonly held: boolean;
  readonly epoch: number;
}

/** Something of our own or of the outside went wrong; the state is held. */
export interface ErrorEvent extends At {
  readonly kind: 'error';
  /** What was being done: `read route tables`, `probe dx-1`, `send alert`. */
  readonly during: string;
  readonly message: string;
  readonly incident?: string;
}

/** A call to the cloud's API. Measured, not logged: there are a few every second. */
export interface ApiEvent extends At {
  readonly kind: 'api';
  /** `DescribeRouteTables`, `ReplaceRoute` … */
  readonly action: string;
  readonly outcome: ActionOutcome;
  readonly ms: number;
}

/** Probes whose fate was known since the last time: small ones, of all targets of a link. */
export interface Tally {
  readonly sent: number;
  readonly lost: number;
}

/** How everything stands; once a second or so. Measured, not logged. */
export interface HealthEvent extends At {
  readonly kind: 'health';
  readonly links: readonly {
    readonly link: string;
    readonly state: State;
    readonly suspicion: number;
    readonly rttMs?: number;
    readonly probes?: Tally;
  }[];
  /** `at` is a link's name, `(none)`, `(foreign)`, or undefined while reads do not agree. */
  readonly routes: readonly { readonly table: string; readonly destination: string; readonly at: string | undefined }[];
}

export type LoggedEvent =
  | StartEvent
  | StopEvent
  | VerdictEvent
  | EvidenceEvent
  | WitnessEvent
  | MoveEvent
  | AlertEvent
  | HealEvent
  | InitiateEvent
  | PinEvent
  | LeaseEvent
  | ErrorEvent;
export type MeasuredEvent = ApiEvent | HealthEvent;
export type MonitorEvent = LoggedEvent | MeasuredEvent;

/** Everything that wants to know. The monitor tells all of them in turn, from its loop. */
export interface Sink {
  /** Never throws and never waits: the failover goes on whatever becomes of the event. */
  accept(event: MonitorEvent): void;
  /** Delivers what can be delivered soon; the rest lies on disk for the next start. Never rejects. */
  close(): Promise<void>;
}

/** Tells all sinks. */
export const fanOut = (sinks: readonly Sink[]): Sink => ({
  accept: (event) => sinks.forEach((sink) => sink.accept(event)),
  close: async () => void (await Promise.all(sinks.map((sink) => sink.close()))),
});
