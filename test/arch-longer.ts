/** Files of more than 300 lines, each to be split when it is worked on next. */
export const LONGER_FILES: readonly string[] = [
  'src/lib/adapters/aws/objects.ts',
  'src/lib/cloud/services/ec2/instance-state.ts',
  'src/lib/cloud/services/s3/operations.ts',
  'src/lib/cloud/services/ec2/vpn-state.ts',
  'src/lib/doctor/host-daemon.ts',
  'src/lib/domain/check.ts',
  'src/lib/domain/failover/decide.ts',
  'src/lib/domain/fpga/explain-aliyun.ts',
  'src/lib/domain/site.ts',
  'src/lib/drill/cases.ts',
  'src/lib/drill/run.ts',
  'src/lib/lab/topology.ts',
  'src/lib/procedures/collectd/deploy.ts',
  'src/lib/procedures/network/remains.ts',
  'test/commands/drill-route.test.ts',
  'test/commands/fpga-aliyun-trouble.test.ts',
  'test/commands/init.test.ts',
  'test/commands/route-faults.test.ts',
  'test/commands/route.test.ts',
  'test/lab/lab.test.ts',
  'test/lab/status.test.ts',
  'test/lib/check.test.ts',
  'test/lib/cloud/launch.test.ts',
  'test/lib/cloud/vpn.test.ts',
  'test/lib/collectd/whitelist.test.ts',
  'test/lib/drill/drill.test.ts',
  'test/lib/monitor/loop.test.ts',
  'test/lib/routes.test.ts',
  'test/lib/site/document.test.ts',
  'test/lint/rules.test.ts',
  'test/scenarios/sim/faults.ts',
  'test/scenarios/sim/monitor.ts',
  'test/scenarios/sim/world.ts',
];

/** Commands of more than 160 lines, likewise. */
export const LONGER_COMMANDS: readonly string[] = [
  'src/commands/network/flags.ts',
  'src/commands/procedure.ts',
  'src/commands/route/monitor.ts',
  'src/commands/route/tune.ts',
  'src/commands/vpn/doctor.ts',
];

/** Files in the folders of commands that hold none, each to move to lib when it is worked on next. */
export const NO_COMMANDS: readonly string[] = [
  'src/commands/status/text.ts',
  'src/commands/vpn/consent.ts',
  'src/commands/vpn/host.ts',
];
