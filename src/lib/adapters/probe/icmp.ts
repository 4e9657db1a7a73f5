import { spawn, type ChildProcess } from 'node:child_process';
import type { ProbeSpec, Sample } from '../../core/ports.ts';
import { sent, startFlight, turn, type Reply } from '../../domain/health/timeout.ts';
import type { Pace, Stream } from './stream.ts';
import { hasRoute } from './udp.ts';

/** IPv4 and ICMP headers. */
const HEADERS = 28;
const SMALL_BYTES = 84;
/** Between two starts of a ping that will not live, ms. */
const RESTART_MS = 1_000;
/** A ping that is there and says nothing for this long is started anew, ms. */
const SILENT_MS = 5_000;

/**
 * ping sleeps one tick of the kernel longer than it is told: 20 ms become 25 where the tick is 4 ms (HZ = 250, the default
 * of most distributions), and every verdict a quarter later. Asked for a tick less it keeps its pace, to 20 % at most.
 */
const TICK_MS = 4;

/** What one line of `ping -n -O -D` says; undefined: nothing about a probe. */
export interface PingLine {
  readonly sequence: number;
  /** ms; undefined: not answered so far. */
  readonly rttMs: number | undefined;
  /** Wall time, ms. */
  readonly at: number;
}

const LINE = /^\[(\d+\.\d+)\] (?:\d+ bytes from \S+ icmp_seq=(\d+) .*?time=([\d.]+) ms|(?:no answer yet for|From \S+) icmp_seq=(\d+))/;

export const pingLine = (line: string): PingLine | undefined => {
  const [, at, answered, rtt, silent] = LINE.exec(line) ?? [];
  if (at === undefined) return undefined;
  return { sequence: Number(answered ?? silent), rttMs: rtt === undefined ? undefined : Number(rtt), at: Number(at) * 1000 };
};

/** The 16 bits of a sequence number as a count that goes on: the one nearest to the last. */
export const unwrapped = (sequence: number, last: number): number => {
  const base = last - (last % 65_536) + sequence;
  return base < last - 32_768 ? base + 65_536 : base > last + 32_768 ? base - 65_536 : base;
};

const argumentsOf = ({ address, source }: ProbeSpec, { tauMs, size }: Pace, bytes: number): readonly string[] => [
  ...['-n', '-O', '-D', '-i', String((tauMs - Math.min(TICK_MS, tauMs / 5)) / 1000), '-s', String(bytes - HEADERS)],
  ...(size === 'large' ? ['-M', 'do'] : []),
  ...(source === undefined ? [] : ['-I', source]),
  address,
];

/**
 * One ping(8) for as long as the stream lives, since a raw socket is beyond Node. It sends at its own pace and says after
 * each interval what was not answered; the deadline is ours. When we die it ends by SIGPIPE with its next line.
 */
export const icmpStream = (spec: ProbeSpec, pace: Pace, bytes = SMALL_BYTES): Stream => {
  const { tauMs, size, firstAt } = pace;
  const flight = startFlight();
  let child: ChildProcess | undefined;
  let ended = Promise.resolve();
  let closed = false;
  let startAt = firstAt;
  let heardAt = firstAt;
  let unknownAt = firstAt + tauMs;
  let top = 0;
  let lastLineAt: number | undefined;
  let complainedAt = Number.NEGATIVE_INFINITY;
  let checking = false;
  let pingLateMs = 0;
  let replies: Reply[] = [];
  let silent: { readonly sequence: number; readonly sentAt: number }[] = [];

  /** ping(8) is silent about a send that failed for want of a route, and counts it as sent. */
  const checkRoute = async (): Promise<void> => {
    if (checking) return;
    checking = true;
    if (!(await hasRoute(spec))) complainedAt = performance.now();
    checking = false;
  };

  const take = (line: string, now: number): void => {
    const said = pingLine(line);
    if (said === undefined) return;
    heardAt = now;
    // Every second interval has a line at the least; a wider gap says that ping itself was held up.
    if (lastLineAt !== undefined) pingLateMs = Math.max(pingLateMs, said.at - lastLineAt - 2 * tauMs);
    lastLineAt = said.at;
    const sequence = unwrapped(said.sequence, top);
    const known = sequence <= top;
    top = Math.max(top, sequence);
    if (said.rttMs === undefined) {
      if (!known) silent.push({ sequence, sentAt: now - tauMs });
      void checkRoute();
      return;
    }
    const waiting = silent.find((probe) => probe.sequence === sequence);
    if (waiting !== undefined) {
      silent = silent.filter((probe) => probe !== waiting);
      sent(flight, sequence, now - said.rttMs, size);
    } else if (!known) sent(flight, sequence, now - said.rttMs, size);
    replies.push({ sequence, at: now });
  };

  const start = (now: number): void => {
    const mine = spawn('ping', argumentsOf(spec, pace, bytes), { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
    child = mine;
    heardAt = now;
    [top, lastLineAt] = [0, undefined];
    let rest = '';
    mine.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      const at = performance.now();
      if (child === mine) for (const line of lines) take(line, at);
    });
    // It could not send: a firewall of ours, a packet larger than our own device takes.
    mine.stderr.on('data', () => (complainedAt = performance.now()));
    ended = new Promise((resolve) => {
      const gone = (): void => {
        resolve();
        if (child !== mine) return;
        child = undefined;
        startAt = performance.now() + RESTART_MS;
      };
      mine.on('error', gone).on('close', gone);
    });
    // Numbers begin anew: what the last one left open will never be answered.
    for (const probe of flight.out.values()) probe.doubted = true;
    flight.gone.clear();
    silent = [];
  };

  /** One unknown sample an interval while no ping speaks for the target. */
  const unknown = (now: number): readonly Sample[] => {
    if (now < unknownAt || now - heardAt <= 3 * tauMs) return [];
    unknownAt = now + tauMs;
    return [{ at: now, kind: 'unknown', size }];
  };

  return {
    turn(now, lateMs) {
      if (child === undefined && now >= startAt && !closed) start(now);
      if (child !== undefined && now - heardAt > SILENT_MS + 3 * tauMs) child.kill('SIGKILL');
      const doubt = now - complainedAt < 2 * tauMs ? Number.POSITIVE_INFINITY : Math.max(lateMs, pingLateMs);
      const [arrived, reported] = [replies, silent];
      [replies, silent, pingLateMs] = [[], [], 0];
      const samples = turn(flight, arrived, now, doubt, tauMs);
      // After the turn, so that none expires before an answer that ping read right behind has its chance.
      for (const { sequence, sentAt } of reported) {
        sent(flight, sequence, sentAt, size);
        if (doubt > tauMs / 2) flight.out.get(sequence)!.doubted = true;
      }
      return samples.length > 0 ? samples : unknown(now);
    },
    async close() {
      closed = true;
      child?.kill('SIGKILL');
      await ended;
    },
  };
};
