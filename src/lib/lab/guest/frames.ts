/**
 * What goes over the guest's serial line and over the socket of its keeper: kind (one byte), number of the job (4 bytes),
 * length (4 bytes), content. `templates/lab/guest/agent.pl` names the kinds.
 */
export type FrameKind = 'R' | 'C' | 'I' | 'E' | 'S' | 'K' | 'Y' | 'A' | 'O' | 'X' | 'Z';

export interface Frame {
  readonly kind: FrameKind;
  readonly number: number;
  readonly content: Buffer;
}

const HEAD_BYTES = 9;

export const encode = (kind: FrameKind, number: number, content: Buffer | string = ''): Buffer => {
  const body = typeof content === 'string' ? Buffer.from(content) : content;
  const head = Buffer.alloc(HEAD_BYTES);
  head.write(kind, 0, 'latin1');
  head.writeUInt32BE(number, 1);
  head.writeUInt32BE(body.length, 5);
  return Buffer.concat([head, body]);
};

/** @returns a function that takes what was read, in pieces of any size, and calls `each` for every whole frame. */
export const decoder = (each: (frame: Frame) => void): ((bytes: Buffer) => void) => {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    while (rest.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + rest.readUInt32BE(5);
      if (rest.length < end) return;
      const frame: Frame = {
        kind: rest.toString('latin1', 0, 1) as FrameKind,
        number: rest.readUInt32BE(1),
        content: rest.subarray(HEAD_BYTES, end),
      };
      rest = rest.subarray(end);
      each(frame);
    }
  };
};

/** A program to run, as the agent reads it. @param folder where it runs. */
export const runContent = (
  folder: string,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string =>
  [
    folder,
    String(argv.length),
    ...argv,
    ...Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])),
  ].join('\0');
