import { defineConfig } from 'vitest/config';

export default defineConfig({
  define: { HYBRIDCTL_VERSION: JSON.stringify('0.0.0-test') },
  test: {
    include: ['test/**/*.test.ts'],
    // Two cores: more workers than that only makes timing tests of the lab noisy.
    maxWorkers: 2,
    testTimeout: 20_000,
    reporters: ['default', './test/helpers/summary.ts'],
  },
});
