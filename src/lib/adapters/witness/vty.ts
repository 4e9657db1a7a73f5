import { connect, type Socket } from 'node:net';
import { failure } from '../../core/errors.ts';

/** A daemon that says nothing for so long will not; bfdd answers in a millisecond. */
const SILENCE_MS = 5_000;
/** 10,000 BFD peers fill about half of it. */
const MAX_ANSWER = 16 * 2 ** 20;

export interface Vty {
  /** One command and its output. Rejects when FRR refuses it, stays silent, or is gone. One at a time. */
  ask(command: string): Promise<string>;
  close(): void;
}

/**
 * Three zero bytes and the command's result end an answer (FRR lib/vty.c, vtysh_read); output itself has no zero byte.
 */
const END = Buffer.alloc(3);

const open = (path: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        failure(
          error.code === 'EACCES'
            ? `no permission to open ${path}`
            : `no FRR daemon listens on ${path} (${error.code ?? error.message})`,
          { cause: error },
        ),
      ),
    );
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });

/**
 * The socket by which vtysh speaks to a daemon of FRR, e.g. `/var/run/frr/bfdd.vty`; the same in all of its versions.
 */
export const openVty = async (path: string): Promise<Vty> => {
  const socket = await open(path);
  let held: Buffer = Buffer.alloc(0);
  let ended: Error | undefined;
  let waiting: { resolve(answer: string): void; reject(error: Error): void } | undefined;

  const end = (error: Error): void => {
    ended ??= error;
    socket.destroy();
    waiting?.reject(ended);
  };
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk]);
    const at = held.indexOf(END);
    if (held.length > MAX_ANSWER) return end(failure(`${path} does not end its answer`));
    if (at < 0 || held.length < at + 4) return;
    const [answer, result] = [held.toString('utf8', 0, at), held[at + 3]!];
    held = held.subarray(at + 4);
    if (result === 0) waiting?.resolve(answer);
    else waiting?.reject(failure(`FRR refuses a command (result ${result}): ${answer.trim().split('\n')[0] ?? ''}`));
  });
  socket.on('error', (error) => end(failure(`lost the connection to ${path}: ${error.message}`, { cause: error })));
  socket.on('close', () => end(failure(`${path} closed the connection`)));

  return {
    ask: (command) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(ended);
        const silence = setTimeout(
          () => end(failure(`${path} did not answer for ${SILENCE_MS / 1_000} s`)),
          SILENCE_MS,
        );
        const done = (): void => {
          clearTimeout(silence);
          waiting = undefined;
        };
        waiting = { resolve: (answer) => (done(), resolve(answer)), reject: (error) => (done(), reject(error)) };
        socket.write(`${command}\0`);
      }),
    close: () => end(failure('the connection was closed')),
  };
};
