/** An upload in parts that is neither completed nor aborted. */
export interface Upload {
  readonly key: string;
  /** ms since the epoch. */
  readonly initiated: number;
  /** By number, from 1. */
  readonly parts: Map<number, Buffer>;
}

export interface Bucket {
  readonly region: string;
  /** By key. `at`: when it was written, ms since the epoch. */
  readonly objects: Map<string, { readonly body: Buffer; readonly at: number }>;
  /** By upload id. */
  readonly uploads: Map<string, Upload>;
}

export interface OssState {
  /** By name. */
  readonly buckets: Map<string, Bucket>;
}

export const newOss = (): OssState => ({ buckets: new Map() });
export const newBucket = (region: string): Bucket => ({ region, objects: new Map(), uploads: new Map() });
