import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';

export interface Contender {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** Wall time of one run from spawn to exit, ms. Throws unless it exits 0. */
const once = ({ name, file, args, env }: Contender): Promise<number> =>
  new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
    let stderr = '';
    child.stderr.on('data', (data) => (stderr += data));
    child.on('error', reject);
    child.on('exit', (code) => {
      const ms = performance.now() - start;
      if (code === 0) resolve(ms);
      else reject(new Error(`${name} exited ${code}: ${stderr}`));
    });
  });

/**
 * Runs every contender in turn, round after round, so that a slow moment of the machine falls on all alike. The first
 * two rounds warm the caches and do not count.
 * @returns median ms per contender, in order.
 */
export const interleaved = async (contenders: readonly Contender[], rounds: number): Promise<readonly number[]> => {
  const times = contenders.map((): number[] => []);
  for (let round = -2; round < rounds; round += 1) {
    for (const [index, contender] of contenders.entries()) {
      const ms = await once(contender);
      if (round >= 0) times[index]!.push(ms);
    }
  }
  return times.map(median);
};
