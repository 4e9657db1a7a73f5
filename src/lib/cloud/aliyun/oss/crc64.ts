/**
 * CRC-64/XZ (ECMA-182, reflected), which OSS answers with. Two tables of 32 bits each, since BigInt takes a second a
 * MiB.
 */
const LOW = new Uint32Array(256);
const HIGH = new Uint32Array(256);
for (let byte = 0; byte < 256; byte += 1) {
  let [low, high] = [byte, 0];
  for (let bit = 0; bit < 8; bit += 1) {
    const lowest = low & 1;
    low = ((low >>> 1) | (high << 31)) >>> 0;
    high >>>= 1;
    if (lowest === 1) [low, high] = [(low ^ 0xd7870f42) >>> 0, (high ^ 0xc96c5795) >>> 0];
  }
  LOW[byte] = low;
  HIGH[byte] = high;
}

/** @returns the decimal text of the header `x-oss-hash-crc64ecma`. */
export const crc64 = (data: Uint8Array): string => {
  let [low, high] = [0xffffffff, 0xffffffff];
  for (const byte of data) {
    const index = (low ^ byte) & 0xff;
    const next = ((low >>> 8) | (high << 24)) >>> 0;
    high = ((high >>> 8) ^ HIGH[index]!) >>> 0;
    low = (next ^ LOW[index]!) >>> 0;
  }
  return String((BigInt((high ^ 0xffffffff) >>> 0) << 32n) | BigInt((low ^ 0xffffffff) >>> 0));
};
