import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeMessage,
  decodePacket,
  encodeMessage,
  encodePacket,
  MAX_PACKET,
  PACKET,
  packetReader,
  ViciFormatError,
  type Packet,
} from '../../src/lib/adapters/vici/codec.ts';
import type { ViciSection } from '../../src/lib/core/ports.ts';

const key = fc.oneof(fc.string({ maxLength: 20 }), fc.constant('__proto__'), fc.constant('constructor'));
const { section } = fc.letrec<{ section: ViciSection; value: ViciSection[string] }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.array(fc.string({ maxLength: 10 }), { maxLength: 5 }),
    tie('section'),
  ),
  section: fc
    .uniqueArray(fc.tuple(key, tie('value')), { selector: ([name]) => name, maxLength: 6 })
    .map((entries) => Object.fromEntries(entries)) as fc.Arbitrary<ViciSection>,
}));

/** The example of the vici README, "Encoding example", byte for byte. */
const README = {
  message: { key1: 'value1', section1: { 'sub-section': { key2: 'value2' }, list1: ['item1', 'item2'] } },
  bytes: Buffer.concat([
    Buffer.from('\x03\x04key1\x00\x06value1', 'latin1'),
    Buffer.from('\x01\x08section1', 'latin1'),
    Buffer.from('\x01\x0bsub-section\x03\x04key2\x00\x06value2\x02', 'latin1'),
    Buffer.from('\x04\x05list1\x05\x00\x05item1\x05\x00\x05item2\x06', 'latin1'),
    Buffer.from('\x02', 'latin1'),
  ]),
};

describe('vici codec', () => {
  it('writes and reads the example of the specification', () => {
    expect(encodeMessage(README.message)).toEqual(README.bytes);
    expect(decodeMessage(README.bytes)).toEqual(README.message);
  });

  it('gives back every message it wrote', () => {
    fc.assert(
      fc.property(section, (message) => {
        expect(decodeMessage(encodeMessage(message))).toEqual(message);
      }),
    );
  });

  it('cuts a stream into the same packets, however the chunks fall', () => {
    const packet = fc.oneof(
      fc.record({
        type: fc.constantFrom(PACKET.cmdRequest, PACKET.event),
        name: fc.string({ maxLength: 20 }),
        message: section,
      }),
      fc.record({ type: fc.constant(PACKET.cmdResponse), message: section }),
    );
    fc.assert(
      fc.property(
        fc.array(packet, { maxLength: 4 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 50 })),
        (packets, sizes) => {
          const bytes = Buffer.concat(packets.map(encodePacket));
          const seen: Packet[] = [];
          const read = packetReader((each) => seen.push(each));
          for (let at = 0; at < bytes.length; ) {
            const size = sizes.next().value!;
            read(bytes.subarray(at, at + size));
            at += size;
          }
          expect(seen).toEqual(packets);
        },
      ),
    );
  });

  it.each([
    ['cut off in a name', Buffer.of(3, 9, 65), 'cut off'],
    ['cut off in a value', Buffer.of(3, 1, 65, 0, 9, 65), 'cut off'],
    ['a section never closed', Buffer.of(1, 1, 65), 'section "A" is never closed'],
    ['an end without a start', Buffer.of(2), 'unexpected element 2'],
    ['a section inside a list', Buffer.of(4, 1, 65, 1, 1, 65), 'element 1 inside a list'],
    ['an element of no kind', Buffer.of(9), 'unexpected element 9'],
    [
      'a quarter of a million sections in each other',
      Buffer.alloc(MAX_PACKET, Buffer.of(1, 0)),
      'nested deeper than 64',
    ],
  ])('refuses %s', (_what, bytes, message) => {
    expect(() => decodeMessage(bytes)).toThrow(ViciFormatError);
    expect(() => decodeMessage(bytes)).toThrow(message);
  });

  it('refuses packets of no known type, nameless ones, and more than 512 KiB', () => {
    expect(() => decodePacket(Buffer.of(8))).toThrow('unknown packet type 8');
    expect(() => decodePacket(Buffer.of())).toThrow('unknown packet type none');
    expect(() => decodePacket(Buffer.of(PACKET.event, 5, 65))).toThrow('cut off in its name');
    expect(() => packetReader(() => undefined)(Buffer.from('HTTP/1.1 400 Bad Request'))).toThrow('524288 is the limit');
  });

  it('refuses to write what the format cannot hold', () => {
    expect(() => encodeMessage({ ['k'.repeat(256)]: '' })).toThrow('255 is the limit');
    expect(() => encodeMessage({ k: 'v'.repeat(65_536) })).toThrow('65535 is the limit');
    expect(() =>
      encodePacket({
        type: PACKET.cmdRequest,
        name: 'x',
        message: { list: Array.from({ length: 9 }, () => 'v'.repeat(65_000)) },
      }),
    ).toThrow('524288 is the limit');
  });

  it('throws nothing but its own error on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodePacket(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(ViciFormatError);
        }
      }),
    );
  });
});
