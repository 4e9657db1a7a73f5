import { jsonShape } from '../../lib/core/json-shape.ts';
import { bytes } from '../../lib/domain/amount.ts';
import { BUCKET, PREFIX } from './flags.ts';
import { fpgaCommand } from './shared.ts';

export const objects = fpgaCommand({
  path: 'fpga objects',
  summary: 'list the designs and build logs in the bucket',
  flags: { ...BUCKET, ...PREFIX },
  examples: [
    {
      line: 'hybridctl fpga objects --cloud aws --region us-east-1 --bucket dcp --prefix logs/ | grep vivado',
      why: 'the log of a build that failed',
    },
  ],
  async run({ bucket, prefix = '' }, { store }) {
    const found = await (await store(bucket)).list(prefix);
    return {
      result: {
        objects: found.map(({ key, size, modifiedAt }) => ({
          key,
          size,
          modifiedAt: new Date(modifiedAt).toISOString(),
        })),
      },
    };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).fpgaObjects),
  data: (result) => result,
  human: ({ objects: found }, style) =>
    found.length === 0
      ? 'no objects'
      : style.table(
          ['key', 'size', 'changed'],
          found.map(({ key, size, modifiedAt }) => [key, bytes(size), modifiedAt]),
        ),
});
