import { defineConfig } from 'vitest/config';

/** Labs last and one at a time: they measure milliseconds, and on two cores every neighbour would be measured too. */
const LAB = 'test/lab/**/*.test.ts';

export default defineConfig({
  define: { HYBRIDCTL_VERSION: JSON.stringify('0.0.0-test') },
  test: {
    testTimeout: 20_000,
    reporters: ['default', './test/helpers/summary.ts'],
    projects: [
      { extends: true, test: { name: 'all but the lab', include: ['test/**/*.test.ts'], exclude: [LAB], maxWorkers: 2, sequence: { groupOrder: 0 } } },
      { extends: true, test: { name: 'lab', include: [LAB], fileParallelism: false, sequence: { groupOrder: 1 } } },
    ],
  },
});
