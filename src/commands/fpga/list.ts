import { defineCommand } from '../../lib/core/command.ts';
import type { FpgaImage } from '../../lib/core/fpga.ts';
import { CLOUD_FLAGS, cloudOf, optionsOf, type CloudChoice } from './shared.ts';
import { imageTable } from './view.ts';

interface Images {
  readonly images: readonly FpgaImage[];
}

export const list = defineCommand<CloudChoice, Images>({
  path: 'fpga list',
  summary: 'the FPGA images of the account',
  details: 'The newest first. On FaaS an account keeps ten.',
  flags: CLOUD_FLAGS,
  examples: [
    { line: 'hybridctl fpga list --cloud aws --region us-east-1', why: "the account's own AFIs and how they stand" },
    {
      line: 'hybridctl fpga list --cloud aws --region us-east-1 --json | jq -r ".images[].id"',
      why: 'their ids, for a script',
    },
  ],
  parse: cloudOf,
  async run(choice, ports) {
    const images = await (await ports.fpga(optionsOf(choice, ports))).images();
    return { result: { images: [...images].sort((a, b) => (b.createdAt ?? '').localeCompare(a.createdAt ?? '')) } };
  },
  human: ({ images }, style) => (images.length === 0 ? 'no FPGA images' : imageTable(images, style)),
});
