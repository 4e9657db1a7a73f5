import { HybridError } from '../../core/errors.ts';

/** Where a thing has no tags to be found by, its name is what we find it by: `hybridctl-office-gateways`. */
export const nameOf = (site: string, what: string): string => `hybridctl-${site}-${what}`;

/** The answer, or undefined where the code says that there is no such thing. Every other error is thrown. */
export const unlessNone = async <T>(asked: Promise<T>, none: RegExp): Promise<T | undefined> => {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof HybridError && none.test(error.code ?? '')) return undefined;
    throw error;
  }
};
