/** How a file is cut. It follows from its size alone, so that a later run cuts it the same and finds what is there. */

const MiB = 2 ** 20;
/** Four of these are in flight: enough to fill a line, little to send again after a crash. */
const PART = 8 * MiB;
const PARALLEL = 4;
/** S3 and OSS alike: 10,000 parts, up to 5 GiB each. */
const MOST_PARTS = 10_000;
/** For all parts in flight together: beyond 320 GB parts grow, and fewer fly. */
const MEMORY = 128 * MiB;

export interface Part {
  /** From 1. */
  readonly number: number;
  readonly offset: number;
  readonly size: number;
}

export interface Plan {
  readonly parts: readonly Part[];
  readonly partSize: number;
  readonly parallel: number;
}

/** @param size bytes, at least 1. @param part bytes; for tests and benches. */
export const planOf = (size: number, part = PART): Plan => {
  const partSize = Math.max(part, Math.ceil(size / MOST_PARTS / MiB) * MiB * Number(size > part * MOST_PARTS));
  const count = Math.max(1, Math.ceil(size / partSize));
  return {
    partSize,
    parallel: Math.max(1, Math.min(PARALLEL, count, Math.floor(MEMORY / partSize))),
    parts: Array.from({ length: count }, (_, at) => ({
      number: at + 1,
      offset: at * partSize,
      size: Math.min(partSize, size - at * partSize),
    })),
  };
};
