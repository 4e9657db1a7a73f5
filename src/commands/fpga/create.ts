import { defineCommand } from '../../lib/core/command.ts';
import { failure, usageError } from '../../lib/core/errors.ts';
import type { FpgaImage, ImageId } from '../../lib/core/fpga.ts';
import { LOGS_TAG, order, orderPatiently } from '../../lib/fpga/order.ts';
import { checkBucket, ensureFolder } from '../../lib/fpga/place.ts';
import { BUILD_FLAGS, buildOf, finish, type BuildOptions } from './build.ts';
import { again, BUCKET, bucketOf, CLOUD_FLAGS, cloudOf, keyOf, optionsOf, uri, type CloudChoice } from './shared.ts';
import { imageTable } from './view.ts';

interface Options extends CloudChoice, BuildOptions {
  readonly bucket: string;
  readonly key: string;
}

interface Result {
  /** An image that was not waited for is an id alone. */
  readonly image: FpgaImage | ImageId;
}

export const create = defineCommand<Options, Result>({
  path: 'fpga create',
  summary: 'have an image built of a design that is in the bucket',
  details:
    'One image for one content: where one of the same object is there or on its way, it is taken. Files that are not in the bucket yet: "fpga upload --create".',
  args: [{ name: '<key>', summary: "the object's key" }],
  flags: [...CLOUD_FLAGS, BUCKET, ...BUILD_FLAGS],
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
  parse(raw, ports) {
    const choice = cloudOf(raw, ports);
    const key = keyOf(String(raw.args[0]), 'KEY');
    const build = buildOf(raw, choice, true);
    const kind = build.request.kind ?? (key.endsWith('.gbs') ? 'intel' : undefined);
    if (choice.cloud === 'aliyun' && kind === undefined)
      throw usageError('is needed', {
        field: '--fpga-type',
        next: 'give intel or xilinx: only of a .gbs the name tells',
      });
    return { ...choice, ...build, request: { ...build.request, kind }, bucket: bucketOf(raw), key };
  },

  async run(options, ports) {
    const { bucket, key, logs } = options;
    const fpga = await ports.fpga(optionsOf(options, ports));
    const store = await ports.objects(bucket, optionsOf(options, ports));
    await checkBucket(store, fpga.region);
    const there = await store.head(key);
    if (there === undefined)
      throw failure(`there is no ${uri(store, key)}`, {
        next: 'hybridctl fpga objects shows the keys; hybridctl fpga upload sends a file',
      });
    if (there.size === 0)
      throw failure(`${uri(store, key)} is empty`, { next: 'send the file again with hybridctl fpga upload' });
    await ensureFolder(store, logs);
    const source =
      there.checksum === undefined
        ? `object:${there.size}:${there.modifiedAt}`
        : `${store.checksum}:${there.checksum.toString(16).padStart(store.checksum === 'crc32' ? 8 : 16, '0')}:${there.size}`;
    const request = {
      ...options.request,
      bucket,
      key,
      logs,
      tags: { ...options.request.tags, [LOGS_TAG]: uri(store, logs) },
      source,
    };
    const ordered = await (options.wait ? orderPatiently(fpga, request, ports) : order(fpga, request));
    if (ordered.found !== undefined) ports.progress(`${ordered.id} of the same content is ${ordered.found.state}`);
    else if (!options.wait) ports.progress(`asked for; ${again(options, `wait ${ordered.id}`)} follows it`);
    if (options.wait)
      return {
        result: {
          image: await finish(ports, options, fpga, ordered, {
            topic: options.topic,
            place: { bucket, folder: logs },
            isNew: true,
          }),
        },
      };
    return { result: { image: ordered.found ?? { id: ordered.id, globalId: ordered.globalId } } };
  },
  human: ({ image }, style) =>
    'state' in image
      ? imageTable([image], style)
      : `image ${image.id}${image.globalId === null ? '' : ` (${image.globalId})`}`,
});
