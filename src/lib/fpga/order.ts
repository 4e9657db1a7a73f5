import { createHash } from 'node:crypto';
import type { FpgaCloud, FpgaImage, ImageId, ImageRequest } from '../core/fpga.ts';

/** The content that the image was built of, `crc32:0a1b2c3d:104857600`: a repeated upload finds the build it asked for. */
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
  const mine = (await fpga.images()).filter(({ tags, name }) => tags[SOURCE_TAG] === source && (request.name === undefined || name === request.name));
  const found = mine.find(({ state }) => state === 'available') ?? mine.find(({ state }) => state === 'pending');
  if (found !== undefined) return { id: found.id, globalId: found.globalId, found };
  const token = createHash('sha256').update(JSON.stringify([request.bucket, request.key, request.name ?? '', source, mine.length])).digest('hex').slice(0, 32);
  return { ...(await fpga.create({ ...request, tags: { ...request.tags, [SOURCE_TAG]: source }, token })), found: undefined };
};
