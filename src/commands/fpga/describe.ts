import { jsonShape } from '../../lib/core/json-shape.ts';
import { imageNamed } from '../../lib/fpga/follow.ts';
import { imageTable } from '../../lib/fpga/view.ts';
import { ID } from './flags.ts';
import { fpgaCommand } from './shared.ts';

export const describe = fpgaCommand({
  path: 'fpga describe',
  summary: 'show one FPGA image, and who may load it',
  args: ID,
  examples: [
    {
      line: 'hybridctl fpga describe afi-09953582f46c45b17 --cloud aws --region us-east-1 --json',
      why: 'all that is known of it',
    },
  ],
  async run({ id }, { fpga }) {
    const cloud = await fpga();
    const image = await imageNamed(cloud, id);
    // null: not ours, or the cloud has no such thing.
    return { result: { image, sharing: (await cloud.sharing?.get(id)) ?? null } };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).fpgaDescribe),
  data: (result) => result,
  human: ({ image, sharing }, style) =>
    [
      imageTable([image], style),
      '',
      ...(image.description === null ? [] : [image.description]),
      ...(image.failure === null ? [] : [style.bad(`${image.failure.code}: ${image.failure.message}`)]),
      ...Object.entries(image.tags).map(([key, value]) => `${key} = ${value}`),
      ...(sharing === null
        ? []
        : [
            `may be loaded by: ${[image.owner ?? 'its owner', ...sharing.accounts, ...(sharing.everybody ? ['everybody'] : [])].join(', ')}`,
            ...(sharing.productCodes.length === 0 ? [] : [`product codes: ${sharing.productCodes.join(', ')}`]),
          ]),
    ].join('\n'),
});
