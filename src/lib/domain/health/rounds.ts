import type { RoundsProfile } from './profiles.ts';
import type { Cause, Health, Sample } from './types.ts';

/**
 * The field's shell loop as a detector: a round of pings one second apart, dead when all are lost, a pause, again. It
 * is given one probe a second and takes those that its own pings would have been.
 */
export interface Rounds extends Health {
  dead: boolean;
  cause: Cause | undefined;
  suspicion: number;
  seenAt: number | undefined;
  lastReplyAt: number | undefined;
  sent: number;
  lost: number;
  /** When the next ping would be sent; of a full round, when it is over. */
  dueAt: number | undefined;
  goodLeft: number;
}

export const startRounds = (): Rounds => ({
  dead: false,
  cause: undefined,
  suspicion: 0,
  seenAt: undefined,
  lastReplyAt: undefined,
  sent: 0,
  lost: 0,
  dueAt: undefined,
  goodLeft: 0,
});

export const stepRounds = (rounds: Rounds, profile: RoundsProfile, { at, sentAt = at, kind, size }: Sample): void => {
  if (kind === 'unknown' || size === 'large' || (rounds.seenAt !== undefined && at < rounds.seenAt)) return;
  rounds.seenAt = at;
  if (kind === 'reply') rounds.lastReplyAt = at;
  rounds.dueAt ??= sentAt;
  if (rounds.sent === profile.pings && at >= rounds.dueAt) endRound(rounds, profile, rounds.dueAt);
  // A tenth early is still that ping: a sender has its jitter.
  if (rounds.sent === profile.pings || sentAt < rounds.dueAt - profile.tauMs / 10) return;
  rounds.sent += 1;
  if (kind === 'lost') rounds.lost += 1;
  rounds.suspicion = rounds.dead ? 1 : rounds.lost === rounds.sent ? rounds.lost / profile.pings : 0;
  rounds.dueAt = sentAt + (rounds.sent < profile.pings ? profile.tauMs : timeoutOf(rounds, profile));
};

/**
 * `-W` counts only while no ping was answered; else ping(8) waits for two round trips, which are nothing beside a
 * second.
 */
const timeoutOf = ({ lost, sent }: Rounds, { timeoutMs }: RoundsProfile): number => (lost === sent ? timeoutMs : 0);

const endRound = (rounds: Rounds, { goodRounds, pauseMs }: RoundsProfile, endedAt: number): void => {
  const good = rounds.lost < rounds.sent;
  if (!good && !rounds.dead) Object.assign(rounds, { dead: true, cause: 'rounds', goodLeft: goodRounds });
  // The field document counts good rounds down and a bad one between them does not start the count again.
  else if (good && rounds.dead && (rounds.goodLeft -= 1) === 0)
    Object.assign(rounds, { dead: false, cause: undefined });
  Object.assign(rounds, { sent: 0, lost: 0, dueAt: endedAt + pauseMs, suspicion: rounds.dead ? 1 : 0 });
};
