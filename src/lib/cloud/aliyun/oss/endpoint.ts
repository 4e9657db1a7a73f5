import type { ServerResponse } from 'node:http';
import { checkAllowed, record, secretsFor, takeFault, type Endpoint } from '../endpoint.ts';
import { ApiError, isRefusal } from '../errors.ts';
import { checkOssV1, checkOssV4 } from '../signature/oss.ts';
import type { Signed } from '../signature/signed.ts';
import { callOss, ossAction } from './index.ts';
import type { OssRequest } from './protocol.ts';

interface Address {
  readonly bucket: string;
  readonly key: string;
  /** Undefined where the host does not tell. */
  readonly region: string | undefined;
}

/**
 * The bucket is the first part of the host's name: `fpga-builds.oss-cn-hangzhou.aliyuncs.com`. Where the host is an IP
 * address it is the first part of the path, as OSS's own tools write it then.
 */
const addressOf = ({ headers, path }: Signed): Address => {
  const whole = decodeURIComponent(path.slice(1));
  const named = /^(?:([a-z0-9-]+)\.)?oss-([a-z0-9-]+)\.aliyuncs\.com/.exec(headers['host'] ?? '');
  if (named !== null) return { bucket: named[1] ?? '', key: whole, region: named[2] };
  const [bucket = '', ...key] = whole.split('/');
  return { bucket, key: key.join('/'), region: undefined };
};

const errorDocument = (code: string, message: string, requestId: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code>` +
  `<Message>${message.replaceAll(/[<&]/g, ' ')}</Message><RequestId>${requestId}</RequestId></Error>`;

/** OSS knows this refusal without a second word. */
const ossCode = (code: string): string => (code.startsWith('InvalidAccessKeyId') ? 'InvalidAccessKeyId' : code);

/** @returns the id of the key that has signed. @throws SignatureError */
const checkSignature = (endpoint: Endpoint, signed: Signed, { bucket, key, region }: Address): string => {
  const secretOf = secretsFor(endpoint.account, signed.headers['x-oss-security-token']);
  const request = { ...signed, bucket: bucket === '' ? undefined : bucket, key };
  return isV4(signed)
    ? checkOssV4(request, secretOf, region ?? endpoint.account.region, Date.now())
    : checkOssV1(request, secretOf, Date.now());
};
const isV4 = ({ headers }: Signed): boolean => headers['authorization']?.startsWith('OSS4') === true;

/** Answers a request to OSS, signed in version 1 or 4. */
export const answerOss = (endpoint: Endpoint, signed: Signed, response: ServerResponse): void => {
  const { account, newId } = endpoint;
  const signature = isV4(signed) ? 'oss-v4' : 'oss-v1';
  const address = addressOf(signed);
  const { method, query, headers, body } = signed;
  const request: OssRequest = { method, query, headers, body, bucket: address.bucket, key: address.key };
  const action = ossAction(request);
  try {
    const keyId = checkSignature(endpoint, signed, address);
    const breaks = takeFault(endpoint, action);
    const bucket = account.oss.buckets.get(address.bucket);
    if (bucket !== undefined && address.region !== undefined && bucket.region !== address.region)
      throw new ApiError(
        403,
        'AccessDenied',
        'The bucket you are attempting to access must be addressed using the specified endpoint.',
      );
    checkAllowed(account, keyId, action, 'AccessDenied');
    const answer = callOss(endpoint, request);
    record(endpoint, { action, signature });
    if (breaks) return void response.destroy();
    response.writeHead(answer.status, { 'x-oss-request-id': newId(), ...answer.headers }).end(answer.body);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    record(endpoint, { action: `${action}!${error.code}`, signature });
    const document = errorDocument(ossCode(error.code), error.message, newId());
    response
      .writeHead(error instanceof ApiError ? error.status : 403, {
        'content-type': 'application/xml',
        // An answer to HEAD has no body: the document goes along as a header.
        'x-oss-err': Buffer.from(document).toString('base64'),
      })
      .end(method === 'HEAD' ? undefined : document);
  }
};
