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
  /** True when good enough to come back to: the SPRT accepted it after its last death, or it never died. */
  readonly recovered: boolean;
  /** One line for a person: what was seen, in figures. */
  readonly why: string;
}
