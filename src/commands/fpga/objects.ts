import { defineCommand, text } from '../../lib/core/command.ts';
import { bytes } from '../../lib/domain/amount.ts';
import { BUCKET, bucketOf, CLOUD_FLAGS, cloudOf, keyOf, optionsOf, type CloudChoice } from './shared.ts';

interface Options extends CloudChoice {
  readonly bucket: string;
  readonly prefix: string;
}

interface Result {
  readonly objects: readonly { readonly key: string; readonly size: number; readonly modifiedAt: string }[];
}

export const objects = defineCommand<Options, Result>({
  path: 'fpga objects',
  summary: 'what is in the bucket: designs and build logs',
  flags: [...CLOUD_FLAGS, BUCKET, { flags: '--prefix <text>', summary: 'only keys that begin so' }],
  examples: [
    {
      line: 'hybridctl fpga objects --cloud aws --region us-east-1 --bucket dcp --prefix logs/ | grep vivado',
      why: 'the log of a build that failed',
    },
  ],
  parse(raw, ports) {
    const prefix = text(raw, 'prefix');
    return {
      ...cloudOf(raw, ports),
      bucket: bucketOf(raw),
      prefix: prefix === undefined ? '' : keyOf(prefix, '--prefix'),
    };
  },
  async run({ bucket, prefix, ...choice }, ports) {
    const found = await (await ports.objects(bucket, optionsOf(choice, ports))).list(prefix);
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
  human: ({ objects: found }, style) =>
    found.length === 0
      ? 'no objects'
      : style.table(
          ['key', 'size', 'changed'],
          found.map(({ key, size, modifiedAt }) => [key, bytes(size), modifiedAt]),
        ),
});
