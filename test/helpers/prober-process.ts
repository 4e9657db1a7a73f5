import { spawn } from 'node:child_process';
import type { ProbeSpec, Prober, Sample } from '../../src/lib/core/ports.ts';
import { bundled } from './terminal.ts';

/** The real prober in a process of its own inside a network namespace. */
export interface ProberProcess {
  readonly prober: Prober;
  readonly pid: number;
  close(): Promise<void>;
}

/** The ends that answer: a UDP echo on port 7 and a TCP listener on port 80 of every address. */
const PROGRAM = `
  import { createSocket } from 'node:dgram';
  import { createServer } from 'node:net';
  import { prober } from './src/lib/adapters/probe/index.ts';
  const echo = createSocket('udp4');
  echo.on('message', (data, { port, address }) => echo.send(data, port, address));
  createServer((socket) => socket.on('error', () => undefined)).listen(80, '0.0.0.0', () => echo.bind(7, () => say({ ready: true })));
  const say = (what: unknown) => process.stdout.write(JSON.stringify(what) + '\\n');
  const runs = new Map<number, ReturnType<typeof prober.start>>();
  let rest = '';
  process.stdin.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\\n');
    rest = lines.pop()!;
    for (const line of lines) {
      const { run, specs, pace } = JSON.parse(line);
      if (pace !== undefined) runs.get(run)!.pace(...(pace as [string, number]));
      else if (specs === undefined) void runs.get(run)!.stop().then(() => say({ run, stopped: true }));
      else runs.set(run, prober.start(specs, (id, sample) => say({ run, id, sample })));
    }
  });
  process.stdin.on('end', () => process.exit(0));
`;

interface Told {
  readonly ready?: true;
  readonly run: number;
  readonly stopped?: true;
  readonly id: string;
  readonly sample: Sample;
}

export const proberIn = async (netns: string): Promise<ProberProcess> => {
  const program = await bundled(PROGRAM);
  const child = spawn('ip', ['netns', 'exec', netns, process.execPath, program.file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const tell = new Map<number, (id: string, sample: Sample) => void>();
  const stopped = new Map<number, () => void>();
  let rest = '';
  const ready = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const told of lines.map((line) => JSON.parse(line) as Told)) {
        if (told.ready) resolve();
        else if (told.stopped) stopped.get(told.run)!();
        else tell.get(told.run)!(told.id, told.sample);
      }
    });
  });
  const gone = new Promise<void>((resolve) => child.on('close', () => resolve()));
  await ready;
  let runs = 0;
  return {
    pid: child.pid!,
    prober: {
      start(specs: readonly ProbeSpec[], onSample) {
        const run = (runs += 1);
        tell.set(run, onSample);
        child.stdin.write(`${JSON.stringify({ run, specs })}\n`);
        return {
          pace: (...pace) => void child.stdin.write(`${JSON.stringify({ run, pace })}\n`),
          stop: () =>
            new Promise((resolve) => {
              stopped.set(run, resolve);
              child.stdin.write(`${JSON.stringify({ run })}\n`);
            }),
        };
      },
    },
    async close() {
      child.stdin.end();
      await gone;
      await program.remove();
    },
  };
};
