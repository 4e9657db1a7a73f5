import { jsonShape } from '../../lib/core/json-shape.ts';
import { FLAG } from '../flags.ts';
import { ID } from './flags.ts';
import { fpgaCommand, onceAgreed } from './shared.ts';

export const remove = fpgaCommand({
  path: 'fpga delete',
  summary: 'delete an FPGA image for good',
  details: 'Boards that have it loaded keep it until they are cleared. The file in the bucket stays.',
  args: ID,
  flags: { dryRun: FLAG.dryRun, yes: FLAG.yes },
  examples: [
    { line: 'hybridctl fpga delete afi-09953582f46c45b17 --cloud aws --region us-east-1 --yes', why: 'make room' },
  ],
  async run(options, { fpga }, ports) {
    const { id } = options;
    const cloud = await fpga();
    const deleted = await onceAgreed(
      ports,
      options,
      cloud,
      (image) => `Delete ${image}?`,
      () => cloud.remove(id),
    );
    return { result: { id, deleted } };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).fpgaDelete),
  data: (result) => result,
  human: ({ id, deleted }) => (deleted ? `${id} deleted` : `would delete ${id}`),
});
