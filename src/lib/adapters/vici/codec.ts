import type { ViciSection, ViciValue } from '../../core/ports.ts';

/**
 * The vici wire format, pure (strongSwan src/libcharon/plugins/vici/README.md, "Transport" to "Message format"). On a
 * stream every packet is preceded by its length, 32 bits big-endian.
 */
export const PACKET = {
  cmdRequest: 0,
  cmdResponse: 1,
  cmdUnknown: 2,
  eventRegister: 3,
  eventUnregister: 4,
  eventConfirm: 5,
  eventUnknown: 6,
  event: 7,
} as const;
export type PacketType = (typeof PACKET)[keyof typeof PACKET];

const ELEMENT = { sectionStart: 1, sectionEnd: 2, keyValue: 3, listStart: 4, listItem: 5, listEnd: 6 } as const;

/** charon's own limit on a packet, bytes; more than that is no vici peer. */
export const MAX_PACKET = 512 * 1024;
/**
 * charon nests five deep at most. A hostile peer could nest 250,000 deep in one packet and exhaust the stack of any
 * reader.
 */
const MAX_DEPTH = 64;

/** Bytes that are not vici, or that no vici peer may send. */
export class ViciFormatError extends Error {
  override readonly name = 'ViciFormatError';
}

export interface Packet {
  readonly type: PacketType;
  /** Command or event; only packet types that carry a name have one. */
  readonly name?: string | undefined;
  readonly message: ViciSection;
}

const NAMED: readonly PacketType[] = [PACKET.cmdRequest, PACKET.eventRegister, PACKET.eventUnregister, PACKET.event];

const name8 = (text: string): Buffer => {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > 0xff) throw new ViciFormatError(`a name of ${bytes.length} bytes does not fit: 255 is the limit`);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
};

const value16 = (text: string): Buffer => {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > 0xffff)
    throw new ViciFormatError(`a value of ${bytes.length} bytes does not fit: 65535 is the limit`);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
};

/** A message's elements. Lists and sections may be empty; what can't be written throws a ViciFormatError. */
export const encodeMessage = (section: ViciSection, depth = 0): Buffer => {
  if (depth > MAX_DEPTH) throw new ViciFormatError(`sections nested deeper than ${MAX_DEPTH}`);
  return Buffer.concat(Object.entries(section).flatMap(([key, value]) => encodeValue(key, value, depth)));
};

const encodeValue = (key: string, value: ViciValue, depth: number): readonly Buffer[] => {
  if (typeof value === 'string') return [Buffer.of(ELEMENT.keyValue), name8(key), value16(value)];
  if (Array.isArray(value)) {
    const items = (value as readonly string[]).flatMap((item) => [Buffer.of(ELEMENT.listItem), value16(item)]);
    return [Buffer.of(ELEMENT.listStart), name8(key), ...items, Buffer.of(ELEMENT.listEnd)];
  }
  return [
    Buffer.of(ELEMENT.sectionStart),
    name8(key),
    encodeMessage(value as ViciSection, depth + 1),
    Buffer.of(ELEMENT.sectionEnd),
  ];
};

/** One packet with its length in front, ready for the socket. */
export const encodePacket = ({ type, name, message }: Packet): Buffer => {
  const body = Buffer.concat([
    Buffer.of(type),
    ...(NAMED.includes(type) ? [name8(name ?? '')] : []),
    encodeMessage(message),
  ]);
  if (body.length > MAX_PACKET)
    throw new ViciFormatError(`a packet of ${body.length} bytes: ${MAX_PACKET} is the limit`);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
};

type Entry = [string, ViciValue];

/**
 * Elements back to a section. Values are text (charon's identities, numbers and names are); a key given twice keeps the
 * last. Throws a ViciFormatError on anything cut off, unbalanced, of an unknown kind or nested too deep.
 */
export const decodeMessage = (bytes: Buffer): ViciSection => {
  let at = 0;
  const take = (count: number): Buffer => {
    if (at + count > bytes.length) throw new ViciFormatError(`the message is cut off at byte ${at}`);
    at += count;
    return bytes.subarray(at - count, at);
  };
  const name = (): string => take(take(1)[0]!).toString('utf8');
  const value = (): string => take(take(2).readUInt16BE()).toString('utf8');
  const listItems = (): readonly string[] => {
    const items: string[] = [];
    for (;;) {
      const kind = take(1)[0]!;
      if (kind === ELEMENT.listEnd) return items;
      if (kind !== ELEMENT.listItem) throw new ViciFormatError(`element ${kind} inside a list at byte ${at - 1}`);
      items.push(value());
    }
  };

  // A stack of our own instead of recursion; fromEntries makes `__proto__` a plain key.
  const open: { readonly name: string; readonly entries: Entry[] }[] = [{ name: '', entries: [] }];
  while (at < bytes.length) {
    const current = open.at(-1)!;
    const kind = take(1)[0]!;
    if (kind === ELEMENT.keyValue) current.entries.push([name(), value()]);
    else if (kind === ELEMENT.listStart) current.entries.push([name(), listItems()]);
    else if (kind === ELEMENT.sectionStart) {
      if (open.length > MAX_DEPTH) throw new ViciFormatError(`sections nested deeper than ${MAX_DEPTH}`);
      open.push({ name: name(), entries: [] });
    } else if (kind === ELEMENT.sectionEnd && open.length > 1) {
      open.pop();
      open.at(-1)!.entries.push([current.name, Object.fromEntries(current.entries)]);
    } else throw new ViciFormatError(`unexpected element ${kind} at byte ${at - 1}`);
  }
  if (open.length > 1) throw new ViciFormatError(`section "${open.at(-1)!.name.slice(0, 40)}" is never closed`);
  return Object.fromEntries(open[0]!.entries);
};

/** @param body one packet without its length. */
export const decodePacket = (body: Buffer): Packet => {
  const type = body[0];
  if (type === undefined || type > PACKET.event) throw new ViciFormatError(`unknown packet type ${type ?? 'none'}`);
  if (!NAMED.includes(type as PacketType))
    return { type: type as PacketType, message: decodeMessage(body.subarray(1)) };
  const length = body[1];
  if (length === undefined || body.length < 2 + length) throw new ViciFormatError('a packet cut off in its name');
  return {
    type: type as PacketType,
    name: body.toString('utf8', 2, 2 + length),
    message: decodeMessage(body.subarray(2 + length)),
  };
};

/** Cuts a byte stream into packets, however the chunks fall. */
export const packetReader = (onPacket: (packet: Packet) => void): ((chunk: Buffer) => void) => {
  let chunks: Buffer[] = [];
  let held = 0;
  const need = (): number => {
    if (held < 4) return 4;
    if (chunks[0]!.length < 4) chunks = [Buffer.concat(chunks)];
    const length = chunks[0]!.readUInt32BE();
    if (length > MAX_PACKET) throw new ViciFormatError(`a packet of ${length} bytes: ${MAX_PACKET} is the limit`);
    return 4 + length;
  };
  return (chunk) => {
    chunks.push(chunk);
    held += chunk.length;
    while (held >= 4 && held >= need()) {
      const all = Buffer.concat(chunks);
      const end = need();
      chunks = [all.subarray(end)];
      held -= end;
      onPacket(decodePacket(all.subarray(4, end)));
    }
  };
};
