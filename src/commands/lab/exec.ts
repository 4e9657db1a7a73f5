import { defineCommand } from '../../lib/core/command.ts';
import { usageError, type ExitCode } from '../../lib/core/errors.ts';
import { inside } from '../../lib/lab/run.ts';
import { openLab, paths } from '../../lib/lab/state.ts';
import { requireTools } from '../../lib/lab/tools.ts';
import { nodeNamed } from '../../lib/lab/topology.ts';
import { labName, NAME } from './flags.ts';

interface Options {
  readonly lab: string;
  readonly node: string;
  readonly command: readonly [string, ...string[]];
}

export const exec = defineCommand<Options, { exitCode: number }>({
  path: 'lab exec',
  summary: 'run a program on a node of the lab',
  details:
    "The program gets the lab's endpoint in AWS_ENDPOINT_URL, made-up credentials, the region and HYBRIDCTL_SITE, so hybridctl, the AWS CLI and any SDK reach " +
    "the lab's cloud; on a gateway or router HYBRIDCTL_VICI_URI names its charon. Its exit code is ours.",
  args: [
    { name: '<node>', summary: 'name of the node, as in lab status' },
    { name: '<command...>', summary: 'program and arguments, after --' },
  ],
  flags: [NAME],
  examples: [
    { line: 'sudo hybridctl lab exec app-1 -- ping -c 3 10.10.3.100', why: 'a packet from the first app host to the on-prem host' },
    { line: 'sudo hybridctl lab exec mon-1 -- hybridctl route status', why: 'what the monitor of the first zone sees' },
    { line: 'sudo hybridctl lab exec gw-1 -- hybridctl vpn status', why: "the gateway's tunnels, from its own charon" },
  ],
  passThrough: true,

  parse(raw) {
    const [node, words] = raw.args as [string, readonly string[]];
    const [file, ...args] = words[0] === '--' ? words.slice(1) : words;
    if (file === undefined) throw usageError('which program?', { field: 'command', next: 'write it after --, like: lab exec app-1 -- ping -c 1 10.10.3.100' });
    return { lab: labName(raw), node, command: [file, ...args] };
  },

  async run({ lab, node, command }, ports) {
    await requireTools(ports);
    const { record, topology } = await openLab(ports.files, lab);
    const { netns, runs } = nodeNamed(topology, node);
    const { exitCode } = await ports.shell.run('ip', inside(netns, command), {
      inherit: true,
      env: {
        AWS_ENDPOINT_URL: record.endpoint!,
        AWS_ACCESS_KEY_ID: 'lab',
        AWS_SECRET_ACCESS_KEY: 'lab',
        AWS_REGION: record.site.cloud.region,
        AWS_EC2_METADATA_DISABLED: 'true',
        HYBRIDCTL_SITE: record.sitePath,
        // The lab's own, so that its monitor neither meets the machine's nor leaves anything behind.
        HYBRIDCTL_STATE_DIR: paths(lab).state,
        ...(runs.includes('charon') ? { HYBRIDCTL_VICI_URI: paths(lab).vici(node) } : {}),
        // The same hybridctl inside as outside, also where none is installed.
        PATH: `${paths(lab).bin}:${ports.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin'}`,
      },
    });
    // The program's own exit code, whatever it means.
    return { result: { exitCode }, exit: exitCode as ExitCode };
  },

  human: () => '',
});
