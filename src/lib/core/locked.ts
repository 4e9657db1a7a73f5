import type { Ports } from './ports.ts';

/** Does `work` while nobody else may do theirs on these files. The locks are given back whatever comes. */
export const locked = async <T>(
  ports: Pick<Ports, 'lock'>,
  paths: readonly string[],
  what: string,
  work: () => Promise<T>,
): Promise<T> => {
  const held: (() => Promise<void>)[] = [];
  try {
    for (const path of paths) held.push(await ports.lock(path, what));
    return await work();
  } finally {
    for (const giveBack of held.reverse()) await giveBack();
  }
};
