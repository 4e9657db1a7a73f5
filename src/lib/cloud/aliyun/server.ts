import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newAccount, type Account, type AccountOptions } from './account.ts';
import type { CallRecord, Endpoint, Fault } from './endpoint.ts';
import { answerOss } from './oss/endpoint.ts';
import { answerRpc, isRpc } from './rpc.ts';
import type { Signed } from './signature/signed.ts';

/**
 * An account of Alibaba Cloud on loopback: RAM, STS, FaaS (both versions) and OSS behind one port. Every request's
 * signature is checked.
 */
export interface AliyunServer {
  /** For `ALIBABA_CLOUD_ENDPOINT_URL`. */
  readonly url: string;
  readonly account: Account;
  readonly calls: CallRecord[];
  readonly faults: Map<string, Fault>;
  close(): Promise<void>;
}

export interface ServerOptions extends Partial<AccountOptions> {
  /** Default 0: any free port. */
  readonly port?: number;
  /** The account's clock, ms since the epoch. */
  readonly now?: () => number;
}

/** The key of an account that nobody else can reach: it opens nothing but this server. */
export const LOCAL_KEY = { id: 'LTAI5tHybridctlLocal', secret: 'opens-this-local-endpoint-only' } as const;

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const signedOf = async (request: IncomingMessage): Promise<Signed> => {
  const body = await bodyOf(request);
  const url = new URL(request.url ?? '/', 'http://endpoint');
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
  );
  return { method: request.method ?? 'GET', path: url.pathname, query: new Map(url.searchParams), headers, body };
};

const answer = async (endpoint: Endpoint, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const signed = await signedOf(request);
  (isRpc(signed) ? answerRpc : answerOss)(endpoint, signed, response);
};

/** Starts the server on 127.0.0.1. Rejects where the port is taken. */
export const startAliyun = async ({
  region = 'cn-hangzhou',
  key = LOCAL_KEY,
  times = {},
  port = 0,
  now = Date.now,
}: ServerOptions = {}): Promise<AliyunServer> => {
  let ids = 0;
  const endpoint: Endpoint = {
    account: newAccount({ region, key, times }),
    now,
    newId: () => (ids += 1).toString(16).padStart(32, '0'),
    calls: [],
    faults: new Map(),
    nonces: new Map(),
  };
  const server = createServer((request, response) => {
    // The client has gone, or this server has a fault: the client sees a broken connection, never a wrong answer.
    answer(endpoint, request, response).catch((error: unknown) => void response.destroy(error as Error));
  });
  // Node's 5 s are shorter than many clients' pauses: one that sends just as it is cut off sees a reset.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const { account, calls, faults } = endpoint;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    account,
    calls,
    faults,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
