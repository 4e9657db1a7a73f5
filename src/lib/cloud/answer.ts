import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../core/ports.ts';
import { behind } from './behind.ts';
import { breaksBefore } from './breaks.ts';
import type { Incoming } from './codec/protocol.ts';
import { ApiError } from './error.ts';
import type { Faults } from './faults.ts';
import type { CloudModel } from './model.ts';
import type { CloudService } from './service.ts';
import type { Throttle } from './throttle.ts';

/** What a call meets on its way. */
export interface Meets {
  readonly cloud: CloudModel;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly throttle: Throttle;
  readonly closing: AbortSignal;
  /** Keeps how the call was answered; a dropped connection has status 0. */
  readonly record: (call: {
    readonly action: string;
    readonly status: number;
    readonly code: string | undefined;
  }) => void;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** undefined: too large. */
  readonly body: string | undefined;
  readonly url: URL;
}

/** Reads may be stale; everything else acts on the present, and at most does not know yet what was just made. */
const isRead = (operation: string): boolean => /^(Describe|Get|List)/.test(operation);

/** Carries out one call of a service, with the faults and the limits that are set for it. */
export const answerCall = async (
  { cloud, clock, faults, throttle, closing, record: keep }: Meets,
  service: CloudService,
  { request, response, body, url }: Exchange,
): Promise<void> => {
  const requestId = randomUUID();
  const { protocol, schemas } = service;
  const send = (status: number, text: string, more: Readonly<Record<string, string>> = {}) => {
    response.writeHead(status, { 'content-type': protocol.contentType, 'x-amzn-requestid': requestId, ...more });
    response.end(text);
  };
  const refuse = ({ code, message, status }: ApiError): void =>
    send(status, protocol.error(code, message, requestId), protocol.errorHeaders?.(code));
  if (body === undefined) return refuse(new ApiError('RequestEntityTooLarge', 'The request is too large.', 413));
  let name = '';
  const record = (status: number, code?: string) => keep({ action: name, status, code });
  try {
    const incoming: Incoming = {
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.search.slice(1),
      body,
      target: request.headers['x-amz-target'],
    };
    const operation = protocol.operation(incoming, schemas);
    name = operation ?? '';
    const schema = operation !== undefined && Object.hasOwn(schemas, operation) ? schemas[operation] : undefined;
    if (schema === undefined) throw service.unknown(operation);
    const input = protocol.decode(schema, incoming);
    const { delayMs, staleMs, broken, bucket } = faults.meet(name);
    if (!throttle.take(name, clock.now(), bucket ?? service.bucketOf(name))) throw service.throttled;
    if (delayMs > 0) await clock.sleep(delayMs, closing);
    if (broken !== undefined && breaksBefore(broken, response))
      return record(response.destroyed ? 0 : 200, broken.break);
    service.check(name, input);
    const read = isRead(name);
    const output = service.run(name, input, {
      ...(read || staleMs === 0 ? cloud : behind(cloud, staleMs)),
      state: cloud.stateAt(read ? staleMs : 0),
      partly: broken?.break === 'entries',
    });
    const { status, text } = protocol.encode(schema, output, requestId);
    if (broken?.break === 'drop-after') {
      response.destroy();
      return record(0, broken.break);
    }
    record(200, broken?.break);
    send(status, broken?.break === 'half' ? text.slice(0, text.length / 2) : text);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    record(error.status, error.code);
    refuse(error);
  }
};
