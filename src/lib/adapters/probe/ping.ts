import { spawn } from 'node:child_process';

/** What one line of `ping -n -O -D` says; undefined: nothing about a probe. */
export interface PingLine {
  readonly sequence: number;
  /** ms; undefined: not answered so far. */
  readonly rttMs: number | undefined;
  /** TTL that the answer arrived with. */
  readonly ttl?: number;
  /** Wall time, ms. */
  readonly at: number;
}

const LINE =
  /^\[(\d+\.\d+)\] (?:\d+ bytes from \S+ icmp_seq=(\d+) (?:ttl=(\d+) )?.*?time=([\d.]+) ms|(?:no answer yet for|From \S+) icmp_seq=(\d+))/;

export const pingLine = (line: string): PingLine | undefined => {
  const [, at, answered, ttl, rtt, silent] = LINE.exec(line) ?? [];
  if (at === undefined) return undefined;
  return {
    sequence: Number(answered ?? silent),
    rttMs: rtt === undefined ? undefined : Number(rtt),
    ...(ttl === undefined ? {} : { ttl: Number(ttl) }),
    at: Number(at) * 1000,
  };
};

/** The number of probes that left: a look in between, on stderr, and the summary at the end, on stdout. */
const LOOK = /^\r?\d+\/(\d+) packets/;
const SUMMARY = /^(\d+) packets transmitted/;

export interface PingEars {
  probe(line: PingLine): void;
  /** So many probes have left: the answer to `ask`, or to `retire` at its end. */
  count(sent: number): void;
  /** It could not send: a firewall of ours, a packet larger than our own device takes. */
  complaint(): void;
  end(): void;
}

/** A running ping(8). */
export interface Ping {
  /** Has it tell how many probes have left. Not before its first line: SIGQUIT would end it then. */
  ask(): void;
  /** Ends it with a count. */
  retire(): void;
  kill(): void;
  readonly ended: Promise<void>;
}

/** Starts a ping(8). When we die it ends by SIGPIPE with its next line. */
export const ping = (args: readonly string[], ears: PingEars): Ping => {
  const child = spawn('ping', args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
  const lines = (take: (line: string) => void): ((text: string) => void) => {
    let rest = '';
    return (text) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop()!;
      parts.forEach(take);
    };
  };
  child.stdout.setEncoding('utf8').on(
    'data',
    lines((line) => {
      const said = pingLine(line);
      const sent = SUMMARY.exec(line)?.[1];
      if (said !== undefined) ears.probe(said);
      else if (sent !== undefined) ears.count(Number(sent));
    }),
  );
  child.stderr.setEncoding('utf8').on(
    'data',
    lines((line) => {
      const sent = LOOK.exec(line)?.[1];
      if (sent === undefined) ears.complaint();
      else ears.count(Number(sent));
    }),
  );
  const ended = new Promise<void>((resolve) => {
    const gone = (): void => {
      resolve();
      ears.end();
    };
    child.once('error', gone).once('close', gone);
  });
  return {
    ask: () => void child.kill('SIGQUIT'),
    retire: () => void child.kill('SIGINT'),
    kill: () => void child.kill('SIGKILL'),
    ended,
  };
};
