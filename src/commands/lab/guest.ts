import { defineCommand } from '../../lib/core/define.ts';
import { keepGuest } from '../../lib/lab/guest/keeper.ts';
import { NAME } from './flags.ts';

export const guest = defineCommand({
  path: 'lab guest',
  summary: 'the process that keeps the kernel of a lab whose boxes run in a user-mode Linux',
  flags: { name: NAME },
  examples: [],
  hidden: true,
  async run({ name }, ports) {
    await keepGuest(ports, name);
    return { result: {} };
  },
  human: () => '',
});
