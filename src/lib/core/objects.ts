/**
 * Object storage as uploads need it: S3, or OSS. One bucket a store; keys are as the service spells them, sizes in
 * bytes. Every error is a HybridError that names the action refused (`s3:PutObject`, `oss:PutObject`) and carries the
 * service's code.
 */
export interface ObjectStore {
  /** As its addresses begin: `s3://bucket/key`. */
  readonly scheme: 's3' | 'oss';
  readonly bucket: string;
  /** What the service verifies parts and whole objects by. */
  readonly checksum: ChecksumName;
  /** The bucket's region; undefined: there is no such bucket. Throws where it can't be seen (403). */
  region(): Promise<string | undefined>;
  /** Every page, in the order of keys. */
  list(prefix: string): Promise<readonly StoredObject[]>;
  /** undefined: there is no such object. */
  head(key: string): Promise<StoredObject | undefined>;
  /** The content from its first byte, as it comes. Throws where there is no such object. */
  get(key: string): Promise<AsyncIterable<Uint8Array>>;
  /** In one request; for what fits one part. */
  put(key: string, body: Uint8Array, options?: SendOptions): Promise<void>;
  /** No error where there is none. */
  remove(key: string): Promise<void>;

  /** Incomplete uploads of keys with this prefix, every page, the oldest first. */
  uploads(prefix: string): Promise<readonly IncompleteUpload[]>;
  /** @returns the id of a new upload. */
  begin(key: string): Promise<string>;
  /** Parts that the service holds, every page, in order. Throws an error of kind `absent` where the upload is over. */
  parts(upload: UploadId): Promise<readonly StoredPart[]>;
  /** @param number from 1. A part that is there is replaced. @returns its ETag. */
  putPart(upload: UploadId, number: number, body: Uint8Array, options?: SendOptions): Promise<string>;
  /** Joins the parts. The service refuses it where the checksum of the whole is another. */
  complete(upload: UploadId, parts: readonly SentPart[], whole: Whole): Promise<void>;
  /** Removes its parts. No error where it is over. */
  abort(upload: UploadId): Promise<void>;
}

/** CRC-32 (ISO 3309) by S3; CRC-64/XZ (ECMA-182) by OSS. */
export type ChecksumName = 'crc32' | 'crc64xz';

export interface SendOptions {
  /** Of these bytes; the service refuses others where it can. */
  readonly checksum?: bigint;
  readonly signal?: AbortSignal | undefined;
}

export interface UploadId {
  readonly key: string;
  readonly id: string;
}

export interface IncompleteUpload extends UploadId {
  /** Wall time, ms. */
  readonly startedAt: number;
}

export interface StoredPart {
  readonly number: number;
  readonly size: number;
  readonly etag: string;
  /** undefined: the service keeps none of parts; their ETag is then the MD5 of the part, in hex. */
  readonly checksum: bigint | undefined;
}

export interface SentPart {
  readonly number: number;
  readonly etag: string;
  readonly checksum: bigint;
}

export interface Whole {
  readonly size: number;
  readonly checksum: bigint;
}

export interface StoredObject {
  readonly key: string;
  readonly size: number;
  /** Wall time, ms. */
  readonly modifiedAt: number;
  /** Of the whole content; only `head` may know it. */
  readonly checksum?: bigint | undefined;
}

/** A local file to be sent, as it was when it was opened. */
export interface SourceFile {
  readonly path: string;
  readonly size: number;
  /** Fills `into` with what is at `offset`. Throws where the file ends before. */
  read(offset: number, into: Uint8Array): Promise<void>;
  /** Throws where its size, time of change or inode is no longer what it was when it was opened. */
  unchanged(): Promise<void>;
  close(): Promise<void>;
}
