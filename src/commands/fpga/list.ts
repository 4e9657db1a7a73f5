import { jsonShape } from '../../lib/core/json-shape.ts';
import { imageTable } from '../../lib/fpga/view.ts';
import { fpgaCommand } from './shared.ts';

export const list = fpgaCommand({
  path: 'fpga list',
  summary: 'list the FPGA images of the account',
  details: 'The newest first. On FaaS an account keeps ten.',
  examples: [
    { line: 'hybridctl fpga list --cloud aws --region us-east-1', why: "the account's own AFIs and how they stand" },
    {
      line: 'hybridctl fpga list --cloud aws --region us-east-1 --json | jq -r ".images[].id"',
      why: 'their ids, for a script',
    },
  ],
  async run(_options, { fpga }) {
    const images = await (await fpga()).images();
    return { result: { images: [...images].sort((a, b) => (b.createdAt ?? '').localeCompare(a.createdAt ?? '')) } };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).fpgaList),
  data: (result) => result,
  human: ({ images }, style) => (images.length === 0 ? 'no FPGA images' : imageTable(images, style)),
});
