import type { Sample } from './types.ts';

/** Round-trip estimate of one target (RFC 6298 §2), ms. */
export interface RoundTrip {
  readonly srttMs: number;
  readonly varMs: number;
}

/** Before the first reply: RFC 6298 §2.1's initial timeout. */
const FIRST_MS = 1_000;
/** A path this slow is judged by its loss all the same; waiting longer only delays every verdict. */
const LONGEST_MS = 3_000;

/**
 * Takes one measured round trip, a late one too: a path that became slow by rerouting must not stay "lost" for ever.
 */
export const learnRoundTrip = (before: RoundTrip | undefined, rttMs: number): RoundTrip =>
  before === undefined
    ? { srttMs: rttMs, varMs: rttMs / 2 }
    : {
        srttMs: before.srttMs * 0.875 + rttMs * 0.125,
        varMs: before.varMs * 0.75 + Math.abs(before.srttMs - rttMs) * 0.25,
      };

/**
 * How long to wait for a reply before the probe counts as lost: srtt + 4 rttvar, at least 3 RTT (a queue that fills is
 * no loss), at least half a probe interval (our own loop is no more punctual than that), at most 3 s.
 */
export const deadlineMs = (roundTrip: RoundTrip | undefined, tauMs: number): number =>
  roundTrip === undefined
    ? Math.max(FIRST_MS, tauMs / 2)
    : Math.min(LONGEST_MS, Math.max(roundTrip.srttMs + 4 * roundTrip.varMs, 3 * roundTrip.srttMs, tauMs / 2));

interface Outstanding {
  readonly sentAt: number;
  readonly size: Sample['size'];
  /** Our own loop was late while it was out: a reply may have been dropped or never asked for. */
  doubted: boolean;
}

/** Probes of one target that are not answered yet, by sequence number. Plain data, changed in place. */
export interface Flight {
  readonly out: Map<number, Outstanding>;
  /** Expired probes whose reply may still come, so that its round trip is learnt. */
  readonly gone: Map<number, number>;
  roundTrip: RoundTrip | undefined;
}

/**
 * Whether a turn that came this late may have cost a probe its answer. Half an interval is much beside the deadline of
 * a path we know; beside the first one it is nothing, and on a busy machine every second has such a turn: a monitor
 * that starts beside a dead path would doubt each of its probes, and find nothing for seconds.
 */
export const isLate = ({ roundTrip }: Flight, lateMs: number, tauMs: number): boolean =>
  lateMs > (roundTrip === undefined ? Math.max(FIRST_MS / 4, tauMs / 2) : tauMs / 2);

export const startFlight = (): Flight => ({ out: new Map(), gone: new Map(), roundTrip: undefined });

export const sent = (flight: Flight, sequence: number, at: number, size: Sample['size']): void => {
  flight.out.set(sequence, { sentAt: at, size, doubted: false });
};

export interface Reply {
  readonly sequence: number;
  /** When it arrived, ms; from the kernel's timestamp where there is one. */
  readonly at: number;
}

/**
 * One turn of the loop: first every reply that has arrived, then what has expired. Never the other way round: after a
 * pause of ours the replies wait in the socket, and expiring first would call them all lost.
 * @param lateMs how much later than planned this turn began. Too late (`isLate`), and every probe that was out is
 * doubted
 *   and counts as unknown when it expires (Dadgar et al. 2018, "Lifeguard": doubt yourself first).
 */
export const turn = (
  flight: Flight,
  replies: readonly Reply[],
  now: number,
  lateMs: number,
  tauMs: number,
): readonly Sample[] => {
  const samples: Sample[] = [];
  for (const { sequence, at } of replies) {
    const probe = flight.out.get(sequence);
    const sentAt = probe?.sentAt ?? flight.gone.get(sequence);
    if (sentAt === undefined) continue; // a duplicate, or nobody's
    const rttMs = Math.max(0, at - sentAt);
    // A reply read late says that the path lives, but nothing about its round trip.
    if (lateMs <= tauMs / 2) flight.roundTrip = learnRoundTrip(flight.roundTrip, rttMs);
    if (probe !== undefined) samples.push({ at: now, sentAt: probe.sentAt, kind: 'reply', rttMs, size: probe.size });
    flight.out.delete(sequence);
    flight.gone.delete(sequence);
  }
  const wait = deadlineMs(flight.roundTrip, tauMs);
  const late = isLate(flight, lateMs, tauMs);
  for (const [sequence, probe] of flight.out) {
    probe.doubted ||= late;
    if (now - probe.sentAt < wait) continue;
    samples.push({ at: now, sentAt: probe.sentAt, kind: probe.doubted ? 'unknown' : 'lost', size: probe.size });
    flight.out.delete(sequence);
    flight.gone.set(sequence, probe.sentAt);
  }
  for (const [sequence, sentAt] of flight.gone) if (now - sentAt > 2 * LONGEST_MS) flight.gone.delete(sequence);
  return samples;
};
