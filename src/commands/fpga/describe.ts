import { defineCommand } from '../../lib/core/command.ts';
import type { FpgaImage, Sharing } from '../../lib/core/fpga.ts';
import { imageNamed } from '../../lib/fpga/follow.ts';
import { CLOUD_FLAGS, cloudOf, imageIdOf, optionsOf, type CloudChoice } from './shared.ts';
import { imageTable } from './view.ts';

interface Options extends CloudChoice {
  readonly id: string;
}

interface Result {
  readonly image: FpgaImage;
  /** null: not ours, or the cloud has no such thing. */
  readonly sharing: Sharing | null;
}

export const describe = defineCommand<Options, Result>({
  path: 'fpga describe',
  summary: 'one FPGA image, and who may load it',
  args: [{ name: '<id>', summary: 'afi-…, or the image id of FaaS' }],
  flags: CLOUD_FLAGS,
  examples: [
    {
      line: 'hybridctl fpga describe afi-09953582f46c45b17 --cloud aws --region us-east-1 --json',
      why: 'all that is known of it',
    },
  ],
  parse(raw, ports) {
    const choice = cloudOf(raw, ports);
    return { ...choice, id: imageIdOf(raw, choice) };
  },
  async run({ id, ...choice }, ports) {
    const fpga = await ports.fpga(optionsOf(choice, ports));
    const image = await imageNamed(fpga, id);
    return { result: { image, sharing: (await fpga.sharing?.get(id)) ?? null } };
  },
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
