import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { failure } from '../../core/errors.ts';
import type { Ports } from '../../core/ports.ts';
import agent from '../../../../templates/lab/guest/agent.pl?raw';
import init from '../../../../templates/lab/guest/init.sh?raw';
import nft from '../../../../templates/lab/guest/nft.pl?raw';
import { ownMachine } from '../run.ts';
import { paths, readRecord } from '../state.ts';
import { topologyOf } from '../topology.ts';
import { cablesOf, guestNetns } from './boot.ts';
import { isBox } from './shell.ts';
import { openJob } from './job.ts';
import { decoder, encode } from './frames.ts';

const MODULES = '/usr/lib/uml/modules';
/** Four boxes with charon and FRR take 150 MB; a file without a name in /dev/shm, used as it is touched. */
const MEMORY = '768M';

/** @returns the last core that this process may use, by `/proc/self/status`. */
export const lastCore = (status: string): string => /^Cpus_allowed_list:.*?(\d+)$/m.exec(status)?.[1] ?? '0';

/**
 * The command line that boots the guest. In a process namespace of its own: a user-mode kernel is a process for each
 * process in it, and they all end with the first, however that ends; `setpriv`: and that with us.
 */
export const bootLine = (lab: string, core: string, taps: readonly string[]): readonly string[] => [
  // Each fault of a page in there wakes another process: on one core that costs half of what it costs on two.
  'taskset',
  '--cpu-list',
  core,
  'setpriv',
  '--pdeathsig=KILL',
  'ip',
  'netns',
  'exec',
  guestNetns(lab),
  'unshare',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
  'linux.uml',
  `mem=${MEMORY}`,
  'rootfstype=hostfs',
  'rootflags=/',
  'rw',
  `init=${paths(lab).guest.init}`,
  'quiet',
  // What the kernel itself says goes to stderr, the jobs over the first serial line.
  'con=null',
  'con0=null,fd:2',
  'ssl=null',
  'ssl0=fd:0,fd:1',
  ...taps.map((tap, at) => `vec${at}:transport=tap,ifname=${tap},depth=64`),
  `uml_dir=${paths(lab).guest.folder}`,
  'umid=uml',
  `lab_folder=${paths(lab).dir}`,
  `lab_modules=${MODULES}`,
];

const listen = async (server: Server, path: string): Promise<void> => {
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve());
  });
};

/**
 * What may be on its way to the agent. A terminal line holds 4,096 bytes; with more than that in one go the line of the
 * user-mode kernel (6.1) stopped for good.
 */
const WINDOW_BYTES = 2_048;

/** Writes no more than the agent has room for. */
const paced = (line: NodeJS.WritableStream) => {
  let waiting: Buffer = Buffer.alloc(0);
  let onTheWay = 0;
  const push = (): void => {
    const now = waiting.subarray(0, WINDOW_BYTES - onTheWay);
    if (now.length === 0) return;
    waiting = waiting.subarray(now.length);
    onTheWay += now.length;
    line.write(now);
  };
  return {
    write(bytes: Buffer): void {
      waiting = Buffer.concat([waiting, bytes]);
      push();
    },
    arrived(count: number): void {
      onTheWay -= count;
      push();
    },
  };
};

/** Serves a socket in the lab's folder: each connection is one job in the guest. */
const serveJobs = (stdin: NodeJS.WritableStream) => {
  const line = paced(stdin);
  const clients = new Map<number, Socket>();
  let last = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const number = (last = (last % 0x7fffffff) + 1);
    clients.set(number, socket);
    socket.on(
      'data',
      decoder(({ kind, content }) => line.write(encode(kind, number, content))),
    );
    const gone = (): void => {
      if (clients.delete(number)) line.write(encode('K', number));
    };
    socket.on('close', gone);
    socket.on('error', gone);
    socket.on('end', () => socket.end());
  });
  const fromGuest = decoder(({ kind, number, content }) => {
    if (kind === 'A') line.arrived(Number(content.toString()));
    const socket = clients.get(number);
    socket?.write(encode(kind, 0, content));
    if (kind === 'Z' && clients.delete(number)) socket?.end();
  });
  return { server, fromGuest };
};

/** A node's VICI socket out here is its charon's in the guest. */
const relayVici = async (lab: string, name: string): Promise<void> => {
  const { guest, viciInGuest, node } = paths(lab);
  const server = createServer({ allowHalfOpen: true }, (outside) => {
    const job = openJob(guest.socket, 'C', viciInGuest(name), {
      out: (bytes) => void outside.write(bytes),
      end: () => outside.destroySoon(),
    });
    outside.on('data', (bytes: Buffer) => job.input(bytes));
    outside.on('end', () => job.endInput());
    outside.on('error', () => job.abandon());
    outside.on('close', () => job.abandon());
  });
  await mkdir(node(name), { recursive: true, mode: 0o755 });
  await listen(server, join(node(name), 'charon.vici'));
};

/**
 * The lab's guest kernel, kept for as long as this process lives: boots it with a network card for each link of a box,
 * runs what is asked for over `guest.socket`, and hands connections of each box's VICI socket on.
 */
export const keepGuest = async (ports: Ports, lab: string): Promise<void> => {
  const record = await readRecord(ports.files, lab);
  // `lab down` came first.
  if (record === undefined) return;
  const topology = topologyOf(record.site, lab, record.slot);
  const taps = cablesOf(topology).map(({ tap }) => tap);
  const boxes = topology.nodes.filter(({ name }) => isBox(record.site, name)).map(({ name }) => name);
  const { guest } = paths(lab);
  await mkdir(guest.folder, { recursive: true, mode: 0o700 });
  await ports.files.write([
    { path: guest.init, content: init, mode: 0o755 },
    { path: join(guest.folder, 'agent'), content: agent, mode: 0o644 },
    { path: join(guest.folder, 'nft'), content: nft, mode: 0o755 },
  ]);
  const [file, ...args] = ownMachine(bootLine(lab, lastCore(await readFile('/proc/self/status', 'utf8')), taps));
  const log = await open(guest.log, 'a', 0o600);
  const child = spawn(file!, args, { stdio: ['pipe', 'pipe', log.fd] });
  await log.close();
  child.stdin!.on('error', () => undefined);
  const { server, fromGuest } = serveJobs(child.stdin!);
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  // Nobody is served before the agent is there.
  const ready = new Promise<void>((resolve) => {
    const first = decoder(({ kind }) => {
      if (kind === 'Y') resolve();
    });
    child.stdout!.on('data', (bytes: Buffer) => {
      first(bytes);
      fromGuest(bytes);
    });
  });
  const stop = (): void => void child.kill('SIGKILL');
  ports.signal.addEventListener('abort', stop);
  await Promise.race([ready, ended]);
  if (child.exitCode !== null || child.signalCode !== null) throw failure('the guest kernel ended at once');
  try {
    for (const name of boxes) await relayVici(lab, name);
    await listen(server, guest.socket);
    await ended;
  } finally {
    stop();
  }
};
