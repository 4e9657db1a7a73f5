import { basename } from 'node:path';
import { failure, usageError } from '../../lib/core/errors.ts';
import { arg, flag, toggle } from '../../lib/core/flags.ts';
import { path } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { bytes } from '../../lib/domain/amount.ts';
import { uri } from '../../lib/fpga/choice.ts';
import { absolute } from '../../lib/site/file.ts';
import { BUCKET, objectKey } from './flags.ts';
import { fpgaCommand } from './shared.ts';

export const get = fpgaCommand({
  path: 'fpga get',
  summary: 'download an object of the bucket: a build log, a design',
  details: 'The file appears whole or not at all.',
  args: { key: arg(objectKey, "the object's key", { required: true }) },
  flags: {
    ...BUCKET,
    output: flag(path(), "where to (default: the key's last part, here)"),
    force: toggle('overwrite a file that exists'),
  },
  examples: [
    {
      line: 'hybridctl fpga get logs/afi-09953582f46c45b17/2026-11-28_vivado.log --cloud aws --region us-east-1 --bucket dcp --output vivado.log',
      why: "Vivado's own words",
    },
  ],
  async run({ bucket, key, output, force }, { store: open }, ports) {
    if (key.endsWith('/'))
      throw usageError('is a folder', { field: 'key', next: 'hybridctl fpga objects shows what is in it' });
    const file = absolute(ports.cwd, output ?? basename(key));
    if (!force && (await ports.files.stat(file)) !== undefined)
      throw usageError(`${file} is there already`, { field: '--output', next: 'name another file, or add --force' });
    const store = await open(bucket);
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
  json: jsonShape(1, async () => (await import('./json.ts')).fpgaGet),
  data: (result) => result,
  human: ({ uri: from, file, size }) => `${file}: ${bytes(size)} of ${from}`,
});
