import { defineConfig } from 'vitest/config';

/** What asks of a lab what is there, and not how fast it came. */
const UNTIMED = 'lifecycle|doctor';
/** The other labs, the prober, and mounts that die come last and one at a time: they measure, and on two cores every neighbour would be measured too. */
const TIMED = [`test/lab/!(${UNTIMED}).test.ts`, 'test/contract/prober.test.ts', 'test/commands/s3-faults.test.ts'];
/** More than there are cores: much of this waits, for daemons and for limits of time. */
const WORKERS = 3;

export default defineConfig({
  define: { HYBRIDCTL_VERSION: JSON.stringify('0.0.0-test') },
  test: {
    testTimeout: 20_000,
    reporters: ['default', './test/helpers/summary.ts'],
    projects: [
      { extends: true, test: { name: 'all but the timed', include: ['test/**/*.test.ts'], exclude: TIMED, maxWorkers: WORKERS, sequence: { groupOrder: 0 } } },
      { extends: true, test: { name: 'timed', include: TIMED, fileParallelism: false, sequence: { groupOrder: 1 } } },
    ],
  },
});
