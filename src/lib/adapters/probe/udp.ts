import { createSocket, type Socket } from 'node:dgram';
import type { ProbeSpec } from '../../core/ports.ts';
import type { Heard, Wire } from './stream.ts';

/** IPv4 and UDP headers. */
const HEADERS = 28;
/** Says that a datagram that comes back is an echo of ours: "hybc". */
const MAGIC = 0x68796263;
const SMALL_BYTES = 40;
/** Port of the discard service (RFC 863); nothing is sent to it. */
const DISCARD = 9;
/** Not more than one new socket in this time, ms, however much is lost. */
const RENEW_MS = 1_000;

const refused = (error: NodeJS.ErrnoException | null): boolean => error?.code === 'ECONNREFUSED';

/**
 * A connected socket, since only such a one is told of an ICMP port-unreachable. Linux sets DF on what fits the device
 * (IP_PMTUDISC_WANT, the default), so a large datagram is not cut on the way.
 */
export const udpWire = (
  { address, port, source }: ProbeSpec,
  bytes: number | undefined,
  { answer, failed }: Heard,
): Wire => {
  const payload = Buffer.alloc((bytes ?? SMALL_BYTES) - HEADERS);
  payload.writeUInt32BE(MAGIC, 0);
  let socket: Socket | undefined;
  let ready = false;
  let openedAt = 0;
  const shut = (): void => {
    socket
      ?.removeAllListeners()
      .on('error', () => undefined)
      .close();
    socket = undefined;
    ready = false;
  };
  const open = (): void => {
    const mine = createSocket('udp4');
    socket = mine;
    openedAt = performance.now();
    mine.on('message', (data) =>
      answer(data.length >= 8 && data.readUInt32BE(0) === MAGIC ? data.readUInt32BE(4) : undefined),
    );
    // An ICMP port-unreachable: somebody is there. Anything else means that this socket is of no use.
    mine.on('error', (error) => (refused(error) ? answer() : shut()));
    mine.on('connect', () => (ready = true));
    mine.bind({ port: 0, exclusive: true, ...(source === undefined ? {} : { address: source }) }, () =>
      mine.connect(port!, address),
    );
  };
  const send = (sequence: number, again: boolean): void => {
    if (socket === undefined || !ready) return failed(sequence);
    payload.writeUInt32BE(sequence, 4);
    socket.send(payload, (error) => {
      if (error === null) return;
      if (!refused(error)) return failed(sequence);
      // The answer to an earlier probe came back in the place of this send.
      answer();
      if (again) send(sequence, false);
      else failed(sequence);
    });
  };
  open();
  return {
    send(sequence) {
      if (socket === undefined) open();
      send(sequence, true);
    },
    tidy(now, lost) {
      // A NAT on the way may hold this port to a mapping that leads nowhere; a new port gets a new one.
      if (lost && now - openedAt >= RENEW_MS) {
        shut();
        open();
      }
    },
    close: shut,
  };
};

/** Whether our own machine knows a way to a target. Connecting a datagram socket asks the routes and sends nothing. */
export const hasRoute = ({ address, source }: ProbeSpec): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createSocket('udp4');
    const end = (answer: boolean) => (): void => {
      resolve(answer);
      socket
        .removeAllListeners()
        .on('error', () => undefined)
        .close();
    };
    socket.on('connect', end(true)).on('error', end(false));
    socket.bind({ port: 0, exclusive: true, ...(source === undefined ? {} : { address: source }) }, () =>
      socket.connect(DISCARD, address),
    );
  });
