import type { ProbeSpec, Prober } from '../../core/ports.ts';
import { icmpStream } from './icmp.ts';
import { startProving, type Proving } from './proving.ts';
import { pacedStream, type Pace, type Stream } from './stream.ts';
import { tcpWire } from './tcp.ts';
import { udpWire } from './udp.ts';
import { startWay } from './way.ts';

/** How often the loop looks, ms: four times an interval, within what a timer can do and a deadline can bear. */
const tickOf = (specs: readonly ProbeSpec[]): number =>
  Math.min(25, Math.max(5, Math.min(...specs.map(({ intervalMs }) => intervalMs)) / 4));

/**
 * Looks that a late one counts for, an interval's: what waited along with us goes off in one volley, and its answers
 * stand in line.
 */
const MEMORY = 4;

/** Steps of the golden ratio never bunch, whatever the number of targets. */
const phase = (index: number): number => (index * 0.618_033_988_75) % 1;

const streamsOf = (spec: ProbeSpec, index: number, now: number, proving: Proving | undefined): readonly Stream[] => {
  const small: Pace = {
    everyMs: spec.intervalMs,
    tauMs: spec.intervalMs,
    size: 'small',
    firstAt: now + phase(index) * spec.intervalMs,
  };
  const first =
    spec.kind === 'icmp'
      ? icmpStream(spec, small)
      : pacedStream(small, (heard) => (spec.kind === 'udp' ? udpWire(spec, undefined, heard) : tcpWire(spec, heard)));
  if (spec.large === undefined) return [first];
  const { bytes, intervalMs } = spec.large;
  const large: Pace = {
    everyMs: intervalMs,
    tauMs: spec.intervalMs,
    size: 'large',
    firstAt: now + phase(index + 0.5) * intervalMs,
  };
  return [
    first,
    spec.kind === 'udp'
      ? pacedStream(large, (heard) => udpWire(spec, bytes, heard))
      : icmpStream(spec, large, bytes, proving?.relayed),
  ];
};

/** Probes from this machine. All in this process, but for one ping(8) per ICMP target and size. */
export const prober: Prober = {
  start(specs, onSample) {
    if (specs.length === 0) return { pace: () => undefined, stop: async () => undefined };
    const tickMs = tickOf(specs);
    const begun = performance.now();
    const streams = specs.flatMap((spec, index) => {
      const proving =
        spec.relayed !== undefined
          ? startProving(spec, spec.relayed.bytes)
          : spec.way === undefined
            ? undefined
            : startWay(spec, spec.way);
      return streamsOf(spec, index, begun, proving).map((stream) => ({ id: spec.id, stream, proving }));
    });
    const large = new Map(
      streams.filter(({ id }, at) => streams[at - 1]?.id === id).map(({ id, stream }) => [id, stream]),
    );
    let planned = begun + tickMs;
    let lately: readonly number[] = [];
    let stopped = false;
    let timer: NodeJS.Timeout;
    const beat = (): void => {
      if (stopped) return;
      const now = performance.now();
      lately = [...lately, now - planned].slice(-MEMORY);
      const lateMs = Math.max(...lately);
      for (const { id, stream, proving } of streams) {
        for (const sample of stream.turn(now, lateMs))
          if (!stopped) onSample(id, proving === undefined ? sample : proving.judge(sample));
      }
      // From where this turn began: a turn of ours that is held up half-way has kept its answers waiting too.
      planned = now + tickMs;
      // Timers run before sockets are read. A turn from there would expire probes whose answers lie in the socket.
      timer = setTimeout(() => setImmediate(beat), tickMs);
    };
    timer = setTimeout(() => setImmediate(beat), tickMs);
    return {
      pace: (id, intervalMs) => large.get(id)?.pace(intervalMs),
      async stop() {
        stopped = true;
        clearTimeout(timer);
        for (const { proving } of streams) proving?.close();
        await Promise.all(streams.map(({ stream }) => stream.close()));
      },
    };
  },
};
