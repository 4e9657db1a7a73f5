import { connect } from 'node:net';
import { decoder, encode } from './frames.ts';

export interface Heard {
  readonly out?: (bytes: Buffer) => void;
  readonly err?: (bytes: Buffer) => void;
  /** @param code exit code; undefined: the guest is gone, or never was. */
  readonly end: (code: number | undefined) => void;
}

export interface Job {
  input(bytes: Buffer | string): void;
  endInput(): void;
  /** @param signal its number */
  signal(signal: number): void;
  /** Ends what runs, with all it has started. */
  abandon(): void;
}

/**
 * Opens a job in a lab's guest.
 *
 * @param socket of the guest's keeper.
 * @param kind `R`: run a program (`runContent`); `C`: connect to a socket (its path).
 */
export const openJob = (socket: string, kind: 'R' | 'C', content: string, { out, err, end }: Heard): Job => {
  const line = connect(socket);
  let over = false;
  const finish = (code: number | undefined): void => {
    if (over) return;
    over = true;
    line.destroy();
    end(code);
  };
  line.on(
    'data',
    decoder((frame) => {
      if (frame.kind === 'O') out?.(frame.content);
      else if (frame.kind === 'X') err?.(frame.content);
      else if (frame.kind === 'Z') finish(Number(frame.content.toString()));
    }),
  );
  line.on('error', () => finish(undefined));
  line.on('close', () => finish(undefined));
  const send = (...frame: Parameters<typeof encode>): void => {
    if (!over) line.write(encode(...frame));
  };
  send(kind, 0, content);
  return {
    input: (bytes) => send('I', 0, Buffer.from(bytes)),
    endInput: () => send('E', 0),
    signal: (signal) => send('S', 0, String(signal)),
    abandon: () => finish(undefined),
  };
};
