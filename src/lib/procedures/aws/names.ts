import { isOurs } from '../../domain/tags.ts';
import { failure, HybridError } from '../../core/errors.ts';

/** Where a thing has no tags to be found by, its name is what we find it by: `hybridctl-office-gateways`. */
export const nameOf = (site: string, what: string): string => `hybridctl-${site}-${what}`;

/** @throws failure where a thing of our name is somebody else's: it is neither used nor changed. */
export const refuseForeign = (
  what: string,
  name: string,
  tags: Parameters<typeof isOurs>[0],
  site: string,
  key: string,
): void => {
  if (!isOurs(tags, site))
    throw failure(`${what} ${name} is there and is not hybridctl's`, {
      field: key,
      next: `rename or remove it, or say --adopt ${key}=${name} to use it as it is`,
    });
};

/** The answer, or undefined where the code says that there is no such thing. Every other error is thrown. */
export const unlessNone = async <T>(asked: Promise<T>, none: RegExp): Promise<T | undefined> => {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof HybridError && none.test(error.code ?? '')) return undefined;
    throw error;
  }
};

export const NO_ENTITY = /^NoSuchEntity/;
