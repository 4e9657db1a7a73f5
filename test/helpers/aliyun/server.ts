import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callFaas } from './faas.ts';
import { callOss, ossAction } from './oss.ts';
import { RAM, STS } from './ram.ts';
import { BadSignature, checkAcs3, checkOssV1, checkOssV4, checkRpcV1, type Signed } from './signature.ts';
import { ApiError, newAccount, TIMES, type Account, type Times } from './state.ts';

/**
 * An account of Alibaba Cloud on loopback: FaaS (both versions), RAM, STS and OSS behind one port, each request's
 * signature checked.
 */
export interface AliyunServer {
  readonly url: string;
  readonly account: Account;
  /**
   * Calls answered so far: `faas:DescribeFpgaImages`, `oss:PutObject!NoSuchBucket`; with the signature's kind, in
   * order.
   */
  readonly calls: { readonly action: string; readonly signature: string }[];
  /** The next calls of an action answer so. `status` 0: the connection breaks, after the work is done. */
  readonly faults: Map<string, { status: number; code: string; message?: string; times: number }>;
  close(): Promise<void>;
}

export interface ServerOptions {
  readonly region?: string;
  readonly now?: () => number;
  readonly times?: Partial<Times>;
}

const PRODUCTS: Readonly<Record<string, string>> = {
  '2017-08-24': 'faas',
  '2020-02-17': 'faas',
  '2015-05-01': 'ram',
  '2015-04-01': 'sts',
};

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

export const startAliyun = async ({
  region = 'cn-hangzhou',
  now = Date.now,
  times = {},
}: ServerOptions = {}): Promise<AliyunServer> => {
  const account = newAccount(region);
  const calls: AliyunServer['calls'] = [];
  const faults: AliyunServer['faults'] = new Map();
  const nonces = new Set<string>();
  let ids = 0;
  const id = (): string => (ids += 1).toString(16).padStart(32, '0');
  const faas = { account, times: { ...TIMES, ...times }, now, id };

  /** A signature is judged by the machine's clock, whatever time the account's images live in. */
  const secretOf =
    (token: string | undefined) =>
    (keyId: string): string => {
      const key = account.keys.get(keyId);
      if (key === undefined)
        throw new BadSignature('InvalidAccessKeyId.NotFound', 'Specified access key is not found.');
      if (key.token !== token)
        throw new BadSignature(
          'InvalidSecurityToken.MismatchWithAccessKey',
          'Specified SecurityToken mismatch with the AccessKey.',
        );
      return key.secret;
    };

  const allowed = (keyId: string, action: string, status: number, code: string): void => {
    if (account.keys.get(keyId)!.denied.has(action))
      throw new ApiError(status, code, 'You are not authorized to do this action.');
  };

  const faultOf = (action: string) => {
    const fault = faults.get(action);
    if (fault === undefined || fault.times === 0) return undefined;
    fault.times -= 1;
    return fault;
  };

  const rpc = (signed: Signed, response: ServerResponse): void => {
    const v3 = signed.headers['authorization']?.startsWith('ACS3') === true;
    const params = new Map([...signed.query, ...new URLSearchParams(signed.body.toString('utf8'))]);
    const version = signed.headers['x-acs-version'] ?? params.get('Version') ?? '';
    const name = signed.headers['x-acs-action'] ?? params.get('Action') ?? '';
    const product = PRODUCTS[version] ?? '';
    const action = `${product}:${name}`;
    const send = (status: number, value: object): void =>
      void response
        .writeHead(status, { 'content-type': 'application/json;charset=utf-8' })
        .end(JSON.stringify({ RequestId: id(), ...value }));
    try {
      const token = v3 ? signed.headers['x-acs-security-token'] : params.get('SecurityToken');
      const keyId = (v3 ? checkAcs3 : checkRpcV1)(signed, secretOf(token), Date.now());
      const nonce = v3 ? signed.headers['x-acs-signature-nonce']! : params.get('SignatureNonce')!;
      if (nonces.has(nonce))
        throw new BadSignature('SignatureNonceUsed', 'Specified signature nonce was used already.');
      nonces.add(nonce);
      const fault = faultOf(action);
      if (fault !== undefined && fault.status > 0)
        throw new ApiError(fault.status, fault.code, fault.message ?? fault.code);
      allowed(keyId, action, 403, product === 'faas' ? 'NoPermisson' : 'NoPermission');
      const run = product === 'ram' ? RAM[name] : product === 'sts' ? STS[name] : undefined;
      if (product !== 'faas' && run === undefined)
        throw new ApiError(
          404,
          'InvalidAction.NotFound',
          'Specified api is not found, please check your url and method.',
        );
      const answer = product === 'faas' ? callFaas(faas, version, name, params) : run!(account, params, now());
      calls.push({ action, signature: v3 ? 'acs3' : 'rpc-v1' });
      if (fault !== undefined) return void response.destroy();
      send(200, answer);
    } catch (error) {
      if (!(error instanceof ApiError) && !(error instanceof BadSignature)) throw error;
      calls.push({ action: `${action}!${error.code}`, signature: v3 ? 'acs3' : 'rpc-v1' });
      const status = error instanceof ApiError ? error.status : error.code.endsWith('.NotFound') ? 404 : 400;
      send(status, { Code: error.code, Message: error.message, HostId: 'faas.aliyuncs.com' });
    }
  };

  /** The bucket is in the Host header, as on the real service. */
  const oss = (signed: Signed, response: ServerResponse): void => {
    const [, bucket, where] =
      /^(?:([a-z0-9-]+)\.)?oss-([a-z0-9-]+)\.aliyuncs\.com/.exec(signed.headers['host'] ?? '') ?? [];
    const request = {
      method: signed.method,
      bucket: bucket ?? '',
      key: decodeURIComponent(signed.path.slice(1)),
      query: signed.query,
      headers: signed.headers,
      body: signed.body,
    };
    const action = ossAction(request);
    const v4 = signed.headers['authorization']?.startsWith('OSS4') === true;
    try {
      const secret = secretOf(signed.headers['x-oss-security-token']);
      const keyId = v4
        ? checkOssV4({ ...signed, bucket, key: request.key }, secret, where ?? '', Date.now())
        : checkOssV1({ ...signed, bucket, key: request.key }, secret, Date.now());
      const fault = faultOf(action);
      if (fault !== undefined && fault.status > 0)
        throw new ApiError(fault.status, fault.code, fault.message ?? fault.code);
      const there = account.buckets.get(request.bucket);
      if (there !== undefined && there.region !== where)
        throw new ApiError(
          403,
          'AccessDenied',
          'The bucket you are attempting to access must be addressed using the specified endpoint.',
        );
      allowed(keyId, action, 403, 'AccessDenied');
      const answer = callOss({ account, now, id }, request);
      calls.push({ action, signature: v4 ? 'oss-v4' : 'oss-v1' });
      if (fault !== undefined) return void response.destroy();
      response.writeHead(answer.status, { 'x-oss-request-id': id(), ...answer.headers }).end(answer.body);
    } catch (error) {
      if (!(error instanceof ApiError) && !(error instanceof BadSignature)) throw error;
      calls.push({ action: `${action}!${error.code}`, signature: v4 ? 'oss-v4' : 'oss-v1' });
      const document = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${error.code.startsWith('InvalidAccessKeyId') ? 'InvalidAccessKeyId' : error.code}</Code><Message>${error.message.replaceAll(/[<&]/g, ' ')}</Message><RequestId>${id()}</RequestId></Error>`;
      response
        .writeHead(error instanceof ApiError ? error.status : 403, {
          'content-type': 'application/xml',
          'x-oss-err': Buffer.from(document).toString('base64'),
        })
        .end(signed.method === 'HEAD' ? undefined : document);
    }
  };

  const server = createServer(async (request, response) => {
    const body = await bodyOf(request).catch(() => undefined);
    // Who asked is gone.
    if (body === undefined) return;
    const url = new URL(request.url ?? '/', 'http://endpoint');
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
    );
    const signed: Signed = {
      method: request.method ?? 'GET',
      path: url.pathname,
      query: new Map(url.searchParams),
      headers,
      body,
    };
    try {
      if (headers['x-acs-action'] !== undefined || signed.query.has('Action')) rpc(signed, response);
      else oss(signed, response);
    } catch (error) {
      response.destroy(error as Error);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
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
