import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { failure, missing, usageError, type HybridError } from '../../core/errors.ts';
import type { Vici, ViciSection } from '../../core/ports.ts';
import { encodePacket, PACKET, packetReader, ViciFormatError, type Packet } from './codec.ts';

export interface ViciOptions {
  /**
   * Silence after which a request is given up, ms. Every packet starts it anew, so a long list may take longer. The
   * default is above the 30 s that `initiate` may wait for a dead peer's first retransmissions.
   */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 30_000;

/** `unix:///var/run/charon.vici` or `tcp://host:port`. Throws a usage error of the flag `field` on anything else. */
export const parseViciUri = (uri: string, field = '--uri'): { path: string } | { host: string; port: number } => {
  const unix = /^unix:\/\/(\/[^\0]+)$/.exec(uri);
  if (unix !== null) return { path: unix[1]! };
  const tcp = /^tcp:\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(uri);
  const port = Number(tcp?.[2]);
  if (tcp !== null && port > 0 && port < 65_536) return { host: tcp[1]!.replace(/^\[|\]$/g, ''), port };
  throw usageError('is not a vici address', {
    field,
    next: 'write it like unix:///var/run/charon.vici or tcp://127.0.0.1:4502',
  });
};

const NEXT = 'see "systemctl status strongswan"; where its socket is elsewhere, give --uri';

/** @param error the system's own, of which `code` counts. */
export const cantConnect = (uri: string, error: NodeJS.ErrnoException): HybridError =>
  error.code === 'EACCES' || error.code === 'EPERM'
    ? missing(`no permission to open ${uri}`, { next: 'run it as root', cause: error })
    : missing(`charon is not running, or its vici socket is elsewhere than ${uri}`, { next: NEXT, cause: error });

const open = (uri: string): Promise<Socket> => {
  const target = parseViciUri(uri);
  return new Promise((resolve, reject) => {
    const socket = connect(target);
    const timer = setTimeout(
      () => socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })),
      CONNECT_TIMEOUT_MS,
    );
    const fail = (error: NodeJS.ErrnoException): void => {
      clearTimeout(timer);
      reject(cantConnect(uri, error));
    };
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      // Who only listens would never learn that a machine at the other end of a tcp:// is gone.
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      resolve(socket);
    });
  });
};

/** What the conversation waits for: every packet goes to `take` until it says that it is done. */
interface Waiting {
  take(packet: Packet): void;
  fail(error: HybridError): void;
}

/**
 * Opens charon's control socket. Requests are sent one at a time in the order asked, as charon answers them; event
 * packets that belong to no stream in progress and that nobody listens for are dropped.
 *
 * Throws exit 4 when there is no socket or no permission, exit 1 when charon refuses, stops answering, goes away or
 * sends what is not vici.
 */
export const connectVici = async (uri: string, options: ViciOptions = {}): Promise<Vici> =>
  viciOver(await open(uri), uri, options);

/** The same on a stream that leads to the socket already. */
export const viciOver = (socket: Duplex, uri: string, { timeoutMs = DEFAULT_TIMEOUT_MS }: ViciOptions = {}): Vici => {
  let waiting: Waiting | undefined;
  let ended: HybridError | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const listeners = new Map<string, (message: ViciSection) => void>();
  let over: (error: HybridError) => void;
  const whenOver = new Promise<HybridError>((resolve) => (over = resolve));

  const end = (error: HybridError): void => {
    ended ??= error;
    over(ended);
    socket.destroy();
    waiting?.fail(ended);
  };
  const read = packetReader((packet) => {
    const listener = packet.type === PACKET.event ? listeners.get(packet.name ?? '') : undefined;
    if (listener === undefined) waiting?.take(packet);
    else listener(packet.message);
  });
  socket.on('data', (chunk: Buffer) => {
    try {
      read(chunk);
    } catch (error) {
      if (!(error instanceof ViciFormatError)) throw error;
      end(failure(`${uri} does not speak vici: ${error.message}`, { next: 'check --uri', cause: error }));
    }
  });
  socket.on('error', (error: Error) =>
    end(failure(`lost the connection to charon: ${error.message}`, { next: NEXT, cause: error })),
  );
  socket.on('close', () => end(failure('charon closed the connection', { next: NEXT })));

  /** Sends one packet and hands over what comes back until `take` returns true. */
  const converse = (packet: Packet, take: (packet: Packet) => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) return reject(ended);
      const silence = setTimeout(
        () => end(failure(`charon did not answer ${packet.name ?? ''} for ${timeoutMs / 1000} s`, { next: NEXT })),
        timeoutMs,
      );
      const finish = (done: () => void): void => {
        clearTimeout(silence);
        waiting = undefined;
        done();
      };
      waiting = {
        fail: (error) => finish(() => reject(error)),
        take: (received) => {
          silence.refresh();
          try {
            if (take(received)) finish(resolve);
          } catch (error) {
            finish(() => reject(error as Error));
          }
        },
      };
      socket.write(encodePacket(packet));
    });

  const command = async (
    name: string,
    message: ViciSection,
    onEvent: (event: Packet) => void,
  ): Promise<ViciSection> => {
    let reply: ViciSection = {};
    await converse({ type: PACKET.cmdRequest, name, message }, (packet) => {
      if (packet.type === PACKET.event) onEvent(packet);
      if (packet.type === PACKET.cmdUnknown)
        throw failure(`this charon does not know the command "${name}"`, {
          next: 'update strongSwan, or load the plugin that brings it',
        });
      if (packet.type !== PACKET.cmdResponse) return false;
      reply = packet.message;
      return true;
    });
    if (reply['success'] === 'no')
      throw failure(
        `charon refused ${name}: ${typeof reply['errmsg'] === 'string' && reply['errmsg'] !== '' ? reply['errmsg'] : 'no reason given'}`,
      );
    return reply;
  };

  const register = (type: typeof PACKET.eventRegister | typeof PACKET.eventUnregister, name: string): Promise<void> =>
    converse({ type, name, message: {} }, (packet) => {
      if (packet.type === PACKET.eventUnknown)
        throw failure(`this charon does not know the event "${name}"`, { next: 'update strongSwan' });
      return packet.type === PACKET.eventConfirm;
    });

  /** One conversation at a time: replies carry no number, so order is all that ties them to requests. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };

  return {
    request: (name, message = {}) => inTurn(() => command(name, message, () => undefined)),
    stream: (name, event, message = {}) =>
      inTurn(async () => {
        const events: ViciSection[] = [];
        await register(PACKET.eventRegister, event);
        try {
          await command(name, message, (packet) => void (packet.name === event && events.push(packet.message)));
        } finally {
          if (ended === undefined) await register(PACKET.eventUnregister, event);
        }
        return events;
      }),
    listen: (event, onEvent) =>
      inTurn(async () => {
        // Before charon agrees: the first event may come in the same breath as its word.
        listeners.set(event, onEvent);
        await register(PACKET.eventRegister, event).catch((error: unknown) => {
          listeners.delete(event);
          throw error;
        });
      }),
    ended: whenOver,
    close() {
      end(failure('the connection to charon was closed'));
    },
  };
};
