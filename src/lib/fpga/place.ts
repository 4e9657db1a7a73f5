import { usageError } from '../core/errors.ts';
import type { ObjectStore } from '../core/objects.ts';

/**
 * Throws where there is no such bucket, or it is in another region: the image is then refused half an hour later as
 * INACCESSIBLE_INPUT.
 */
export const checkBucket = async (store: ObjectStore, region: string): Promise<void> => {
  const where = await store.region();
  if (where === undefined)
    throw usageError(`there is no bucket ${store.bucket}`, {
      field: '--bucket',
      next: 'make it in the region of the image, or name another',
    });
  if (where !== region)
    throw usageError(`the bucket ${store.bucket} is in ${where}, not in ${region}`, {
      field: '--bucket',
      next: `use --region ${where}, or a bucket in ${region}`,
    });
};

/** The folder for the build's logs, as an empty object whose key ends with a slash. @returns true where it was made. */
export const ensureFolder = async (store: ObjectStore, folder: string): Promise<boolean> => {
  if ((await store.list(folder)).length > 0) return false;
  await store.put(folder, new Uint8Array());
  return true;
};
