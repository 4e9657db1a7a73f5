// No wolf: 5 % random loss on the carrying link of a lab, real packets; the real monitor and 150 detectors beside
// shadows of 3 x 300 ms.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { files } from '../src/lib/adapters/files.ts';
import { shell } from '../src/lib/adapters/shell.ts';
import { clock } from '../src/lib/adapters/clock.ts';
import type { Ports } from '../src/lib/core/ports.ts';
import { startWatcher } from '../src/lib/drill/watcher.ts';
import { cut } from '../src/lib/lab/cut.ts';
import { openLab } from '../src/lib/lab/state.ts';
import { say } from '../src/lib/monitor/say.ts';
import { proberIn } from '../test/helpers/prober-process.ts';
import { startSoak } from './soak.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    loss: { type: 'string', default: '5' },
    targets: { type: 'string', default: '150' },
  },
});
const [minutes, loss, targets] = [values.minutes, values.loss, values.targets].map(Number) as [number, number, number];
if (!(minutes > 0) || !(loss > 0 && loss < 100) || !Number.isInteger(targets) || targets < 1) {
  process.stderr.write('usage: npm run soak -- [--minutes 10] [--loss 5] [--targets 150]\n');
  process.exit(2);
}
const LAB = 'soak';
const folder = mkdtempSync(join(tmpdir(), 'hybridctl-soak-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const site = join(folder, 'soak.yaml');
// BFD on Direct Connect is 3 x 300 ms itself: it would take the route away every 42 minutes, and prove our point too
// often.
writeFileSync(
  site,
  readFileSync('templates/site/lab.yaml', 'utf8').replace('cloud_asn: 64512', 'cloud_asn: 64512, bfd: false'),
);
mkdirSync(join(folder, 'psk'), { mode: 0o700 });
for (const name of ['vpn1', 'vpn2'])
  writeFileSync(join(folder, 'psk', name), `soak.key.of.${name}.0123456789`, { mode: 0o600 });
const hybridctl = (...args: readonly string[]): void =>
  void execFileSync(process.execPath, ['dist/hybridctl.cjs', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
const ports = {
  shell,
  files,
  clock,
  signal: new AbortController().signal,
  progress: () => undefined,
} as unknown as Ports;

process.stderr.write('building the lab\n');
hybridctl('lab', 'up', '--site', site, '--name', LAB);
const closing: (() => Promise<unknown>)[] = [];
try {
  const lab = await openLab(files, LAB);
  const far = await proberIn(`${LAB}-host`);
  const near = await proberIn(`${LAB}-mon-2`);
  closing.push(
    () => far.close(),
    () => near.close(),
  );
  const watcher = await startWatcher(lab, { profile: 'default', path: process.env['PATH'] });
  closing.push(() => watcher.stop());
  const soak = startSoak(targets, { address: lab.topology.hostAddresses[0]!, port: 7 });
  await delay(10_000);
  await cut(ports, lab, { what: 'dx-1', kind: 'loss', loss: loss / 100, direction: 'out' });
  const { stop } = near.prober.start(soak.specs, soak.take);
  closing.push(stop);
  const moves = () =>
    watcher.events.filter((event) => event.kind === 'move' || (event.kind === 'verdict' && event.to === 'dead'));
  const line = (): string => {
    const { probes, unknown, lost, wolves, shadows } = soak.count();
    return `${probes} probes, ${((100 * lost) / probes).toFixed(2)} % lost, ${unknown} our own fault; false failovers: route monitor ${moves().length}, ${targets} detectors ${wolves}, their shadows of 3 x 300 ms ${shadows}`;
  };
  for (let minute = 1; minute <= minutes; minute += 1) {
    await delay(60_000);
    process.stderr.write(`${minute}/${minutes} min  ${line()}\n`);
  }
  await delay((minutes % 1) * 60_000);
  console.log(`${loss} % random loss on dx-1 for ${minutes} min, real packets: ${line()}`);
  for (const event of moves()) console.log(say(event));
  if (moves().length > 0 || soak.count().wolves > 0) process.exitCode = 1;
} finally {
  for (const close of closing.reverse()) await close();
  hybridctl('lab', 'down', '--name', LAB, '--yes');
}
