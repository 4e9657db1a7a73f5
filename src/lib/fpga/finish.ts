import { failure } from '../core/errors.ts';
import type { FpgaCloud, FpgaImage, ImageId } from '../core/fpga.ts';
import type { Ports } from '../core/ports.ts';
import { explain } from '../domain/fpga/explain.ts';
import { buildLog } from './build-log.ts';
import { again, optionsOf, uri, type CloudChoice } from './choice.ts';
import { follow } from './follow.ts';
import { LOGS_TAG } from './order.ts';

/** What an image was ordered with, where its tags tell. */
const logsOf = ({ tags }: FpgaImage): { readonly bucket: string; readonly folder: string } | undefined => {
  const [, bucket, folder] = /^[a-z0-9]+:\/\/([^/]+)\/(.+)$/.exec(tags[LOGS_TAG] ?? '') ?? [];
  return bucket === undefined || folder === undefined ? undefined : { bucket, folder };
};

export interface Watched {
  /** SNS topic that gets a message at the end. */
  readonly notifyTopic: string | undefined;
  /** Where its log will be; absent: its tags tell. */
  readonly place?: { readonly bucket: string; readonly folder: string };
  /** It was asked for a moment ago: that nobody knows it yet means nothing. */
  readonly isNew?: boolean;
}

/**
 * Waits for the end of a build and sends a message to the topic.
 * @throws failure where the build failed, with the error lines of its log.
 */
export const finish = async (
  ports: Ports,
  choice: CloudChoice,
  fpga: FpgaCloud,
  { id }: ImageId,
  { notifyTopic: topic, place, isNew }: Watched,
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

/** A log that can't be read changes nothing: the build failed, and that is what is reported. */
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
      lines: [`${uri(store, log.key)}:`, ...(log.errors.length === 0 ? ['it has no line with an error'] : log.errors)],
      whole: `fix the design; the whole log: ${again(choice, `get ${log.key} --bucket ${bucket}`)}`,
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
    ports.progress(`warning: no message could be sent to ${topic}: ${(error as Error).message}`);
  }
};
