import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { ZodError } from 'zod';
import type { Clock } from '../core/ports.ts';
import { answerCall } from './answer.ts';
import { createFaults, type Faults } from './faults.ts';
import { createCloud, type CloudModel } from './model.ts';
import { answerS3Call, isS3 } from './services/s3/endpoint.ts';
import { cloudFromSite } from './seed.ts';
import { serviceOf } from './services/index.ts';
import { createThrottle, type Throttle } from './throttle.ts';
import type { RunningCloud, StartCloudOptions, TransitionTimes } from './types.ts';

const TIMES: TransitionTimes = {
  stopMs: 2_000,
  forcedStopMs: 1_000,
  startMs: 2_000,
  terminateMs: 2_000,
  attachMs: 1_000,
  connectMs: 2_000,
  buildMs: 5_000,
  forgetMs: 60_000,
};
/** EC2 takes no larger request. */
const MAX_BODY = 1_048_576;
/** Calls kept for `GET /_lab/state`. */
const MAX_CALLS = 10_000;

/** One call as it was answered; a dropped connection has status 0. */
export interface CallRecord {
  readonly at: number;
  readonly action: string;
  readonly status: number;
  readonly code: string | undefined;
}

interface Endpoint {
  readonly cloud: CloudModel;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly throttle: Throttle;
  readonly calls: CallRecord[];
  readonly closing: AbortSignal;
}

const wallClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
};

/** Starts the cloud of a site on a socket. The AWS SDK and the AWS CLI reach it by `AWS_ENDPOINT_URL`. */
export const startCloud = async ({
  site,
  host = '127.0.0.1',
  port = 0,
  clock = wallClock,
  times = {},
  quotas = {},
  buckets = [],
}: StartCloudOptions): Promise<RunningCloud> => {
  const cloud = createCloud(cloudFromSite(site, quotas), { clock, times: { ...TIMES, ...times } });
  for (const name of buckets)
    cloud.objects.buckets.set(name, { name, region: site.cloud.region, objects: new Map(), uploads: new Map() });
  const closing = new AbortController();
  const endpoint: Endpoint = {
    cloud,
    clock,
    faults: createFaults(Math.random),
    throttle: createThrottle(),
    calls: [],
    closing: closing.signal,
  };
  const server = createServer((request, response) => {
    handle(endpoint, request, response).catch((error: unknown) => {
      // A fault of this server, or it is closing: the client sees a broken connection, never a wrong answer.
      response.destroy(error as Error);
    });
  });
  // Node's 5 s are shorter than many clients' pauses: one that sends just as it is cut off sees a reset.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  const bound = server.address() as AddressInfo;
  return {
    url: `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`,
    cloud,
    close: () =>
      new Promise((resolve) => {
        closing.abort();
        cloud.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const handle = async (endpoint: Endpoint, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const calls = (call: Omit<CallRecord, 'at'>): void => {
    endpoint.calls.push({ at: endpoint.clock.now(), ...call });
    if (endpoint.calls.length > MAX_CALLS) endpoint.calls.shift();
  };
  if (isS3(request.headers.authorization))
    return answerS3Call({ ...endpoint, objects: endpoint.cloud.objects, record: calls }, request, response);
  const body = await bodyOf(request);
  const url = new URL(request.url ?? '/', 'http://endpoint');
  if (url.pathname.startsWith('/_lab/'))
    return control(endpoint, request.method ?? 'GET', url.pathname, body ?? '', response);
  return answerCall({ ...endpoint, record: calls }, await serviceOf(request.headers.authorization), {
    request,
    response,
    body,
    url,
  });
};

const control = (
  { cloud, faults, calls }: Endpoint,
  method: string,
  path: string,
  body: string,
  response: ServerResponse,
): void => {
  const send = (status: number, value: unknown) =>
    void response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(`${JSON.stringify(value, undefined, 2)}\n`);
  if (path === '/_lab/state' && method === 'GET') return send(200, { cloud: cloud.snapshot(), calls });
  if (path === '/_lab/instances' && method === 'GET')
    return send(200, Object.fromEntries(cloud.instances().map(({ id, state }) => [id, state])));
  if (path !== '/_lab/faults') return send(404, { error: 'there are /_lab/faults, /_lab/instances and /_lab/state' });
  if (method === 'GET') return send(200, faults.get());
  if (method !== 'PUT' && method !== 'DELETE') return send(405, { error: 'GET, PUT or DELETE' });
  try {
    faults.set(method === 'DELETE' ? {} : JSON.parse(body));
    send(200, faults.get());
  } catch (error) {
    if (error instanceof ZodError)
      return send(400, { error: error.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`) });
    if (error instanceof SyntaxError) return send(400, { error: ['the body is not JSON'] });
    throw error;
  }
};

/** @returns undefined when it is larger than EC2 would take; the rest is read and dropped. */
const bodyOf = async (request: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size <= MAX_BODY) chunks.push(chunk as Buffer);
  }
  if (size > MAX_BODY) return undefined;
  const sent = Buffer.concat(chunks);
  // The SDK compresses what it is told is worth it (PutMetricData).
  return (
    request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent, { maxOutputLength: MAX_BODY }) : sent
  ).toString('utf8');
};
