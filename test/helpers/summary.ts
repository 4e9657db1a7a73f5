import type { Reporter, TestModule, Vitest } from 'vitest/node';
import { beginRun, endRun } from './leftovers.ts';

/** The suite's projects, each with the command that runs it. */
const PROJECTS: Readonly<Record<string, string>> = {
  unit: 'npm run test:unit',
  real: 'npm test',
  timed: 'npm test',
  long: 'npm run test:long',
};

/**
 * The run's last lines, for people and scripts. Before the last one: what was not run, with the reason. The last one:
 * `N passed, N failed, N skipped`. A file that can't load, a stray rejection and whatever is left on the machine are
 * failures too.
 */
export default class Summary implements Reporter {
  private vitest: Vitest | undefined;
  private readonly running = new Set<string>();
  private last = '';

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
    for (const what of beginRun(process.pid).found)
      process.stderr.write(`left by a run that was killed, now removed: ${what}\n`);
  }

  onTestModuleStart({ relativeModuleId }: TestModule): void {
    this.running.add(relativeModuleId);
  }

  onTestModuleEnd({ relativeModuleId }: TestModule): void {
    this.running.delete(relativeModuleId);
    this.last = relativeModuleId;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    let passed = 0;
    let skipped = 0;
    let failed = unhandled.length;
    const reasons = new Map<string, number>();
    for (const module of modules) {
      failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') passed += 1;
        else if (result.state === 'failed') failed += 1;
        else {
          skipped += 1;
          if (this.vitest?.config.testNamePattern !== undefined) continue;
          const reason =
            (result.state === 'skipped' ? result.note : undefined) ?? `${module.relativeModuleId}: ${test.fullName}`;
          reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
        }
      }
    }
    const notRun = [
      ...[...reasons].map(([reason, count]) => `${count} test${count === 1 ? '' : 's'}: ${reason}`),
      ...this.projectsLeftOut(),
    ];
    // The other reporters still have their say; this one comes last.
    process.once('exit', () => {
      const { found } = endRun(process.pid);
      for (const what of found) process.stdout.write(`left behind by the tests, now removed: ${what}\n`);
      if (found.length > 0) process.stdout.write(`the last file that ended was ${this.last}\n`);
      // Of single files it is only said.
      const counted = process.argv.some((word) => word.includes('.test.ts')) ? 0 : found.length;
      if (counted > 0) process.exitCode = 1;
      process.stdout.write(
        `${notRun.length === 0 ? '' : `not run: ${notRun.join('; ')}\n`}${passed} passed, ${failed + counted} failed, ${skipped} skipped\n`,
      );
    });
  }

  /** Whole projects that this run does not have, unless it was asked for single files. */
  private projectsLeftOut(): readonly string[] {
    const here = new Set(this.vitest?.projects.map(({ name }) => name));
    return Object.entries(PROJECTS)
      .filter(([name]) => !here.has(name))
      .map(([name, command]) => `project "${name}" (${command})`);
  }
}
