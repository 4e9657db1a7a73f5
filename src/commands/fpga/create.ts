import { failure, missingFlag } from '../../lib/core/errors.ts';
import { arg } from '../../lib/core/flags.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { build } from '../../lib/fpga/build.ts';
import { uri } from '../../lib/fpga/choice.ts';
import { checkBucket } from '../../lib/fpga/place.ts';
import { imageText } from '../../lib/fpga/view.ts';
import { BUILD, buildOf, FAAS_BUILD } from './build-flags.ts';
import { BUCKET, objectKey } from './flags.ts';
import { fpgaCommand } from './shared.ts';

export const create = fpgaCommand({
  path: 'fpga create',
  summary: 'create an image from a design that is in the bucket',
  details:
    'One image for one content: where one of the same object is there or on its way, it is taken. Files that are not in the bucket yet: "fpga upload --create".',
  args: { key: arg(objectKey, "the object's key", { required: true }) },
  flags: { ...BUCKET, ...BUILD },
  faasOnly: FAAS_BUILD,
  requires: { notifyTopic: ['wait'] },
  examples: [
    {
      line: 'hybridctl fpga create dcp/24_11_20-101500.Developer_CL.tar --cloud aws --region us-east-1 --bucket dcp --name filter --wait',
      why: 'an image of what is there',
    },
    {
      line: 'hybridctl fpga create filter.tar --cloud aliyun --region cn-hangzhou --bucket fpga-builds --fpga-type xilinx --shell V1.1',
      why: 'the same on FaaS',
    },
  ],
  refine(given) {
    const options = buildOf(given, true);
    const kind = options.fpgaType ?? (options.key.endsWith('.gbs') ? ('intel' as const) : undefined);
    if (options.cloud === 'aliyun' && kind === undefined)
      throw missingFlag('--fpga-type', 'add intel or xilinx: only the name of a .gbs shows it');
    return { ...options, kind };
  },

  async run(options, clouds, ports) {
    const { bucket, key, kind } = options;
    const fpga = await clouds.fpga();
    const store = await clouds.store(bucket);
    await checkBucket(store, fpga.region);
    const there = await store.head(key);
    if (there === undefined)
      throw failure(`there is no ${uri(store, key)}`, {
        next: 'hybridctl fpga objects shows the keys; hybridctl fpga upload sends a file',
      });
    if (there.size === 0)
      throw failure(`${uri(store, key)} is empty`, { next: 'send the file again with hybridctl fpga upload' });
    const source =
      there.checksum === undefined
        ? `object:${there.size}:${there.modifiedAt}`
        : `${store.checksum}:${there.checksum.toString(16).padStart(store.checksum === 'crc32' ? 8 : 16, '0')}:${there.size}`;
    return { result: { image: await build(ports, options, { fpga, store }, { key, kind, source }) } };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).fpgaCreate),
  data: (result) => result,
  human: ({ image }, style) => imageText(image, style),
});
