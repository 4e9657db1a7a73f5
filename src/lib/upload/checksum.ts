import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ChecksumName, SourceFile, StoredPart } from '../core/objects.ts';
import { combine, CRC32, CRC64XZ, crc64xz } from '../domain/crc.ts';
import type { Part, Plan } from './plan.ts';

export interface Checksum {
  of(bytes: Uint8Array): bigint;
  /** Of the whole, from those of its parts in their order. */
  joined(parts: readonly { readonly size: number; readonly checksum: bigint }[]): bigint;
}

const joinedBy =
  (family: typeof CRC32): Checksum['joined'] =>
  (parts) =>
    parts.reduce((whole, { size, checksum }) => combine(family, whole, checksum, size), 0n);

export const CHECKSUMS: Readonly<Record<ChecksumName, Checksum>> = {
  crc32: { of: (bytes) => BigInt(crc32(bytes)), joined: joinedBy(CRC32) },
  crc64xz: { of: crc64xz, joined: joinedBy(CRC64XZ) },
};

/**
 * What the service holds of this part is what the file has. ETags of parts are the MD5 of their content where there is
 * no other checksum.
 */
export const isSame = (stored: StoredPart, bytes: Uint8Array, checksum: bigint): boolean =>
  stored.size === bytes.length &&
  (stored.checksum === undefined
    ? stored.etag.toLowerCase() === createHash('md5').update(bytes).digest('hex')
    : stored.checksum === checksum);

/** The whole file's checksum, read once. */
export const checksumOf = async (
  source: SourceFile,
  { parts, partSize }: Plan,
  { of, joined }: Checksum,
): Promise<bigint> => {
  const buffer = new Uint8Array(partSize);
  const sums: (Part & { checksum: bigint })[] = [];
  for (const part of parts) {
    const bytes = buffer.subarray(0, part.size);
    await source.read(part.offset, bytes);
    sums.push({ ...part, checksum: of(bytes) });
  }
  return joined(sums);
};
