import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { failure } from '../../core/errors.ts';
import type { Listening, Page } from '../../core/outlets.ts';

/**
 * Serves pages to this machine only: who is elsewhere scrapes through an agent here, and nobody else sees the network's
 * state.
 */
export const listen = async (port: number, answer: (path: string) => Promise<Page | undefined>): Promise<Listening> => {
  const server = createServer((request, response) => {
    const reply = ({ status, type, body }: Page): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    const plain = (status: number, body: string): void =>
      reply({ status, type: 'text/plain; charset=utf-8', body: `${body}\n` });
    if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'only GET');
    answer((request.url ?? '/').split('?')[0]!).then(
      (page) => (page === undefined ? plain(404, 'not here') : reply(page)),
      () => plain(500, 'failed'),
    );
  });
  // A scraper that says nothing must not hold a socket for ever.
  server.headersTimeout = 5_000;
  server.requestTimeout = 5_000;
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        failure(`can't listen on 127.0.0.1:${port} (${error.code ?? error.message})`, {
          field: 'monitor.records.metrics_port',
          next: 'give another port',
          cause: error,
        }),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
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
