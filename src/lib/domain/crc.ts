/**
 * Checksums of whole objects from those of their parts. CRCs of one family share start and end value, so that of `a`
 * and `b` joined follows from both and the length of `b` (Mark Adler's crc32_combine, in zlib). Bits are reflected: the
 * highest is x^0.
 */
export interface CrcFamily {
  /** Bits. */
  readonly width: bigint;
  /** Reflected polynomial. */
  readonly polynomial: bigint;
}

/** ISO 3309; zlib, and S3's CRC32. */
export const CRC32: CrcFamily = { width: 32n, polynomial: 0xedb8_8320n };
/** ECMA-182, reflected: xz, and OSS's x-oss-hash-crc64ecma. */
export const CRC64XZ: CrcFamily = { width: 64n, polynomial: 0xc96c_5795_d787_0f42n };

const multiply = (a: bigint, b: bigint, { width, polynomial }: CrcFamily): bigint => {
  let product = 0n;
  let factor = b;
  for (let bit = 1n << (width - 1n); bit !== 0n; bit >>= 1n) {
    if ((a & bit) !== 0n) product ^= factor;
    factor = (factor & 1n) === 0n ? factor >> 1n : (factor >> 1n) ^ polynomial;
  }
  return product;
};

/** @param lengthB bytes of `b`. @returns the checksum of `a` followed by `b`. */
export const combine = (family: CrcFamily, a: bigint, b: bigint, lengthB: number): bigint => {
  let shift = 1n << (family.width - 1n);
  let power = 1n << (family.width - 2n);
  for (let bits = BigInt(lengthB) * 8n; bits !== 0n; bits >>= 1n) {
    if ((bits & 1n) === 1n) shift = multiply(shift, power, family);
    power = multiply(power, power, family);
  }
  return multiply(shift, a, family) ^ b;
};

/**
 * Eight tables, each one byte further from the end: eight bytes a turn ("slicing-by-8"). Low and high halves, as 32-bit
 * numbers.
 */
const tables64 = (): { readonly low: Uint32Array; readonly high: Uint32Array } => {
  const low = new Uint32Array(8 * 256);
  const high = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1n) === 0n ? crc >> 1n : (crc >> 1n) ^ CRC64XZ.polynomial;
    low[byte] = Number(crc & 0xffff_ffffn);
    high[byte] = Number(crc >> 32n);
  }
  for (let at = 256; at < 8 * 256; at += 1) {
    const [l, h] = [low[at - 256]!, high[at - 256]!];
    low[at] = ((l >>> 8) | (h << 24)) ^ low[l & 255]!;
    high[at] = (h >>> 8) ^ high[l & 255]!;
  }
  return { low, high };
};

let tables: ReturnType<typeof tables64> | undefined;

/** CRC-64/XZ of some bytes. */
export const crc64xz = (bytes: Uint8Array): bigint => {
  const { low, high } = (tables ??= tables64());
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length - (bytes.length % 8);
  let l = 0xffff_ffff;
  let h = 0xffff_ffff;
  for (let at = 0; at < whole; at += 8) {
    const a = l ^ view.getUint32(at, true);
    const b = h ^ view.getUint32(at + 4, true);
    const [i0, i1, i2, i3] = [1792 + (a & 255), 1536 + ((a >>> 8) & 255), 1280 + ((a >>> 16) & 255), 1024 + (a >>> 24)];
    const [i4, i5, i6, i7] = [768 + (b & 255), 512 + ((b >>> 8) & 255), 256 + ((b >>> 16) & 255), b >>> 24];
    l = low[i0]! ^ low[i1]! ^ low[i2]! ^ low[i3]! ^ low[i4]! ^ low[i5]! ^ low[i6]! ^ low[i7]!;
    h = high[i0]! ^ high[i1]! ^ high[i2]! ^ high[i3]! ^ high[i4]! ^ high[i5]! ^ high[i6]! ^ high[i7]!;
  }
  for (let at = whole; at < bytes.length; at += 1) {
    const index = (l ^ bytes[at]!) & 255;
    l = ((l >>> 8) | (h << 24)) ^ low[index]!;
    h = (h >>> 8) ^ high[index]!;
  }
  return (BigInt(~h >>> 0) << 32n) | BigInt(~l >>> 0);
};
