import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What asks of a lab what is there, and not how fast it came. */
const UNTIMED = 'lifecycle|doctor';
/**
 * The other labs, the prober, and mounts that die come last and one at a time: they measure, and on two cores every
 * neighbour would be measured too.
 */
const TIMED = [`test/lab/!(${UNTIMED}).test.ts`, 'test/contract/prober.test.ts', 'test/commands/s3-faults.test.ts'];
/** More than there are cores: much of this waits, for daemons and for limits of time. */
const WORKERS = 3;

/** What takes a minute or more, the longest first: begun last it would keep one core busy and leave the other idle. */
const LONG = [
  'scenarios/simulation',
  'lab/lifecycle',
  'commands/vpn-up',
  'lib/monitor/hostile',
  'lab/doctor',
  'commands/vpn-apply-killed',
  'commands/vpn-apply',
  'commands/collectd-deploy',
  'commands/s3-mount',
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return at < 0 ? LONG.length : at;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  define: { HYBRIDCTL_VERSION: JSON.stringify('0.0.0-test') },
  test: {
    // Only there to end what hangs: work must not fail because the machine does something else as well.
    testTimeout: 120_000,
    hookTimeout: 300_000,
    sequence: { sequencer: LongFirst },
    reporters: ['default', './test/helpers/summary.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'all but the timed',
          include: ['test/**/*.test.ts'],
          exclude: TIMED,
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'timed', include: TIMED, fileParallelism: false, sequence: { groupOrder: 1 } } },
    ],
  },
});
