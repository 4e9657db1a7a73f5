import { basename } from 'node:path';
import type { Outcome } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import { arg, flag, toggle } from '../../lib/core/flags.ts';
import { path } from '../../lib/core/flags/kinds.ts';
import type { FpgaImage, ImageId, ImageRequest } from '../../lib/core/fpga.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { bytes } from '../../lib/domain/amount.ts';
import { build } from '../../lib/fpga/build.ts';
import { checkFile, type FpgaFile } from '../../lib/fpga/check-file.ts';
import { uri } from '../../lib/fpga/choice.ts';
import { checkRoom } from '../../lib/fpga/order.ts';
import { checkBucket } from '../../lib/fpga/place.ts';
import { imageText } from '../../lib/fpga/view.ts';
import { absolute } from '../../lib/site/file.ts';
import { createMeter } from '../../lib/upload/meter.ts';
import { upload as send, type Uploaded } from '../../lib/upload/upload.ts';
import { FLAG } from '../flags.ts';
import { BUILD, buildOf, FAAS_BUILD } from './build-flags.ts';
import { BUCKET, keyOf, objectKey } from './flags.ts';
import { fpgaCommand } from './shared.ts';

interface Result {
  readonly file: FpgaFile;
  /** null: --dry-run. */
  readonly object: (Uploaded & { readonly uri: string }) | null;
  /** null: none was asked for. An image that was not waited for is an id alone. */
  readonly image: FpgaImage | ImageId | null;
  /** What would be done. */
  readonly plan: readonly string[] | null;
}

/** A key that ends with a slash is a folder: the file keeps its name in it. */
const keyFor = (file: string, key: string | undefined): string =>
  key === undefined
    ? keyOf(basename(file), 'file')
    : keyOf(key.endsWith('/') ? `${key}${basename(file)}` : key, '--key');

/** Of FaaS's files each is one maker's. */
const makerOf = ({ kind }: FpgaFile, given: ImageRequest['kind']): ImageRequest['kind'] => {
  const maker = kind === 'gbs' ? 'intel' : kind === 'xilinx-tar' ? 'xilinx' : undefined;
  if (maker !== undefined && given !== undefined && given !== maker)
    throw usageError(`the file is ${maker === 'intel' ? "a .gbs of Intel's" : "a tar of Xilinx's"}`, {
      field: '--fpga-type',
      next: 'leave it out: the file shows it',
    });
  return maker;
};

export const upload = fpgaCommand({
  path: 'fpga upload',
  summary: 'check a design, upload it, and on request create its image',
  details:
    'What the service would refuse half an hour later is refused here: the kind of file (AWS: a DCP tarball; FaaS: a .gbs, or a tar of Xilinx), its manifest and the checksum in it, the bucket and its region. ' +
    'Parts are sent side by side, each with its checksum, and the whole is proven by a checksum of its own. An upload that died is taken up where it was: run the same line again. ' +
    '--create asks for the image, once for the same content; --wait follows it and, where it fails, shows the error lines of its build log. A wait that was interrupted goes on with "fpga wait".',
  args: {
    file: arg(path(), '.Developer_CL.tar, .gbs, or the tar of the packaging script', { required: true }),
  },
  flags: {
    ...BUCKET,
    key: flag(objectKey, "the object's key, or a folder that ends with a slash (default: the file's name)"),
    create: toggle('have the image built'),
    ...BUILD,
    dryRun: FLAG.dryRun,
  },
  faasOnly: FAAS_BUILD,
  // "fpga wait ID" follows one that was asked for before.
  requires: { wait: ['create'], notifyTopic: ['wait'] },
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

  refine(given, { cwd }) {
    const options = buildOf(given, given.create);
    return { ...options, file: absolute(cwd, given.file), key: keyFor(given.file, given.key) };
  },

  async run(options, clouds, ports): Promise<Outcome<Result>> {
    const { bucket, key, logs, create } = options;
    const source = await ports.source(options.file);
    try {
      const file = await checkFile(source, options.cloud);
      const kind = makerOf(file, options.fpgaType);
      const fpga = await clouds.fpga();
      const store = await clouds.store(bucket);
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
      const image = await build(
        ports,
        options,
        { fpga, store },
        { key, kind, source: `${sent.algorithm}:${sent.checksum}:${sent.size}` },
      );
      return { result: { file, object, image, plan: null } };
    } finally {
      await source.close();
    }
  },

  json: jsonShape(1, async () => (await import('./json.ts')).fpgaUpload),
  data: (result) => result,
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
      ...(image === null ? [] : 'state' in image ? ['', imageText(image, style)] : [imageText(image, style)]),
    ].join('\n');
  },
});
