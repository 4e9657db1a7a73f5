import type { CliService } from './services.ts';

export const lambda: CliService = {
  /** The code of a function: one field of UpdateFunctionCode, and a field of a field of CreateFunction. */
  file: ({ input: { Code, ZipFile, ...rest } }) => {
    const bytes = ZipFile ?? (Code as { readonly ZipFile?: unknown } | undefined)?.ZipFile;
    return bytes instanceof Uint8Array ? { flag: '--zip-file', bytes, rest } : undefined;
  },
};
