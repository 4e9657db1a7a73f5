import { defineCommand } from '../../lib/core/define.ts';
import { usageError, type ExitCode } from '../../lib/core/errors.ts';
import { arg } from '../../lib/core/flags.ts';
import { anything, text } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { environmentOf } from '../../lib/lab/environment.ts';
import { labPorts } from '../../lib/lab/guest/shell.ts';
import { inside } from '../../lib/lab/run.ts';
import { openLab } from '../../lib/lab/state.ts';
import { requireTools } from '../../lib/lab/tools.ts';
import { nodeNamed } from '../../lib/lab/topology.ts';
import { NAME } from './flags.ts';

export const exec = defineCommand({
  path: 'lab exec',
  summary: 'run a program on a node of the lab',
  details:
    "The program gets the lab's endpoint in AWS_ENDPOINT_URL, made-up credentials, the region and HYBRIDCTL_SITE, so hybridctl, the AWS CLI and any SDK reach " +
    "the lab's cloud; on a gateway or router HYBRIDCTL_VICI_URI names its charon. Its exit code is ours, and it gets the signals that we get.",
  args: {
    node: arg(text({ placeholder: 'node', like: 'app-1' }), 'name of the node, as in lab status', { required: true }),
    command: arg(anything(), 'program and arguments, after --', { required: true, many: true }),
  },
  flags: { name: NAME },
  examples: [
    {
      line: 'sudo hybridctl lab exec app-1 -- ping -c 3 10.10.3.100',
      why: 'a packet from the first app host to the on-prem host',
    },
    { line: 'sudo hybridctl lab exec mon-1 -- hybridctl route status', why: 'what the monitor of the first zone sees' },
    { line: 'sudo hybridctl lab exec gw-1 -- hybridctl vpn status', why: "the gateway's tunnels, from its own charon" },
  ],
  passThrough: true,

  refine({ name: lab, node, command: words }) {
    const [file, ...args] = words[0] === '--' ? words.slice(1) : words;
    if (file === undefined)
      throw usageError('which program?', {
        field: 'command',
        next: 'write it after --, like: lab exec app-1 -- ping -c 1 10.10.3.100',
      });
    return { lab, node, command: [file, ...args] as const };
  },

  async run({ lab, node, command }, ports) {
    await requireTools(ports);
    const { record, topology } = await openLab(ports.files, lab);
    const found = nodeNamed(topology, node);
    const { exitCode } = await labPorts(ports, record).shell.run('ip', inside(found.netns, command), {
      inherit: true,
      signal: ports.signal,
      env: environmentOf(record, found, ports.env['PATH']),
    });
    // The program's own exit code, whatever it means.
    return { result: { exitCode }, exit: exitCode as ExitCode };
  },

  json: jsonShape(1, async () => (await import('./json.ts')).labExec),
  data: (result) => result,
  human: () => '',
});
