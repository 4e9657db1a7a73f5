import type { Sample } from '../../core/ports.ts';
import { sent, startFlight, turn, type Reply } from '../../domain/health/timeout.ts';

/** Probes of one size to one target. */
export interface Stream {
  /**
   * What became of probes since the last turn, and new probes where they are due. Times in ms of `performance.now()`.
   */
  turn(now: number, lateMs: number): readonly Sample[];
  /** Another interval from the last probe on. */
  pace(everyMs: number): void;
  close(): Promise<void>;
}

export interface Pace {
  readonly everyMs: number;
  /** What deadlines and our own lateness are measured by: the target's usual interval, also in a slower stream. */
  readonly tauMs: number;
  readonly size: Sample['size'];
  readonly firstAt: number;
}

/** Something that can carry a probe and tell of its answer. */
export interface Wire {
  send(sequence: number): void;
  /** After each turn with something outstanding; `lost`: a probe expired in it. */
  tidy(now: number, lost: boolean): void;
  close(): void;
}

/** What a wire says. An answer that names no probe is taken for the one whose round trip it fits best. */
export interface Heard {
  answer(sequence?: number): void;
  /** The probe never left: our own fault. */
  failed(sequence: number): void;
}

const NONE: readonly Sample[] = [];

/** A stream whose probes we send ourselves. */
export const pacedStream = ({ everyMs: firstMs, tauMs, size, firstAt }: Pace, open: (heard: Heard) => Wire): Stream => {
  const flight = startFlight();
  let replies: Reply[] = [];
  let everyMs = firstMs;
  let next = firstAt;
  let sequence = 0;
  /**
   * The answers of a port-unreachable carry no number of ours: the probe whose age is nearest to the usual round trip.
   */
  const likeliest = (at: number): number | undefined => {
    const usual = flight.roundTrip?.srttMs ?? Number.POSITIVE_INFINITY;
    let best: number | undefined;
    let distance = Number.POSITIVE_INFINITY;
    for (const [candidate, { sentAt }] of flight.out) {
      if (replies.some((reply) => reply.sequence === candidate)) continue;
      const off = Math.abs(Math.min(usual, Number.MAX_VALUE) - (at - sentAt));
      if (off < distance) [best, distance] = [candidate, off];
    }
    return best;
  };
  const wire = open({
    answer(named) {
      const at = performance.now();
      const answered = named ?? likeliest(at);
      if (answered !== undefined) replies.push({ sequence: answered, at });
    },
    failed(which) {
      const probe = flight.out.get(which);
      if (probe !== undefined) probe.doubted = true;
    },
  });
  return {
    turn(now, lateMs) {
      if (replies.length === 0 && flight.out.size === 0 && now < next) return NONE;
      const arrived = replies;
      replies = [];
      const samples = turn(flight, arrived, now, lateMs, tauMs);
      wire.tidy(
        now,
        samples.some(({ kind }) => kind === 'lost'),
      );
      if (now >= next) {
        // A pause of ours is not made up for by a volley.
        next += Math.ceil((now - next + 1e-6) / everyMs) * everyMs;
        sequence = (sequence + 1) >>> 0;
        sent(flight, sequence, performance.now(), size);
        if (lateMs > tauMs / 2) flight.out.get(sequence)!.doubted = true;
        wire.send(sequence);
      }
      return samples;
    },
    pace(nextMs) {
      next += nextMs - everyMs;
      everyMs = nextMs;
    },
    close: async () => wire.close(),
  };
};
