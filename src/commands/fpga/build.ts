import { list, text, type Flag, type Raw } from '../../lib/core/command.ts';
import { failure, usageError } from '../../lib/core/errors.ts';
import type { FpgaCloud, FpgaImage, ImageId, ImageRequest } from '../../lib/core/fpga.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { explain } from '../../lib/domain/fpga/explain.ts';
import { buildLog } from '../../lib/fpga/build-log.ts';
import { follow } from '../../lib/fpga/follow.ts';
import { LOGS_TAG } from '../../lib/fpga/order.ts';
import { again, folderOf, optionsOf, uri, type CloudChoice } from './shared.ts';

/** FaaS writes its logs there and nowhere else (faascmd: "a folder named compiling_logs"). */
const FAAS_LOGS = 'compiling_logs/';

export const WAIT_FLAGS: readonly Flag[] = [
  { flags: '--notify-topic <arn>', summary: 'SNS topic that is told how the build ended' },
];

export const BUILD_FLAGS: readonly Flag[] = [
  {
    flags: '--logs <folder>',
    summary: 'folder of the bucket for the build logs (default: logs/; FaaS: compiling_logs/)',
  },
  { flags: '--name <text>', summary: 'name of the image' },
  { flags: '--description <text>', summary: 'its description' },
  { flags: '--tag <key=value...>', summary: 'tags of the image' },
  {
    flags: '--fpga-type <maker>',
    summary: 'FaaS: maker of the board (default: by the file)',
    choices: ['intel', 'xilinx'],
  },
  { flags: '--shell <version>', summary: 'FaaS: shell version of the board' },
  { flags: '--kms-key <id>', summary: 'FaaS: encrypt the image by this KMS key' },
  { flags: '--email <address>', summary: 'FaaS: mail address that is told how the build ended' },
  { flags: '--wait', summary: 'wait until the image is built: asked every minute, for up to six hours' },
  ...WAIT_FLAGS,
];

export interface BuildOptions {
  readonly logs: string;
  readonly request: Pick<ImageRequest, 'name' | 'description' | 'tags' | 'kind' | 'shell' | 'kmsKey' | 'email'>;
  readonly wait: boolean;
  readonly topic: string | undefined;
}

const TOPIC = /^arn:aws(-cn|-us-gov)?:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]{1,256}$/;
const TAG = /^([A-Za-z0-9 _.:/=+@-]{1,127}?)=([A-Za-z0-9 _.:/=+@-]{0,255})$/;
const PLAIN = /^[\x20-\x7e]{1,255}$/;

export const topicOf = (raw: Raw): string | undefined => {
  const topic = text(raw, 'notifyTopic');
  if (topic !== undefined && !TOPIC.test(topic))
    throw usageError(`${topic.slice(0, 80)} is no topic's ARN`, {
      field: '--notify-topic',
      next: 'one like arn:aws:sns:us-east-1:123456789012:fpga',
    });
  return topic;
};

const plain = (raw: Raw, name: string, field = `--${name}`): string | undefined => {
  const value = text(raw, name);
  if (value !== undefined && !PLAIN.test(value))
    throw usageError('must be 1 to 255 printable ASCII characters', { field });
  return value;
};

/** @param ordered an image is asked for, so all that the service wants to know must be there. */
export const buildOf = (raw: Raw, { cloud }: CloudChoice, ordered: boolean): BuildOptions => {
  const tags = list(raw, 'tag').map((pair) => {
    const [, key, value] = TAG.exec(pair) ?? [];
    if (key === undefined || value === undefined || /^(aws|hybridctl):/i.test(key))
      throw usageError(`${pair.slice(0, 80)}: write KEY=VALUE`, { field: '--tag' });
    return [key, value] as const;
  });
  const faas = (['fpgaType', 'shell', 'kmsKey', 'email'] as const).find(
    (name) => cloud === 'aws' && text(raw, name) !== undefined,
  );
  if (faas !== undefined)
    throw usageError('is for FaaS', {
      field: `--${faas.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      next: 'leave it out with --cloud aws',
    });
  if (cloud === 'aliyun' && text(raw, 'logs') !== undefined)
    throw usageError(`FaaS writes its logs to ${FAAS_LOGS}`, { field: '--logs', next: 'leave it out' });
  if (cloud === 'aliyun' && ordered && text(raw, 'shell') === undefined)
    throw usageError('is needed', {
      field: '--shell',
      next: 'give the shell version of the board: "hybridctl fpga instances" shows it',
    });
  const maker = text(raw, 'fpgaType');
  return {
    logs: folderOf(raw, 'logs', cloud === 'aliyun' ? FAAS_LOGS : 'logs/'),
    request: {
      name: plain(raw, 'name'),
      description: plain(raw, 'description'),
      tags: Object.fromEntries(tags),
      kind: maker === 'intel' || maker === 'xilinx' ? maker : undefined,
      shell: plain(raw, 'shell'),
      kmsKey: plain(raw, 'kmsKey', '--kms-key'),
      email: plain(raw, 'email'),
    },
    wait: raw.flags['wait'] === true,
    topic: topicOf(raw),
  };
};

/** What an image was ordered with, where its tags tell. */
export const logsOf = ({ tags }: FpgaImage): { readonly bucket: string; readonly folder: string } | undefined => {
  const [, bucket, folder] = /^[a-z0-9]+:\/\/([^/]+)\/(.+)$/.exec(tags[LOGS_TAG] ?? '') ?? [];
  return bucket === undefined || folder === undefined ? undefined : { bucket, folder };
};

export interface Watched {
  readonly topic: string | undefined;
  /** Where its log will be; absent: its tags tell. */
  readonly place?: { readonly bucket: string; readonly folder: string };
  /** It was asked for a moment ago: that nobody knows it yet means nothing. */
  readonly isNew?: boolean;
}

/** Waits for the end of a build, tells the topic, and where it failed says why, in the log's own words. */
export const finish = async (
  ports: Ports,
  choice: CloudChoice,
  fpga: FpgaCloud,
  { id }: ImageId,
  { topic, place, isNew }: Watched,
): Promise<FpgaImage> => {
  const image = await follow(id, { fpga, clock: ports.clock, signal: ports.signal, progress: ports.progress, isNew });
  const why =
    image.failure === null
      ? ''
      : [image.failure.code === image.state ? '' : image.failure.code, image.failure.message]
          .map((words) => (words === '' ? '' : `: ${words}`))
          .join('');
  if (topic !== undefined) await notify(ports, choice, topic, image, `FPGA image ${id} is ${image.state}${why}`);
  if (image.state === 'available') return image;
  const at = place ?? logsOf(image);
  const { lines, whole } =
    at === undefined ? { lines: [], whole: undefined } : await logLines(ports, choice, at, image);
  // FaaS has no codes of its own for builds: its log is all there is.
  const next =
    choice.cloud === 'aliyun' && whole !== undefined
      ? whole
      : image.failure !== null && explain(image.failure.code).length > 0
        ? undefined
        : again(choice, `describe ${id}`);
  throw failure(`the image ${id} ${image.state === 'failed' ? 'failed' : `is ${image.state}`}${why}`, {
    ...(image.failure === null ? {} : { code: image.failure.code }),
    more: lines,
    ...(next === undefined ? {} : { next }),
  });
};

/** The log is help, not the matter: what can't be read is told, and the failure stays the failure. */
const logLines = async (
  ports: Ports,
  choice: CloudChoice,
  { bucket, folder }: { readonly bucket: string; readonly folder: string },
  image: FpgaImage,
): Promise<{ readonly lines: readonly string[]; readonly whole?: string }> => {
  try {
    const store = await ports.objects(bucket, optionsOf(choice, ports));
    const log = await buildLog(store, folder, image);
    if (log === undefined) return { lines: [`no log of it in ${uri(store, folder)}`] };
    return {
      lines: [
        `${uri(store, log.key)}:`,
        ...(log.errors.length === 0 ? ['no line of it speaks of an error'] : log.errors),
      ],
      whole: `mend the design; the whole log: ${again(choice, `get ${log.key} --bucket ${bucket}`)}`,
    };
  } catch (error) {
    return { lines: [`its log can't be read: ${(error as Error).message}`] };
  }
};

const notify = async (
  ports: Ports,
  { profile, region }: CloudChoice,
  topic: string,
  { id, updatedAt }: FpgaImage,
  sentence: string,
): Promise<void> => {
  try {
    const notifier = await (await ports.outlets()).notifier({ region: topic.split(':')[3] ?? region ?? '', profile });
    await notifier.send(
      { topic },
      { id: `fpga-${id}-${updatedAt ?? ''}`.replace(/[^A-Za-z0-9-]/g, '-'), subject: sentence, text: `${sentence}\n` },
      ports.signal,
    );
  } catch (error) {
    ports.progress(`warning: ${topic} was not told: ${(error as Error).message}`);
  }
};
