import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combine, CRC32, CRC64XZ, crc64xz } from '../../../src/lib/domain/crc.ts';

describe('CRC of a whole from its parts', () => {
  it.each([
    ['crc32', CRC32, (bytes: Uint8Array) => BigInt(crc32(bytes))],
    ['crc64xz', CRC64XZ, crc64xz],
  ] as const)('%s: cut anywhere, joined again', (_, family, of) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, at) => {
        const [a, b] = [bytes.subarray(0, at), bytes.subarray(at)];
        expect(combine(family, of(a), of(b), b.length)).toBe(of(bytes));
      }),
    );
  });

  it('crc64xz has the check value of its catalogue, and takes any alignment', () => {
    expect(crc64xz(new TextEncoder().encode('123456789')).toString(16)).toBe('995dc9bbdf1939fa');
    expect(crc64xz(new Uint8Array())).toBe(0n);
    const bytes = Uint8Array.from({ length: 64 }, (_, at) => at);
    expect(crc64xz(bytes.subarray(3, 40))).toBe(crc64xz(bytes.slice(3, 40)));
  });
});
