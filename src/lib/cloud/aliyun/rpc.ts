import type { ServerResponse } from 'node:http';
import { checkAllowed, record, secretsFor, takeFault, type Endpoint } from './endpoint.ts';
import { ApiError, isRefusal, SignatureError } from './errors.ts';
import { unknownAction, type Params } from './product.ts';
import { RPC_PRODUCTS } from './products.ts';
import { checkAcs3, checkRpcV1 } from './signature/rpc.ts';
import { LATEST_MS, type Signed } from './signature/signed.ts';

/** @throws SignatureError where the nonce was used before: somebody may have recorded the request and sent it again. */
const useOnce = ({ nonces }: Endpoint, nonce: string): void => {
  const now = Date.now();
  if (nonces.has(nonce)) throw new SignatureError('SignatureNonceUsed', 'Specified signature nonce was used already.');
  nonces.set(nonce, now);
  // An older request is refused by its time, so its nonce can be forgotten.
  for (const [old, at] of nonces) {
    if (at >= now - 2 * LATEST_MS) break;
    nonces.delete(old);
  }
};

/** Whether the request is of an RPC API: its action is named in a header or in the query. */
export const isRpc = ({ headers, query }: Signed): boolean =>
  headers['x-acs-action'] !== undefined || query.has('Action');

/** Answers a call of an RPC API, signed in version 1.0 or by ACS3-HMAC-SHA256. */
export const answerRpc = (endpoint: Endpoint, signed: Signed, response: ServerResponse): void => {
  const { account, newId } = endpoint;
  const acs3 = signed.headers['authorization']?.startsWith('ACS3') === true;
  const signature = acs3 ? 'acs3' : 'rpc-v1';
  const params: Params = new Map([...signed.query, ...new URLSearchParams(signed.body.toString('utf8'))]);
  const version = signed.headers['x-acs-version'] ?? params.get('Version') ?? '';
  const name = signed.headers['x-acs-action'] ?? params.get('Action') ?? '';
  const product = RPC_PRODUCTS.find(({ versions }) => Object.hasOwn(versions, version));
  const action = `${product?.name ?? ''}:${name}`;
  const send = (status: number, answer: object): void =>
    void response
      .writeHead(status, { 'content-type': 'application/json;charset=utf-8' })
      .end(JSON.stringify({ RequestId: newId(), ...answer }));
  try {
    const token = acs3 ? signed.headers['x-acs-security-token'] : params.get('SecurityToken');
    // A signature's time is judged by the machine's clock, whatever time the account lives in.
    const keyId = (acs3 ? checkAcs3 : checkRpcV1)(signed, secretsFor(account, token), Date.now());
    useOnce(endpoint, (acs3 ? signed.headers['x-acs-signature-nonce'] : params.get('SignatureNonce')) ?? '');
    const breaks = takeFault(endpoint, action);
    checkAllowed(account, keyId, action, product?.deniedCode ?? '');
    const operations = product?.versions[version] ?? {};
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (operation === undefined) throw unknownAction();
    const answer = operation(endpoint, params);
    record(endpoint, { action, signature });
    if (breaks) return void response.destroy();
    send(200, answer);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    record(endpoint, { action: `${action}!${error.code}`, signature });
    const status = error instanceof ApiError ? error.status : error.code.endsWith('.NotFound') ? 404 : 400;
    send(status, {
      Code: error.code,
      Message: error.message,
      HostId: `${product?.name ?? 'unknown'}.aliyuncs.com`,
    });
  }
};
