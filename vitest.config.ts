import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { folderOfRun } from './test/helpers/leftovers.ts';

const LONG_SERIES = process.env['HYBRIDCTL_TEST_LONG'] === '1';

/** Need root, Debian's daemons and tools, or a minute of real time; they may run beside each other. */
const REAL = [
  'test/commands/{cloud-serve,ends,collectd-deploy,collectd-plan,collectd-socket,init-wizard,localzone,monitor-install,route-monitor-witness,s3-bench,s3-faults,s3-mount,vpn-apply,vpn-pki,vpn-status-real,vpn-up,vpn-up-packages}.test.ts',
  'test/contract/{collectd,files,files-disk,files-whole,prober-relay,ssh,vici,witness-bfd,witness-charon}.test.ts',
  'test/lab/{lifecycle,doctor}.test.ts',
  'test/lib/cloud/{endpoint,tags}.test.ts',
  'test/lib/collectd/whitelist.test.ts',
  'test/lib/monitor/{event-log,hostile,lease-disk}.test.ts',
  'test/lib/render/{any-site,certificates,units}.test.ts',
  'test/lib/render/bgp/{golden,sessions}.test.ts',
  'test/lib/render/linux/{parsers,tunnels,watch-mesh}.test.ts',
  'test/lib/upload/real.test.ts',
  'test/package.test.ts',
];
/**
 * Measure gaps, paces and detection times. They come last, on a machine that does little else, and are begun again
 * where it does (see test/lab/lab.ts, `measured`).
 */
const TIMED = [
  'test/lab/{lab,monitor,status,drill-route}.test.ts',
  'test/contract/prober.test.ts',
  'test/lib/render/linux/certificates.test.ts',
];
/** Minutes each: the full matrix of faults, a kill at every call, long watches, other versions of Node. */
const LONG_ONLY = [
  'test/lab/{drill,orders,peer,probe,soak,uml}.test.ts',
  'test/commands/{systemd,vpn-apply-killed,vpn-up-certificates}.test.ts',
  'test/package-nodes.test.ts',
];
/** Have a small size for every run and a full size for the long series (see test/helpers/size.ts). */
const SIZED = [
  'test/scenarios/simulation.test.ts',
  'test/commands/s3-faults.test.ts',
  'test/lib/monitor/lease-disk.test.ts',
];
/** More than there are cores: much of this waits, for daemons and for limits of time. */
const WORKERS = 3;

/** What takes a minute or more, the longest first: begun last it would keep one core busy and leave the other idle. */
const LONG = [
  'scenarios/simulation',
  'lab/lifecycle',
  'commands/vpn-up',
  'lib/monitor/hostile',
  'lab/doctor',
  'commands/vpn-apply',
  'commands/collectd-deploy',
  'commands/s3-mount',
  'commands/s3-faults',
  'lab/monitor',
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
    setupFiles: ['test/helpers/setup.ts'],
    reporters: ['default', './test/helpers/summary.ts'],
    // A folder for temporary files by which everything of this run can be told (see test/helpers/leftovers.ts).
    env: { TMPDIR: folderOfRun(process.pid), XDG_CACHE_HOME: join(import.meta.dirname, 'node_modules/.cache') },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...REAL, ...TIMED, ...LONG_ONLY],
          // A file's modules are loaded once a worker: half of the time went into loading them for each file anew.
          isolate: false,
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'real', include: REAL, maxWorkers: WORKERS, sequence: { groupOrder: 0 } } },
      { extends: true, test: { name: 'timed', include: TIMED, maxWorkers: 2, sequence: { groupOrder: 1 } } },
      {
        extends: true,
        test: {
          name: 'long',
          include: [...LONG_ONLY, ...(LONG_SERIES ? SIZED : [])],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
