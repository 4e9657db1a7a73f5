// 1,000 targets probed once a second over UDP, each on a socket of its own, by one process. Limit: 8 % of a core,
// nothing lost.
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { prober } from '../src/lib/adapters/probe/index.ts';

const TARGETS = 1_000;
const WARM_MS = 3_000;
const MEASURED_MS = 10_000;
const LIMIT = 0.08;

/** The far end burns a core of its own, not ours. */
const ECHO = `
  const socket = require('node:dgram').createSocket('udp4');
  socket.on('message', (data, { port, address }) => socket.send(data, port, address));
  socket.bind(0, '127.0.0.1', () => process.stdout.write(String(socket.address().port)));
  process.stdin.on('end', () => process.exit(0)).resume();
`;

const echo = spawn(process.execPath, ['-e', ECHO], { stdio: ['pipe', 'pipe', 'inherit'] });
const port = Number(await new Promise<Buffer>((resolve) => echo.stdout.once('data', resolve)));
const seen = { reply: 0, lost: 0, unknown: 0 };
const specs = Array.from({ length: TARGETS }, (_, at) => ({
  id: String(at),
  kind: 'udp' as const,
  address: '127.0.0.1',
  port,
  intervalMs: 1_000,
}));
const run = prober.start(specs, (_, { kind }) => (seen[kind] += 1));
await delay(WARM_MS);
Object.assign(seen, { reply: 0, lost: 0, unknown: 0 });
const [before, begun] = [process.cpuUsage(), performance.now()];
await delay(MEASURED_MS);
const { user, system } = process.cpuUsage(before);
const ms = performance.now() - begun;
const share = (user + system) / 1000 / ms;
await run.stop();
echo.stdin.end();

const rate = (1000 * (seen.reply + seen.lost + seen.unknown)) / ms;
console.log(
  `Probing ${TARGETS} UDP targets once a second: ${rate.toFixed(0)} probes/s, ${(100 * share).toFixed(1)} % of a core (limit ${100 * LIMIT} %), ${seen.lost} lost, ${seen.unknown} unknown, ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MB`,
);
if (share > LIMIT || seen.lost > 0 || rate < 0.95 * TARGETS) process.exitCode = 1;
