import { connect, type Socket } from 'node:net';
import type { ProbeSpec } from '../../core/ports.ts';
import type { Heard, Wire } from './stream.ts';

/** The kernel sends a SYN again after 1 s (RFC 6298 §2.1), and nobody could tell which of the two was answered. */
const PATIENCE_MS = 950;

/**
 * A connection for each probe, gone as soon as it is answered: a SYN-ACK by a reset, which leaves nothing in TIME_WAIT,
 * and an RST by itself. It outlives the probe's deadline, so that a path that became slower is learnt.
 */
export const tcpWire = ({ address, port, source }: ProbeSpec, { answer, failed }: Heard): Wire => {
  const open = new Map<Socket, number>();
  return {
    send(sequence) {
      const socket = connect({ host: address, port: port!, ...(source === undefined ? {} : { localAddress: source }) });
      // No route, no address, no descriptor: the kernel says so at once, where an answer takes a turn of the loop.
      // Nothing left. But for a next hop that does not answer ARP: for a second after each try the kernel refuses at
      // once, and that is the silence that we look for. A dead gateway would be "not known" every few seconds.
      process.nextTick(() => {
        const { code } = (socket.errored ?? {}) as NodeJS.ErrnoException;
        if (socket.destroyed && code !== 'EHOSTUNREACH') failed(sequence);
      });
      socket.on('connect', () => {
        answer(sequence);
        socket.resetAndDestroy();
      });
      socket.on('error', ({ code }: NodeJS.ErrnoException) => {
        if (code === 'ECONNREFUSED' || code === 'ECONNRESET') answer(sequence);
      });
      socket.on('close', () => open.delete(socket));
      open.set(socket, performance.now());
    },
    tidy(now) {
      for (const [socket, openedAt] of open) if (now - openedAt >= PATIENCE_MS) socket.destroy();
    },
    close() {
      for (const socket of open.keys()) socket.destroy();
    },
  };
};
