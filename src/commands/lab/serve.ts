import { defineCommand } from '../../lib/core/command.ts';
import { serveLab } from '../../lib/lab/serve.ts';
import { labName, NAME } from './flags.ts';

export const serve = defineCommand<{ lab: string }, Record<string, never>>({
  path: 'lab serve',
  summary: "the lab's own process: the EC2 endpoint and what makes its answers true",
  flags: [NAME],
  examples: [],
  hidden: true,
  parse: (raw) => ({ lab: labName(raw) }),
  async run({ lab }, ports) {
    await serveLab(ports, lab);
    return { result: {} };
  },
  human: () => '',
});
