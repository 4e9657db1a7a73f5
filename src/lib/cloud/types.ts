import type { Clock, RouteTable } from '../core/ports.ts';
import type { Site } from '../domain/site.ts';
import type { Quotas } from './state.ts';

export type InstanceState = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

/** An instance with its one network interface, as the cloud knows it. */
export interface CloudInstance {
  readonly id: string;
  /** The gateway's name in the site file; undefined for what a call made: there is no box behind it. */
  readonly name: string | undefined;
  readonly az: string;
  readonly subnet: string;
  readonly eni: string;
  readonly privateIp: string;
  /** An Elastic IP, which stays over a stop and start, or one that is lent until the next stop. */
  readonly publicIp: string | undefined;
  readonly state: InstanceState;
  /** Forwarding works only while this is false, as on EC2. */
  readonly sourceDestCheck: boolean;
}

/**
 * What the lab does about the cloud's changes. Called synchronously, after the change is complete and before the API's
 * answer leaves: read `cloud.table(id)` or `cloud.instances()` inside. A throw is the watcher's own fault and is not
 * caught.
 */
export interface CloudWatcher {
  /** Any route of the table is new, gone, moved, or changed between active and blackhole. */
  routesChanged?(table: string): void;
  /** The instance is being stopped or terminated: its gateway dies now. */
  instanceStopping?(instance: string): void;
  instanceStopped?(instance: string): void;
  /** The instance reached `running`: its gateway boots now. */
  instanceStarted?(instance: string): void;
  sourceDestCheckChanged?(instance: string, enabled: boolean): void;
}

/** The cloud behind the endpoint: what the lab reads and sets directly. Everything else goes through EC2 calls. */
export interface Cloud {
  /** @returns the function that ends the watch. */
  watch(watcher: CloudWatcher): () => void;
  /**
   * The table with every route, shadowed ones too: `effectiveRoutes` of domain/routes says which carry. Throws
   * RangeError on an unknown id.
   */
  table(id: string): RouteTable;
  tables(): readonly RouteTable[];
  instances(): readonly CloudInstance[];
  /** What BGP has brought to the VGW: tables that propagate it show these networks. Replaces the former list. */
  setPropagated(vgw: string, cidrs: readonly string[]): void;
  /** A plain copy of the whole state, for `GET /_lab/state` and tests. */
  snapshot(): unknown;
}

/** How long changes take, ms. On EC2 about 60,000 to stop and 20,000 to start. */
export interface TransitionTimes {
  readonly stopMs: number;
  readonly forcedStopMs: number;
  readonly startMs: number;
  /** About a minute on EC2. */
  readonly terminateMs: number;
  /** A VGW to its VPC and off it: some ten seconds. */
  readonly attachMs: number;
  /** A managed VPN connection: three to five minutes. */
  readonly connectMs: number;
  /** An FPGA image from its checkpoint: 30 to 40 minutes. */
  readonly buildMs: number;
  /** How long what is gone is still shown, as `terminated` or `deleted`: about an hour. */
  readonly forgetMs: number;
}

export interface StartCloudOptions {
  readonly site: Site;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default: the machine's own. */
  readonly clock?: Clock;
  /** Default: a second or two each, so that a lab is not a coffee break. What is gone is shown for a minute. */
  readonly times?: Partial<TransitionTimes>;
  /** Default: EC2's own five addresses, and 20 instances. */
  readonly quotas?: Partial<Quotas>;
  /** Names of buckets that are there from the start. */
  readonly buckets?: readonly string[];
}

/** What `startCloud` of `server.ts` resolves to. */
export interface RunningCloud {
  /** For `AWS_ENDPOINT_URL`. Faults are set at `${url}/_lab/faults`, the state is at `${url}/_lab/state`. */
  readonly url: string;
  readonly cloud: Cloud;
  close(): Promise<void>;
}
