import { basename } from 'node:path';
import { defineCommand, flag, text } from '../../lib/core/command.ts';
import { failure, usageError } from '../../lib/core/errors.ts';
import { bytes } from '../../lib/domain/amount.ts';
import { absolute } from '../../lib/site/file.ts';
import { BUCKET, bucketOf, CLOUD_FLAGS, cloudOf, keyOf, optionsOf, uri, type CloudChoice } from './shared.ts';

interface Options extends CloudChoice {
  readonly bucket: string;
  readonly key: string;
  readonly file: string;
  readonly force: boolean;
}

interface Result {
  readonly uri: string;
  readonly file: string;
  readonly size: number;
}

export const get = defineCommand<Options, Result>({
  path: 'fpga get',
  summary: 'fetch an object of the bucket: a build log, a design',
  details: 'The file appears whole or not at all.',
  args: [{ name: '<key>', summary: "the object's key" }],
  flags: [
    ...CLOUD_FLAGS,
    BUCKET,
    { flags: '-o, --output <file>', summary: "where to (default: the key's last part, here)" },
    { flags: '--force', summary: 'write over a file that is there' },
  ],
  examples: [
    {
      line: 'hybridctl fpga get logs/afi-09953582f46c45b17/2026-11-28_vivado.log --cloud aws --region us-east-1 --bucket dcp -o vivado.log',
      why: "Vivado's own words",
    },
  ],
  parse(raw, ports) {
    const key = keyOf(String(raw.args[0]), 'KEY');
    if (key.endsWith('/'))
      throw usageError('is a folder', { field: 'KEY', next: 'hybridctl fpga objects shows what is in it' });
    return {
      ...cloudOf(raw, ports),
      bucket: bucketOf(raw),
      key,
      file: absolute(ports.cwd, text(raw, 'output') ?? basename(key)),
      force: flag(raw, 'force'),
    };
  },
  async run({ bucket, key, file, force, ...choice }, ports) {
    if (!force && (await ports.files.stat(file)) !== undefined)
      throw usageError(`${file} is there already`, { field: '--output', next: 'name another file, or give --force' });
    const store = await ports.objects(bucket, optionsOf(choice, ports));
    const there = await store.head(key);
    if (there === undefined)
      throw failure(`there is no ${uri(store, key)}`, { next: 'hybridctl fpga objects shows the keys' });
    const size = await ports.save(file, await store.get(key));
    if (size !== there.size)
      throw failure(`${file} has ${size} bytes, the object ${there.size}: it was replaced meanwhile`, {
        next: 'run it again with --force',
      });
    return { result: { uri: uri(store, key), file, size } };
  },
  human: ({ uri: from, file, size }) => `${file}: ${bytes(size)} of ${from}`,
});
