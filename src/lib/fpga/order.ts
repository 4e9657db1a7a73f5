import { createHash } from 'node:crypto';
import { failure, isKind } from '../core/errors.ts';
import type { FpgaCloud, FpgaImage, ImageId, ImageRequest } from '../core/fpga.ts';
import type { Clock } from '../core/ports.ts';

/**
 * The content that the image was built of, `crc32:0a1b2c3d:104857600`: a repeated upload finds the build it asked for.
 */
export const SOURCE_TAG = 'hybridctl:source';
/** Where its logs are, `s3://bucket/logs/`: asked on another day, from another machine. */
export const LOGS_TAG = 'hybridctl:logs';

export interface Order extends Omit<ImageRequest, 'token'> {
  /** As the tag has it. */
  readonly source: string;
}

export interface Ordered extends ImageId {
  /** There already, on its way or done. */
  readonly found: FpgaImage | undefined;
}

/**
 * Asks for the image unless one of the same content, in the same place, is there or on its way. The token follows from
 * the content and from how often it failed before, so that an answer that was lost makes no second image.
 */
export const order = async (fpga: FpgaCloud, { source, ...request }: Order): Promise<Ordered> => {
  const mine = (await fpga.images()).filter(
    ({ tags, name }) => tags[SOURCE_TAG] === source && (request.name === undefined || name === request.name),
  );
  const found = mine.find(({ state }) => state === 'available') ?? mine.find(({ state }) => state === 'pending');
  if (found !== undefined) return { id: found.id, globalId: found.globalId, found };
  const token = createHash('sha256')
    .update(JSON.stringify([request.bucket, request.key, request.name ?? '', source, mine.length]))
    .digest('hex')
    .slice(0, 32);
  return {
    ...(await fpga.create({ ...request, tags: { ...request.tags, [SOURCE_TAG]: source }, token })),
    found: undefined,
  };
};

/**
 * Between two requests for one image: FaaS takes one in half an hour (Alibaba Cloud ECS best practices §8.1.4,
 * FREQUENCY ERROR), and refuses the others without doing anything.
 */
const ASK_MS = 60_000;
/** One more than half an hour has: the service's clock is not ours. */
const MOST_ASKED = 31;

export interface Patience {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  progress(line: string): void;
}

/**
 * `order`, for who waits for the image anyway: where it is too soon after the last one, it is asked for again each
 * minute.
 */
export const orderPatiently = async (
  fpga: FpgaCloud,
  request: Order,
  { clock, signal, progress }: Patience,
): Promise<Ordered> => {
  for (let asked = 1; ; asked += 1) {
    try {
      return await order(fpga, request);
    } catch (error) {
      if (!isKind(error, 'notYet') || asked > MOST_ASKED) throw error;
      if (asked === 1)
        progress('FaaS takes one image in half an hour: asking again each minute until it takes this one');
      await clock.sleep(ASK_MS, signal);
    }
  }
};

/**
 * Throws where the account has as many images as it may have, before a file is sent for nothing. One of the same size
 * may be of the same content, and then none is made.
 */
export const checkRoom = async (fpga: FpgaCloud, size: number): Promise<void> => {
  if (fpga.most === undefined) return;
  const images = await fpga.images();
  if (images.length < fpga.most || images.some(({ tags }) => tags[SOURCE_TAG]?.endsWith(`:${size}`) === true)) return;
  throw failure(`the account has ${images.length} FPGA images, and may have ${fpga.most}`, {
    code: 'IMAGE NUMBER EXCEED',
    call: 'refused',
  });
};
