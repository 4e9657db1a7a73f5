const cleaners: (() => unknown)[] = [];

/**
 * A helper's own clean-up after each test of every file that uses it. Vitest's afterEach would do it for one file alone:
 * a worker loads a helper once for all its files.
 */
export const afterEachTest = (clean: () => unknown): void => void cleaners.push(clean);

export const cleanUp = async (): Promise<void> => {
  // Last come, first gone: a helper that uses another one is loaded after it.
  for (const clean of cleaners.toReversed()) await clean();
};
