import type { ProbeSpec, Sample } from '../../core/ports.ts';
import { deadlineMs, isLate, sent, startFlight, turn, type Reply } from '../../domain/health/timeout.ts';
import { ping, type Ping, type PingLine } from './ping.ts';
import type { Pace, Stream } from './stream.ts';
import { hasRoute } from './udp.ts';

/** IPv4 and ICMP headers. */
const HEADERS = 28;
const SMALL_BYTES = 84;
/** Between two starts of a ping that will not live, ms. */
const RESTART_MS = 1_000;
/** A ping that is there and says nothing for this long is started anew, ms. */
const SILENT_MS = 5_000;
/** Probes that a ping may have sent and not told of yet; the numbers of its successor begin beyond. */
const UNTOLD = 1_000_000;

/**
 * ping sleeps one tick of the kernel longer than it is told: 20 ms become 25 where the tick is 4 ms (HZ = 250, the
 * default of most distributions), and every verdict a quarter later. Asked for a tick less it keeps its pace, to 20 %
 * at most.
 */
const TICK_MS = 4;

/** The 16 bits of a sequence number as a count that goes on: the one nearest to the last. */
export const unwrapped = (sequence: number, last: number): number => {
  const base = last - (last % 65_536) + sequence;
  return base < last - 32_768 ? base + 65_536 : base > last + 32_768 ? base - 65_536 : base;
};

const argumentsOf = (
  { address, source }: ProbeSpec,
  everyMs: number,
  size: Sample['size'],
  bytes: number,
): readonly string[] => [
  ...['-n', '-O', '-D', '-i', String((everyMs - Math.min(TICK_MS, everyMs / 5)) / 1000), '-s', String(bytes - HEADERS)],
  ...(size === 'large' ? ['-M', 'do'] : []),
  ...(source === undefined ? [] : ['-I', source]),
  address,
];

/** What one ping(8) told. */
interface Run {
  readonly everyMs: number;
  /** What its own count is off from the stream's. */
  readonly base: number;
  /** Its newest probe that we know of, by its own count. */
  top: number;
  lastLineAt: number | undefined;
  /** When the one after is to leave; undefined before the first line. */
  dueAt: number | undefined;
  /** It was late with that one. */
  late: boolean;
  askedAt: number;
  askedFor: number;
}

/**
 * One ping(8) for as long as the stream keeps its pace, since a raw socket is beyond Node. It sends at its own pace and
 * says after each interval what was not answered; the deadline is ours. A stream slower than the target's usual
 * interval can't wait for that: there ping is asked, half a deadline after a probe was due, whether it has left.
 */
export const icmpStream = (
  spec: ProbeSpec,
  { everyMs: firstMs, tauMs, size, firstAt }: Pace,
  bytes = SMALL_BYTES,
  answered: (ttl: number | undefined) => void = () => undefined,
): Stream => {
  const flight = startFlight();
  const pings = new Set<Ping>();
  let everyMs = firstMs;
  /** The ping that speaks now, and its story. One that was told to end may still speak a last word. */
  let sender: Ping | undefined;
  let run: Run | undefined;
  let base = 0;
  let closed = false;
  let startAt = firstAt;
  let heardAt = firstAt;
  let unknownAt = firstAt + everyMs;
  let complainedAt = Number.NEGATIVE_INFINITY;
  let checking = false;
  let pingLateMs = 0;
  let untold = 0;
  let replies: Reply[] = [];
  let silent: { readonly sequence: number; readonly sentAt: number }[] = [];

  /** ping(8) is silent about a send that failed for want of a route, and counts it as sent. */
  const checkRoute = async (): Promise<void> => {
    if (checking) return;
    checking = true;
    if (!(await hasRoute(spec))) complainedAt = performance.now();
    checking = false;
  };

  const take = (from: Run, said: PingLine, now: number): void => {
    heardAt = now;
    // Every second interval has a line at the least; a wider gap says that ping itself was held up.
    if (from.lastLineAt !== undefined) pingLateMs = Math.max(pingLateMs, said.at - from.lastLineAt - 2 * from.everyMs);
    from.lastLineAt = said.at;
    const count = unwrapped(said.sequence, from.top);
    const sequence = from.base + count;
    const known = count <= from.top;
    from.top = Math.max(from.top, count);
    if (said.rttMs === undefined) {
      if (from !== run) {
        if (!known) untold += 1;
        return;
      }
      if (!known) {
        silent.push({ sequence, sentAt: now - from.everyMs });
        from.dueAt = now;
        answered(undefined);
      }
      void checkRoute();
      return;
    }
    answered(said.ttl);
    const waiting = silent.find((probe) => probe.sequence === sequence);
    if (waiting !== undefined) silent = silent.filter((probe) => probe !== waiting);
    if (waiting !== undefined || !known) sent(flight, sequence, now - said.rttMs, size);
    if (count === from.top) Object.assign(from, { dueAt: now - said.rttMs + from.everyMs, late: false });
    replies.push({ sequence, at: now });
  };

  const counted = (from: Run, count: number, now: number): void => {
    if (from !== run) {
      untold += Math.max(0, count - from.top);
      return;
    }
    if (from.top >= from.askedFor || from.dueAt === undefined) return;
    if (count < from.askedFor) {
      Object.assign(from, { dueAt: now, late: true });
      return;
    }
    from.top = from.askedFor;
    silent.push({ sequence: from.base + from.top, sentAt: from.late ? now : from.dueAt });
    answered(undefined);
    Object.assign(from, { dueAt: from.dueAt + from.everyMs, late: false });
    void checkRoute();
  };

  const ask = (from: Run, now: number): void => {
    const halfMs = deadlineMs(flight.roundTrip, tauMs) / 2;
    if (from.everyMs <= tauMs || from.dueAt === undefined || now < from.dueAt + halfMs || now < from.askedAt + halfMs)
      return;
    Object.assign(from, { askedAt: now, askedFor: from.top + 1 });
    sender?.ask();
  };

  /** What is out will hardly be heard of. */
  const part = (from: Run): void => {
    [run, sender] = [undefined, undefined];
    base = from.base + from.top + UNTOLD;
    for (const probe of flight.out.values()) probe.doubted = true;
    untold += silent.length;
    silent = [];
  };

  const start = (now: number): void => {
    const mine: Run = {
      everyMs,
      base,
      top: 0,
      lastLineAt: undefined,
      dueAt: undefined,
      late: false,
      askedAt: now,
      askedFor: 0,
    };
    const speaker = ping(argumentsOf(spec, everyMs, size, bytes), {
      probe: (line) => take(mine, line, performance.now()),
      count: (count) => counted(mine, count, performance.now()),
      complaint: () => (complainedAt = performance.now()),
      end() {
        pings.delete(speaker);
        if (run !== mine) return;
        part(mine);
        startAt = performance.now() + RESTART_MS;
      },
    });
    pings.add(speaker);
    [run, sender, heardAt] = [mine, speaker, now];
  };

  /** What no line told of: probes of a ping that ended, and one an interval while no ping speaks for the target. */
  const unknown = (now: number, told: boolean): readonly Sample[] => {
    const silence = !told && now >= unknownAt && now - heardAt > 3 * everyMs;
    if (silence) unknownAt = now + everyMs;
    const count = untold + Number(silence);
    untold = 0;
    return Array.from({ length: count }, () => ({ at: now, kind: 'unknown', size }));
  };

  return {
    turn(now, lateMs) {
      if (run === undefined && now >= startAt && !closed) start(now);
      if (run !== undefined && now - heardAt > SILENT_MS + 3 * everyMs) sender?.kill();
      else if (run !== undefined && lateMs <= tauMs / 2) ask(run, now);
      const doubt = now - complainedAt < 2 * tauMs ? Number.POSITIVE_INFINITY : Math.max(lateMs, pingLateMs);
      const [arrived, reported] = [replies, silent];
      [replies, silent, pingLateMs] = [[], [], 0];
      const samples = turn(flight, arrived, now, doubt, tauMs);
      // After the turn, so that none expires before an answer that ping read right behind has its chance.
      for (const { sequence, sentAt } of reported) {
        sent(flight, sequence, sentAt, size);
        if (isLate(flight, doubt, tauMs)) flight.out.get(sequence)!.doubted = true;
      }
      const others = unknown(now, samples.length > 0);
      return others.length === 0 ? samples : [...samples, ...others];
    },
    pace(nextMs) {
      if (nextMs === everyMs) return;
      const now = performance.now();
      if (run === undefined) startAt = Math.min(startAt, now + nextMs);
      else {
        startAt = Math.max(now, (run.dueAt ?? heardAt + everyMs) - everyMs + nextMs);
        sender?.retire();
        part(run);
      }
      everyMs = nextMs;
    },
    async close() {
      closed = true;
      for (const one of pings) one.kill();
      await Promise.all([...pings].map(({ ended }) => ended));
    },
  };
};
