import type { Destination, RouteTable, RouteTarget } from '../../core/ports.ts';
import type { PathVerdict } from '../health/types.ts';
import type { LinkTarget } from '../routes.ts';

/** One destination of one route table, and the links that may carry it, best first. */
export interface ManagedRoute {
  /** `rtb-…|10.10.0.0/16`: unique, and the same after a restart. */
  readonly key: string;
  readonly table: string;
  readonly destination: Destination;
  readonly mode: 'replace' | 'override';
  readonly order: readonly string[];
}

/**
 * A gateway we may stop and start. Gateways of one pool stand in for each other: at most one of them is healed at a
 * time.
 */
export interface HealableGateway {
  readonly instance: string;
  readonly pool: string;
  /** Links whose traffic goes through it. */
  readonly links: readonly string[];
  /** Dead this long before it is stopped, ms. Default: the timing's. */
  readonly healAfterMs?: number;
}

/** All in ms. `DEFAULT_TIMING` says which failure each prevents. */
export interface Timing {
  readonly probeMs: number;
  readonly readMs: number;
  readonly watchMs: number;
  readonly freshMs: number;
  readonly staleMs: number;
  readonly lateMs: number;
  readonly answerMs: number;
  readonly gapMs: number;
  readonly minHoldMs: number;
  readonly holdFirstMs: number;
  readonly holdMostMs: number;
  readonly forgiveMs: number;
  readonly noPathMs: number;
  readonly backoffMostMs: number;
  readonly healAfterMs: number;
  readonly inspectMs: number;
  readonly forceMs: number;
  readonly giveUpMs: number;
  readonly cooldownMs: number;
}

export interface Policy {
  /** Every link of the site: a route that points at none of them is somebody else's. */
  readonly links: readonly LinkTarget[];
  /** The most important first: when calls are rationed, they go in this order. */
  readonly routes: readonly ManagedRoute[];
  readonly gateways: readonly HealableGateway[];
  /** Links of which one is up at a time, a list for each such router. */
  readonly single?: readonly (readonly string[])[];
  /** The instance we run on, in peer mode: it is never ours to stop. */
  readonly self: string | undefined;
  readonly timing: Timing;
}

/**
 * Our right to write. `until` is on the scale of `now`; `renewal` grows with each renewal, `epoch` with each new
 * holder.
 */
export interface Lease {
  readonly epoch: number;
  readonly renewal: number;
  readonly until: number;
}

export type AlertKind = 'moved' | 'found' | 'dark' | 'healed' | 'heal-failed';

/** Durable once it stands in the journal; whoever delivers it may do so twice, and tells the two apart by `id`. */
export interface Alert {
  readonly id: string;
  readonly incident: string;
  readonly kind: AlertKind;
  /** Key of the route, or the instance for a healing. */
  readonly subject: string;
  readonly from: string;
  readonly to: string;
  readonly because: string;
}

export interface Heal {
  readonly instance: string;
  readonly incident: string;
  /** `rest` is the cooldown: nothing is done to any gateway of the pool. */
  readonly step: 'stop' | 'start' | 'verify' | 'rest';
}

/**
 * What outlives us: it lies in the lease's own record, so that only the holder can write it and the next holder reads
 * it. Everything else is read from the cloud again.
 */
export interface Journal {
  readonly version: number;
  /** Last number given to an incident or an alert. */
  readonly serial: number;
  /**
   * The position of each route that was last reported, by key. A route that is elsewhere has moved and needs one alert.
   */
  readonly at: Readonly<Record<string, string>>;
  /** Correlation id of the open incident, by link. */
  readonly incidents: Readonly<Record<string, string>>;
  /** Hold-down before the next return to a link, ms, by link. */
  readonly holds: Readonly<Record<string, number>>;
  /** By pool. */
  readonly heals: Readonly<Record<string, Heal>>;
  /** The incident under which "no path is left" was reported, while that lasts. */
  readonly dark: string | null;
  readonly outbox: readonly Alert[];
}

export interface InstanceView {
  readonly instance: string;
  readonly state: 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';
  /** Its own address is attached (or it never had one). */
  readonly address: boolean;
  readonly sourceDestCheck: boolean;
}

/**
 * - `done`: the cloud said yes
 * - `race`: the table was not as we had read it
 * - `throttled`: refused, certainly not done
 * - `refused`: the request itself is wrong (a table that vanished), certainly not done
 * - `unclear`: a timeout or a server error: done, not done, or yet to be done
 * - `unsent`: it did not leave: our lease ran out, or it was not needed any more
 */
export type ActionOutcome = 'done' | 'race' | 'throttled' | 'refused' | 'unclear' | 'unsent';

/** What became of an action. A read brings what it read. */
export interface ActionResult {
  readonly id: number;
  readonly outcome: ActionOutcome;
  readonly tables?: readonly RouteTable[];
  readonly instances?: readonly InstanceView[];
}

export interface Observation {
  /** By link. A link without a verdict is unknown. */
  readonly verdicts: ReadonlyMap<string, PathVerdict>;
  /** The monitor's own way out answers (a target beside every path it judges). */
  readonly canary: boolean;
  readonly lease: Lease | undefined;
  /** As it lies in the lease's record; undefined until that was read. */
  readonly journal: Journal | undefined;
  /** Operator's word, link by table id: the routes of that table stay there. */
  readonly pins: ReadonlyMap<string, string>;
  /** Since the last decision. */
  readonly results: readonly ActionResult[];
}

interface Common {
  /** Comes back in the result. */
  readonly id: number;
  readonly incident: string;
  readonly because: string;
}

/** Sent only while `now < notAfter`; checked by the actor as the last thing before the call. */
interface Mutating extends Common {
  readonly epoch: number;
  readonly notAfter: number;
}

export type RouteAction = Mutating & {
  readonly kind: 'create' | 'replace' | 'delete';
  readonly key: string;
  readonly table: string;
  readonly destination: Destination;
  /** undefined for a delete. */
  readonly target: RouteTarget | undefined;
  readonly from: string;
  readonly to: string;
};

export type Action =
  | (Common & { readonly kind: 'read'; readonly tables: readonly string[] })
  | (Common & { readonly kind: 'inspect'; readonly instances: readonly string[] })
  | RouteAction
  | (Mutating & { readonly kind: 'stop'; readonly instance: string; readonly force: boolean })
  | (Mutating & { readonly kind: 'start' | 'attach-address' | 'clear-source-dest-check'; readonly instance: string })
  | (Mutating & { readonly kind: 'record'; readonly journal: Journal })
  | (Mutating & { readonly kind: 'release' })
  | (Common & { readonly kind: 'alert'; readonly alert: Alert });

/** What each route stands at and why it stays or moves: for status, metrics and the event log. */
export interface Standing {
  readonly key: string;
  /** Link name, `NO_ROUTE`, `FOREIGN`, or undefined while reads do not agree. */
  readonly at: string | undefined;
  readonly why: string;
}

/** Position of a route that nothing carries, or that a target outside the site carries by a wider prefix. */
export const NO_ROUTE = '(none)';
/** Position of a destination whose own static route points outside the site. */
export const FOREIGN = '(foreign)';
