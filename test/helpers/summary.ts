import type { Reporter, TestModule } from 'vitest/node';

/**
 * The run's last line, for people and scripts: `N passed, N failed`. A file that can't load and a stray rejection are
 * failures too.
 */
export default class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    let passed = 0;
    let skipped = 0;
    let failed = unhandled.length;
    for (const module of modules) {
      failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        else if (state === 'failed') failed += 1;
        else skipped += 1;
      }
    }
    // The other reporters still have their say; this one comes last.
    process.once('exit', () =>
      process.stdout.write(`${skipped === 0 ? '' : `${skipped} skipped\n`}${passed} passed, ${failed} failed\n`),
    );
  }
}
