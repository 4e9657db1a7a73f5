import { spawn } from 'node:child_process';
import { shell } from '../../src/lib/adapters/shell.ts';
import type { ProbeSpec, Prober, Sample } from '../../src/lib/core/ports.ts';
import { bundled } from './terminal.ts';

/** The real prober in a network namespace of its own, where addresses can fall silent. */
export interface ProbeRoom {
  readonly prober: Prober;
  readonly pid: number;
  /** Nothing reaches the address any more, or nothing above `passes` bytes. */
  silence(address: string, passes?: number): Promise<void>;
  /** The machine itself has no route to the address any more. */
  unroute(address: string): Promise<void>;
  heal(): Promise<void>;
  /** Process numbers of ping(8) inside. */
  pings(): Promise<readonly number[]>;
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
  const runs = new Map<number, { stop(): Promise<void> }>();
  let rest = '';
  process.stdin.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\\n');
    rest = lines.pop()!;
    for (const line of lines) {
      const { run, specs } = JSON.parse(line);
      if (specs === undefined) void runs.get(run)!.stop().then(() => say({ run, stopped: true }));
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

const TABLE = 'hybridctl_test';

export const probeRoom = async (name: string, addresses: readonly string[]): Promise<ProbeRoom> => {
  const program = await bundled(PROGRAM);
  const ip = async (args: readonly string[], input?: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await shell.run('ip', args, input === undefined ? {} : { input });
    if (exitCode !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const nft = (text: string) => ip(['netns', 'exec', name, 'nft', '-f', '-'], text);
  await shell.run('ip', ['netns', 'delete', name]);
  await ip(['netns', 'add', name]);
  await ip(['-n', name, 'link', 'set', 'lo', 'up']);
  for (const address of addresses) await ip(['-n', name, 'addr', 'add', `${address}/32`, 'dev', 'lo']);
  // Rules of ours go before the table of local addresses, which is first of all otherwise.
  await ip(['-n', name, 'rule', 'add', 'pref', '100', 'lookup', 'local']);
  await ip(['-n', name, 'rule', 'del', 'pref', '0']);
  const heal = async (): Promise<void> => {
    await nft(`table inet ${TABLE}\ndelete table inet ${TABLE}\ntable inet ${TABLE} {\n  chain in { type filter hook input priority 0; }\n}\n`);
    for (const address of addresses) await shell.run('ip', ['-n', name, 'rule', 'del', 'pref', '50', 'to', address]);
  };
  await heal();

  const child = spawn('ip', ['netns', 'exec', name, process.execPath, program.file], { stdio: ['pipe', 'pipe', 'inherit'] });
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
          stop: () =>
            new Promise((resolve) => {
              stopped.set(run, resolve);
              child.stdin.write(`${JSON.stringify({ run })}\n`);
            }),
        };
      },
    },
    silence: async (address, passes) => void (await nft(`add rule inet ${TABLE} in ip daddr ${address} ${passes === undefined ? '' : `ip length > ${passes} `}drop`)),
    unroute: async (address) => void (await ip(['-n', name, 'rule', 'add', 'pref', '50', 'to', address, 'unreachable'])),
    heal,
    async pings() {
      const { stdout } = await shell.run('sh', ['-c', `for pid in $(ip netns pids ${name}); do [ "$(cat /proc/$pid/comm 2>/dev/null)" = ping ] && echo $pid; done; true`]);
      return stdout.split('\n').filter((line) => line !== '').map(Number);
    },
    async close() {
      child.stdin.end();
      await gone;
      await shell.run('ip', ['netns', 'delete', name]);
      await program.remove();
    },
  };
};
