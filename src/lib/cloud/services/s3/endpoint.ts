import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../core/ports.ts';
import { breaksBefore } from '../../breaks.ts';
import type { Faults } from '../../faults.ts';
import { document } from '../../codec/document.ts';
import type { ObjectState } from './state.ts';
import { answerS3, operationOf, type S3Request } from './operations.ts';
import { ApiError } from '../../error.ts';

interface S3Endpoint {
  readonly objects: ObjectState;
  readonly faults: Faults;
  readonly clock: Clock;
  readonly closing: AbortSignal;
  record(call: { readonly action: string; readonly status: number; readonly code: string | undefined }): void;
}

/** `Credential=KEY/20261120/us-east-1/s3/aws4_request` */
const SCOPE = /Credential=[^/,\s]+\/\d{8}\/([^/]+)\/s3\/aws4_request/;

export const isS3 = (authorization: string | undefined): boolean => SCOPE.test(authorization ?? '');

/** Bytes as they are; objects live in memory, so a lab is no place for very large ones. */
const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** One call of S3: the same faults and the same record as EC2's, by the operation's name. */
export const answerS3Call = async (
  { objects, faults, clock, closing, record }: S3Endpoint,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const url = new URL(request.url ?? '/', 'http://endpoint');
  const incoming: S3Request = {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: await bodyOf(request),
    region: SCOPE.exec(request.headers.authorization ?? '')?.[1] ?? '',
  };
  const action = operationOf(incoming);
  const requestId = randomUUID();
  const send = (status: number, headers: Readonly<Record<string, string>>, body: string | Buffer = ''): void => {
    const bare = incoming.method === 'HEAD';
    response.writeHead(status, {
      'x-amz-request-id': requestId,
      ...(bare ? {} : { 'content-length': Buffer.byteLength(body) }),
      ...headers,
    });
    response.end(bare ? undefined : body);
  };
  try {
    const { delayMs, broken } = faults.meet(action);
    if (delayMs > 0) await clock.sleep(delayMs, closing);
    if (broken !== undefined && breaksBefore(broken, response))
      return record({ action, status: response.destroyed ? 0 : 200, code: broken.break });
    const { status, headers = {}, body } = answerS3(objects, incoming);
    if (broken?.break === 'drop-after') {
      response.destroy();
      return record({ action, status: 0, code: broken.break });
    }
    record({ action, status, code: broken?.break ?? (status === 301 ? 'PermanentRedirect' : undefined) });
    send(status, headers, broken?.break === 'half' && body !== undefined ? body.slice(0, body.length / 2) : body);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    record({ action, status: error.status, code: error.code });
    send(
      error.status,
      { 'content-type': 'application/xml' },
      document({ Error: { Code: error.code, Message: error.message, RequestId: requestId } }),
    );
  }
};
