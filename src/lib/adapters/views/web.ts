import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { usageError } from '../../core/errors.ts';
import type { WebAddress, WebAnswer, WebRequest, WebServer } from '../../core/views.ts';

/** A page whose reader is so far behind is asleep; awake, it asks again and gets the present. */
const MOST_BEHIND = 2 ** 20;
/** Browsers of one team. */
const MOST_SOCKETS = 64;
const HEADERS = ['host', 'origin', 'authorization', 'sec-fetch-site'] as const;

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken by another program',
  EADDRNOTAVAIL: 'is no address of this machine',
  EACCES: "may not be used: ports below 1024 are root's",
  ENOTFOUND: 'is no address',
};

/**
 * Requests without a body, answered by a text or a stream. What the handler throws is the reader's 500 and nobody's
 * end.
 */
export const serve = async (
  { host, port }: WebAddress,
  answer: (request: WebRequest) => WebAnswer,
): Promise<WebServer> => {
  const server = createServer((request, response) => {
    const headers = Object.fromEntries(HEADERS.map((name) => [name, request.headers[name] as string | undefined]));
    const given = ((): WebAnswer => {
      try {
        return answer({ method: request.method ?? '', path: (request.url ?? '/').split('?')[0]!, headers });
      } catch {
        return { status: 500, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'failed\n' };
      }
    })();
    response.writeHead(given.status, given.headers);
    if (typeof given.body === 'string' || request.method === 'HEAD')
      return void response.end(request.method === 'HEAD' ? undefined : (given.body as string));
    response.flushHeaders();
    request.socket.setNoDelay(true);
    const stop = given.body((text) => {
      if (response.writableLength > MOST_BEHIND) response.destroy();
      else response.write(text);
    });
    response.on('error', () => response.destroy()).on('close', stop);
  });
  server.headersTimeout = 5_000;
  server.requestTimeout = 5_000;
  server.maxConnections = MOST_SOCKETS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ code, message }: NodeJS.ErrnoException) =>
      reject(
        usageError(`${host}:${port} ${REASONS[code ?? ''] ?? `can't be had (${code ?? message})`}`, {
          field: '--listen',
          next: 'give another address or port',
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
