import { defineCommand } from '../../lib/core/define.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { serveLab } from '../../lib/lab/serve.ts';
import { NAME } from './flags.ts';

export const serve = defineCommand({
  path: 'lab serve',
  summary: "the lab's own process: the EC2 endpoint, and the network that its answers describe",
  flags: { name: NAME },
  examples: [],
  hidden: true,
  async run({ name }, ports) {
    await serveLab(ports, name);
    return { result: {} };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).labServe),
  data: (result) => result,
  human: () => '',
});
