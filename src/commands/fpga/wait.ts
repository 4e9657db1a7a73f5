import { jsonShape } from '../../lib/core/json-shape.ts';
import { finish } from '../../lib/fpga/finish.ts';
import { imageTable } from '../../lib/fpga/view.ts';
import { NOTIFY } from './build-flags.ts';
import { ID } from './flags.ts';
import { fpgaCommand } from './shared.ts';

export const wait = fpgaCommand({
  path: 'fpga wait',
  summary: 'wait until an image is built, also one that was created on another day',
  details:
    'Asks every minute, for up to six hours. Exit code 0: it can be loaded. 1: it failed, and the error lines of its build log are shown; its tag hybridctl:logs says where its logs are. A wait that ends leaves the build alone.',
  args: ID,
  flags: NOTIFY,
  examples: [
    {
      line: 'hybridctl fpga wait afi-09953582f46c45b17 --cloud aws --region us-east-1 --notify-topic arn:aws:sns:us-east-1:123456789012:fpga',
      why: 'in the morning, after a night without a network',
    },
  ],
  run: async (options, { fpga }, ports) => ({
    result: { image: await finish(ports, options, await fpga(), { id: options.id, globalId: null }, options) },
  }),
  json: jsonShape(1, async () => (await import('./json.ts')).fpgaWait),
  data: (result) => result,
  human: ({ image }, style) => imageTable([image], style),
});
