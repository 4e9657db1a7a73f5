import { link, rename, rm } from 'node:fs/promises';

/**
 * Takes a dead lock away. Moved aside first: of two that find the same dead lock only one gets it, and one that was
 * renewed meanwhile is put back.
 * @param nameIn whose the lock at a path is
 */
export const breakLock = async (
  lock: string,
  dead: string,
  nameIn: (path: string) => Promise<string | undefined>,
): Promise<void> => {
  const aside = `${lock}.${crypto.randomUUID()}`;
  try {
    await rename(lock, aside);
  } catch {
    return;
  }
  if ((await nameIn(aside)) !== dead) await link(aside, lock).catch(() => undefined);
  await rm(aside, { force: true });
};
