export type { Evidence, Sample } from '../../core/ports.ts';

/**
 * What is known of one link, joined from all its targets and all other evidence. The decision core reads nothing else.
 */
export interface PathVerdict {
  readonly link: string;
  /** `unknown`: too little was seen, or what was seen was our own fault. It never flips a route. */
  readonly state: 'alive' | 'dead' | 'unknown';
  /** S/h of the fullest CUSUM, 0 to 1; at 1 the alarm is up or only a burst is waited out. */
  readonly suspicion: number;
  /** ms on the samples' clock, of the newest reply of any target; undefined before the first. */
  readonly lastReplyAt: number | undefined;
  /** One line for a person: what was seen, in figures. */
  readonly why: string;
  /** Dead because its router carries one tunnel at a time, and another one is up: the sentence that says so. */
  readonly waits?: string;
}

/** Why a target is judged dead. */
export type Cause = 'blackhole' | 'gray' | 'pmtu' | 'link-down' | 'rounds';

/** What a path needs to know of a target, whichever detector judges it. */
export interface Health {
  readonly dead: boolean;
  readonly cause: Cause | undefined;
  /** 0 to 1. */
  readonly suspicion: number;
  /** ms; of the newest sample that counted. */
  readonly seenAt: number | undefined;
  readonly lastReplyAt: number | undefined;
  /** Small probes since suspicion began. */
  readonly sent: number;
  readonly lost: number;
}
