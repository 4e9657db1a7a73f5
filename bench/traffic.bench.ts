// One sample of `vpn traffic` for 100 tunnels: CPU of this process by the second, charon's answers read from a socket.
// Limit: 1 % of a core.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { clock } from '../src/lib/adapters/clock.ts';
import { files } from '../src/lib/adapters/files.ts';
import { lineLog } from '../src/lib/adapters/records/line-log.ts';
import { connectVici } from '../src/lib/adapters/vici/client.ts';
import { encodePacket, PACKET, packetReader, type Packet } from '../src/lib/adapters/vici/codec.ts';
import type { Files, ViciSection } from '../src/lib/core/ports.ts';
import { openSpool } from '../src/lib/monitor/spool.ts';
import { remembered, sampleOf, type Remembered } from '../src/lib/monitor/traffic.ts';
import { trafficPublisher } from '../src/lib/monitor/traffic-publish.ts';
import { trafficReader } from '../src/lib/monitor/traffic-read.ts';

const TUNNELS = 100;
const ROUNDS = 30;
const INTERVAL_MS = 1_000;
const LIMIT_PERCENT = 1;

/** A charon with so many established tunnels, as strongSwan 5.9 tells them. */
const serve = (path: string): void => {
  let bytes = 0;
  const child = (name: string, spi: string): ViciSection => ({
    name,
    uniqueid: '1',
    reqid: '1',
    state: 'INSTALLED',
    mode: 'TUNNEL',
    protocol: 'ESP',
    encap: 'yes',
    'spi-in': spi,
    'spi-out': `f${spi}`,
    'encr-alg': 'AES_GCM_16',
    'encr-keysize': '256',
    'bytes-in': String(bytes),
    'packets-in': '9',
    'use-in': '1',
    'bytes-out': String(bytes),
    'packets-out': '9',
    'use-out': '1',
    'rekey-time': '3000',
    'life-time': '3600',
    'install-time': '60',
    'local-ts': ['172.16.0.0/16'],
    'remote-ts': ['10.10.0.0/16'],
  });
  const events = (command: string | undefined): readonly ViciSection[] =>
    Array.from({ length: TUNNELS }, (_, index) => {
      const name = `vpn${index}`;
      if (command === 'list-conns')
        return {
          [name]: {
            local_addrs: ['172.16.1.157'],
            remote_addrs: ['198.51.100.77'],
            version: 'IKEv2',
            children: { [name]: { mode: 'TUNNEL', 'local-ts': ['172.16.0.0/16'], 'remote-ts': ['10.10.0.0/16'] } },
          },
        };
      return {
        [name]: {
          uniqueid: String(index),
          version: '2',
          state: 'ESTABLISHED',
          'local-host': '172.16.1.157',
          'local-port': '4500',
          'remote-host': '198.51.100.77',
          'remote-port': '4500',
          'local-id': '203.0.113.11',
          'remote-id': '198.51.100.77',
          initiator: 'yes',
          'nat-any': 'yes',
          'encr-alg': 'AES_GCM_16',
          'encr-keysize': '256',
          'prf-alg': 'PRF_HMAC_SHA2_384',
          'dh-group': 'ECP_384',
          established: '600',
          'rekey-time': '13000',
          'child-sas': { [`${name}-1`]: child(name, `c${index.toString(16).padStart(7, '0')}`) },
        },
      };
    });
  createServer((socket) => {
    const answer = (packet: Packet): void => {
      socket.write(encodePacket(packet));
    };
    const read = packetReader(({ type, name }) => {
      if (type !== PACKET.cmdRequest) return answer({ type: PACKET.eventConfirm, message: {} });
      bytes += 1_000;
      for (const message of events(name))
        answer({ type: PACKET.event, name: name === 'list-conns' ? 'list-conn' : 'list-sa', message });
      answer({ type: PACKET.cmdResponse, message: {} });
    });
    socket.on('data', read).on('error', () => undefined);
  }).listen(path, () => void process.stdout.write('ready\n'));
};

if (process.argv[2] === 'serve') serve(process.argv[3]!);
else await measure();

async function measure(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hybridctl-bench-'));
  const uri = `unix://${folder}/charon.vici`;
  // A process of its own that speaks vici, so that only our side is measured.
  const server = spawn(process.execPath, [process.argv[1]!, 'serve', `${folder}/charon.vici`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => server.stdout.once('data', () => resolve()).once('error', reject));

  try {
    const devices = (pass: number) =>
      Array.from(
        { length: TUNNELS },
        (_, index) =>
          `xfrm${index}: ${pass * 1_000 * index} ${pass} 0 0 0 0 0 0 ${pass * 500 * index} ${pass} 0 0 0 0 0 0`,
      ).join('\n');
    let pass = 0;
    // The kernel's own files are as many reads; this machine has no hundred tunnel interfaces.
    const read: Files['read'] = async (path, limit) => {
      if (path === '/proc/net/dev') return (await readFile('/proc/net/dev', 'utf8')).slice(0, 0) + devices(pass);
      const name = /^\/sys\/class\/net\/xfrm(\d+)\/(ifindex|type)$/.exec(path);
      if (name === null) return files.read(path, limit);
      await readFile('/sys/class/net/lo/ifindex', 'utf8');
      return name[2] === 'type' ? '65534' : name[1]!;
    };
    const look = trafficReader(
      { files: { ...files, read }, clock, vici: connectVici },
      { uris: [uri], interfaces: undefined },
    );
    const onTrouble = (message: string): void => void process.stderr.write(`${message}\n`);
    let figures = 0;
    const publisher = trafficPublisher(
      { put: async (_namespace, data) => void (figures += data.length) },
      await openSpool({ lineLog }, files, { path: join(folder, 'spool'), onTrouble }),
      { namespace: 'bench', site: 'bench', host: 'bench', fine: true, run: 'r', clock, onTrouble },
    );
    let before: Remembered | undefined;
    let seen = 0;
    const round = async (): Promise<void> => {
      pass += 1;
      const now = await look((_uri, error) => {
        throw error;
      });
      const sample = sampleOf(before, now);
      before = remembered(before, now);
      await files.write([{ path: join(folder, 'memory.json'), content: JSON.stringify(before), mode: 0o600 }]);
      if (sample === undefined) return;
      seen = sample.tunnels.length + sample.interfaces.length;
      publisher.accept(sample);
    };
    for (let warm = 0; warm < 5; warm += 1) await round();
    const cpu = process.cpuUsage();
    const began = performance.now();
    for (let index = 0; index < ROUNDS; index += 1) {
      await round();
      await clock.sleep(Math.max(0, began + (index + 1) * INTERVAL_MS - performance.now()));
    }
    const { user, system } = process.cpuUsage(cpu);
    const ms = (user + system) / 1_000;
    await publisher.close();
    const each = ms / ROUNDS;
    console.log(
      `vpn traffic, ${seen} counters: ${each.toFixed(1)} ms of CPU a sample; ${(each / 600).toFixed(3)} % of a core at 60 s, ${((each / INTERVAL_MS) * 100).toFixed(2)} % at 1 s; limit ${LIMIT_PERCENT} % at 60 s; ${figures} figures published`,
    );
    if (each / 600 > LIMIT_PERCENT || seen !== 2 * TUNNELS) process.exitCode = 1;
  } finally {
    server.kill();
    await rm(folder, { recursive: true });
  }
}
