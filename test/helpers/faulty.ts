import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createHttp } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/**
 * What stands in the way of a service, or instead of it: a captive portal that answers 200 to everything (as a page
 * with an ETag, as web servers give their files; and as JSON), one that says 404 to everything, noise, and connections
 * that are reset.
 */
export const FAULTS = ['page', 'page with an ETag', 'json', 'not found', 'noise', 'reset'] as const;
export type Fault = (typeof FAULTS)[number];

const PAGE = '<html><body>Please log in to the guest network</body></html>';

const answers = (fault: Fault): Server =>
  createHttp((request, response) => {
    request.resume().on('end', () => {
      const json = fault === 'json';
      response.writeHead(fault === 'not found' ? 404 : 200, {
        'content-type': json ? 'application/json' : 'text/html',
        ...(fault === 'page with an ETag' ? { etag: '"5f3-62a"', 'last-modified': new Date(0).toUTCString() } : {}),
      });
      response.end(json ? '{"ok":true}' : PAGE);
    });
  });

const noise = (fault: Fault): Server =>
  createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => (fault === 'noise' ? socket.end(randomBytes(400)) : socket.resetAndDestroy()));
  });

/** @returns its URL; it is closed after the test. */
export const faulty = async (fault: Fault): Promise<string> => {
  const server = fault === 'noise' || fault === 'reset' ? noise(fault) : answers(fault);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
