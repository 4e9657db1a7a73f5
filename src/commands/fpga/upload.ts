import { defineCommand, flag, FLAG, text } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { FpgaImage, ImageId, ImageRequest } from '../../lib/core/fpga.ts';
import { checkFile, type FpgaFile } from '../../lib/fpga/check-file.ts';
import { checkRoom, LOGS_TAG, order, orderPatiently } from '../../lib/fpga/order.ts';
import { checkBucket, ensureFolder } from '../../lib/fpga/place.ts';
import { absolute } from '../../lib/site/file.ts';
import { bytes } from '../../lib/domain/amount.ts';
import { createMeter } from '../../lib/upload/meter.ts';
import { upload as send, type Uploaded } from '../../lib/upload/upload.ts';
import { BUILD_FLAGS, buildOf, finish, type BuildOptions } from './build.ts';
import { again, BUCKET, bucketOf, CLOUD_FLAGS, cloudOf, keyFor, optionsOf, uri, type CloudChoice } from './shared.ts';
import { imageTable } from './view.ts';

interface Options extends CloudChoice, BuildOptions {
  readonly file: string;
  readonly bucket: string;
  readonly key: string;
  readonly create: boolean;
  readonly dryRun: boolean;
}

interface Result {
  readonly file: FpgaFile;
  /** null: --dry-run. */
  readonly object: (Uploaded & { readonly uri: string }) | null;
  /** null: none was asked for. An image that was not waited for is an id alone. */
  readonly image: FpgaImage | ImageId | null;
  /** What would be done. */
  readonly plan: readonly string[] | null;
}

const say = (image: FpgaImage | ImageId): string =>
  `image ${image.id}${image.globalId === null ? '' : ` (${image.globalId})`}`;

/** Of FaaS's files each is one maker's. */
const makerOf = ({ kind }: FpgaFile, given: ImageRequest['kind']): ImageRequest['kind'] => {
  const maker = kind === 'gbs' ? 'intel' : kind === 'xilinx-tar' ? 'xilinx' : undefined;
  if (maker !== undefined && given !== undefined && given !== maker)
    throw usageError(`the file is ${maker === 'intel' ? "a .gbs of Intel's" : "a tar of Xilinx's"}`, {
      field: '--fpga-type',
      next: 'leave it out: the file tells',
    });
  return maker;
};

export const upload = defineCommand<Options, Result>({
  path: 'fpga upload',
  summary: 'check a design, send it to the bucket, and on request have its image built',
  details:
    'What the service would refuse half an hour later is refused here: the kind of file (AWS: a DCP tarball; FaaS: a .gbs, or a tar of Xilinx), its manifest and the checksum in it, the bucket and its region. ' +
    'Parts are sent side by side, each with its checksum, and the whole is proven by a checksum of its own. An upload that died is taken up where it was: run the same line again. ' +
    '--create asks for the image, once for the same content; --wait follows it and, where it fails, shows the error lines of its build log. A wait that was interrupted goes on with "fpga wait".',
  args: [{ name: '<file>', summary: '.Developer_CL.tar, .gbs, or the tar of the packaging script' }],
  flags: [
    ...CLOUD_FLAGS,
    BUCKET,
    {
      flags: '--key <key>',
      summary: "the object's key, or a folder that ends with a slash (default: the file's name)",
    },
    { flags: '--create', summary: 'have the image built' },
    ...BUILD_FLAGS,
    FLAG.dryRun,
  ],
  examples: [
    {
      line: 'hybridctl fpga upload 24_11_20-101500.Developer_CL.tar --cloud aws --region us-east-1 --bucket dcp --key dcp/ --create --name filter --wait',
      why: 'from the build to an image that loads',
    },
    {
      line: 'hybridctl fpga upload 24_11_20-101500.Developer_CL.tar --cloud aws --region us-east-1 --bucket dcp --dry-run',
      why: 'every check, and nothing sent',
    },
    {
      line: 'hybridctl fpga upload filter.gbs --cloud aliyun --region cn-hangzhou --bucket fpga-builds --create --shell V1.1 --wait',
      why: 'the same on FaaS',
    },
  ],

  parse(raw, ports) {
    const choice = cloudOf(raw, ports);
    const create = flag(raw, 'create');
    const build = buildOf(raw, choice, create);
    if (build.wait && !create)
      throw usageError('waits for an image, and none is asked for', {
        field: '--wait',
        next: 'add --create, or use "hybridctl fpga wait ID"',
      });
    const file = String(raw.args[0]);
    return {
      ...choice,
      ...build,
      file: absolute(ports.cwd, file),
      bucket: bucketOf(raw),
      key: keyFor(file, text(raw, 'key')),
      create,
      dryRun: flag(raw, 'dryRun'),
    };
  },

  async run(options, ports) {
    const { bucket, key, logs, create } = options;
    const source = await ports.source(options.file);
    try {
      const file = await checkFile(source, options.cloud);
      const kind = makerOf(file, options.request.kind);
      const fpga = await ports.fpga(optionsOf(options, ports));
      const store = await ports.objects(bucket, optionsOf(options, ports));
      await checkBucket(store, fpga.region);
      // Before a gigabyte is sent for an image that may not be made.
      if (create) await checkRoom(fpga, file.size);
      if (create) await fpga.rehearse?.({ bucket, key, logs });
      if (options.dryRun) {
        const plan = [
          `send ${bytes(file.size)} to ${uri(store, key)}`,
          ...(create ? [`have the image built, its logs in ${uri(store, logs)}`] : []),
          ...(options.wait ? ['wait until it is built'] : []),
        ];
        return { result: { file, object: null, image: null, plan } };
      }
      const meter = createMeter({ now: () => ports.clock.now(), line: ports.progress, live: ports.live });
      const sent = await send({ store, source, key, signal: ports.signal, onProgress: meter, say: ports.progress });
      const object = { ...sent, uri: uri(store, key) };
      if (!create) return { result: { file, object, image: null, plan: null } };
      if (await ensureFolder(store, logs)) ports.progress(`made ${uri(store, logs)}`);
      const request = {
        ...options.request,
        kind,
        bucket,
        key,
        logs,
        tags: { ...options.request.tags, [LOGS_TAG]: uri(store, logs) },
        source: `${sent.algorithm}:${sent.checksum}:${sent.size}`,
      };
      const ordered = await (options.wait ? orderPatiently(fpga, request, ports) : order(fpga, request));
      ports.progress(
        ordered.found === undefined
          ? `asked for ${say(ordered)}${options.wait ? '' : `; ${again(options, `wait ${ordered.id}`)} follows it`}`
          : `${say(ordered)} of the same content is ${ordered.found.state}`,
      );
      const image = options.wait
        ? await finish(ports, options, fpga, ordered, {
            topic: options.topic,
            place: { bucket, folder: logs },
            isNew: true,
          })
        : (ordered.found ?? { id: ordered.id, globalId: ordered.globalId });
      return { result: { file, object, image, plan: null } };
    } finally {
      await source.close();
    }
  },

  human({ object, image, plan, file }, style) {
    if (plan !== null)
      return [
        `${file.kind}, ${bytes(file.size)}${file.shell === null ? '' : `, shell ${file.shell}`}: in order`,
        ...plan.map((step) => `would ${step}`),
      ].join('\n');
    const there =
      object === null
        ? []
        : [
            `${object.uri} ${bytes(object.size)}, ${object.algorithm} ${object.checksum}${object.sent === object.size ? '' : `; ${bytes(object.sent)} sent, the rest was there`}`,
          ];
    return [
      ...there,
      ...(image === null ? [] : 'state' in image ? ['', imageTable([image], style)] : [say(image)]),
    ].join('\n');
  },
});
