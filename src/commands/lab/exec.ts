import { defineCommand } from '../../lib/core/command.ts';
import { usageError, type ExitCode } from '../../lib/core/errors.ts';
import { environmentOf } from '../../lib/lab/environment.ts';
import { inside } from '../../lib/lab/run.ts';
import { openLab } from '../../lib/lab/state.ts';
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
    {
      line: 'sudo hybridctl lab exec app-1 -- ping -c 3 10.10.3.100',
      why: 'a packet from the first app host to the on-prem host',
    },
    { line: 'sudo hybridctl lab exec mon-1 -- hybridctl route status', why: 'what the monitor of the first zone sees' },
    { line: 'sudo hybridctl lab exec gw-1 -- hybridctl vpn status', why: "the gateway's tunnels, from its own charon" },
  ],
  passThrough: true,

  parse(raw) {
    const [node, words] = raw.args as [string, readonly string[]];
    const [file, ...args] = words[0] === '--' ? words.slice(1) : words;
    if (file === undefined)
      throw usageError('which program?', {
        field: 'command',
        next: 'write it after --, like: lab exec app-1 -- ping -c 1 10.10.3.100',
      });
    return { lab: labName(raw), node, command: [file, ...args] };
  },

  async run({ lab, node, command }, ports) {
    await requireTools(ports);
    const { record, topology } = await openLab(ports.files, lab);
    const found = nodeNamed(topology, node);
    const { exitCode } = await ports.shell.run('ip', inside(found.netns, command), {
      inherit: true,
      env: environmentOf(record, found, ports.env['PATH']),
    });
    // The program's own exit code, whatever it means.
    return { result: { exitCode }, exit: exitCode as ExitCode };
  },

  human: () => '',
});
