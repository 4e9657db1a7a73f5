import { expect } from 'vitest';

/** CPU time of this process, in milliseconds: what the neighbours of a busy machine do is not in it. */
const cpuMs = (work: () => unknown): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
};

/** Below this, the clock and the compiler are most of what is measured. */
const LEAST_MS = 25;
const TIMES = 4;

/**
 * Expects that work grows like the size of its input, and not like its square: four times the input may cost up to ten
 * times as much, where the square would be sixteen. Both are measured in the same run, so it holds on any machine.
 * @param size of the larger input
 */
export const expectLinear = (work: (size: number) => unknown, size: number): void => {
  cpuMs(() => work(size / TIMES / TIMES));
  const small = Math.max(
    cpuMs(() => work(size / TIMES)),
    LEAST_MS,
  );
  const large = cpuMs(() => work(size));
  expect(large / small, `${size / TIMES}: ${small} ms of CPU, ${size}: ${large} ms`).toBeLessThan(10);
};
