// `npm run simulate [-- --episodes N] [--from SEED] [--seed SEED] [--bundle FILE]`: the failover core in a seeded
// virtual world, on every core
// of the machine. A violation prints its seed; `--seed` replays that episode, line by line and always the same.
// `--bundle` runs a core that was bundled before, a broken one in our tests.
import { availableParallelism } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const CHUNK = 500;
/** Episodes are made of small short-lived objects: room for the young saves a fifth of the time. */
const YOUNG_MB = 64;

const work = async ({ path }) => {
  const { runMany } = await import(pathToFileURL(path).href);
  parentPort.on('message', ({ from, count }) => parentPort.postMessage(runMany(from, count)));
};

const replay = async (path, seed) => {
  const { runEpisode } = await import(pathToFileURL(path).href);
  const { log, violation } = runEpisode(seed, true);
  process.stdout.write(
    `${log.join('\n')}\n${violation === undefined ? 'every invariant held' : `${violation.invariant}: ${violation.what}`}\n`,
  );
  process.exitCode = violation === undefined ? 0 : 1;
};

const simulate = async (path, from, episodes) => {
  const began = Date.now();
  const sum = { episodes: 0, decisions: 0, moves: 0, alerts: 0, heals: 0 };
  let next = from;
  let violation;
  const run = (worker) =>
    new Promise((resolve, reject) => {
      const ask = () => {
        if (next >= from + episodes || violation !== undefined) return resolve();
        const count = Math.min(CHUNK, from + episodes - next);
        worker.postMessage({ from: next, count });
        next += count;
      };
      worker.on('error', reject);
      worker.on('message', (result) => {
        for (const name of Object.keys(sum)) sum[name] += result[name];
        if (result.violation !== undefined && (violation === undefined || result.violation.seed < violation.seed))
          violation = result.violation;
        ask();
      });
      ask();
    });
  const workers = Array.from(
    { length: availableParallelism() },
    () =>
      new Worker(fileURLToPath(import.meta.url), {
        workerData: { path },
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
      }),
  );
  await Promise.all(workers.map(run));
  await Promise.all(workers.map((worker) => worker.terminate()));
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  process.stdout.write(
    `${sum.episodes} episodes, ${sum.decisions} decisions, ${sum.moves} moves, ${sum.alerts} alerts, ${sum.heals} healings in ${seconds} s on ${workers.length} cores\n`,
  );
  if (violation === undefined) return void process.stdout.write('every invariant held\n');
  process.stdout.write(
    `seed ${violation.seed} broke ${violation.invariant} at ${violation.at} ms: ${violation.what}\nreplay: npm run simulate -- --seed ${violation.seed}\n`,
  );
  process.exitCode = 1;
};

if (!isMainThread) await work(workerData);
else {
  const whole = (text, name) => {
    if (/^\d{1,9}$/.test(text)) return Number(text);
    process.stderr.write(`--${name} must be a whole number\n`);
    process.exit(2);
  };
  const { values } = parseArgs({
    options: {
      episodes: { type: 'string', default: '100000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      bundle: { type: 'string' },
    },
  });
  const { bundleSimulation } = await import('./simulation.mjs');
  const path = values.bundle ?? (await bundleSimulation());
  if (values.seed !== undefined) await replay(path, whole(values.seed, 'seed'));
  else await simulate(path, whole(values.from, 'from'), whole(values.episodes, 'episodes'));
}
