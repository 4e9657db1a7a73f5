import { createHmac } from 'node:crypto';
import { SignatureError } from '../errors.ts';
import { byName, checkTime, equal, hmac, mismatch, percent, sha256, type SecretOf, type Signed } from './signed.ts';

/**
 * RPC, version 1.0: HMAC-SHA1 over the sorted parameters, those of the query and of the form alike.
 * @returns the id of the key. @throws SignatureError
 */
export const checkRpcV1 = ({ method, query, body }: Signed, secretOf: SecretOf, now: number): string => {
  const params = new Map([...query, ...new URLSearchParams(body.toString('utf8'))]);
  if (params.get('SignatureMethod') !== 'HMAC-SHA1' || params.get('SignatureVersion') !== '1.0')
    throw new SignatureError('IncompleteSignature', 'The request signature does not conform to Aliyun standards.');
  checkTime(Date.parse(params.get('Timestamp') ?? ''), now, 'InvalidTimeStamp.Expired');
  const id = params.get('AccessKeyId') ?? '';
  const signature = params.get('Signature') ?? '';
  params.delete('Signature');
  const canonical = byName(params)
    .map(([name, value]) => `${percent(name)}=${percent(value)}`)
    .join('&');
  const text = `${method}&${percent('/')}&${percent(canonical)}`;
  if (
    !equal(
      createHmac('sha1', `${secretOf(id)}&`)
        .update(text)
        .digest('base64'),
      signature,
    )
  )
    throw mismatch(text);
  return id;
};

/**
 * ACS3-HMAC-SHA256, which signs the body and every `x-acs-` header too.
 * @returns the id of the key. @throws SignatureError
 */
export const checkAcs3 = ({ method, path, query, headers, body }: Signed, secretOf: SecretOf, now: number): string => {
  const [, id, names, signature] =
    /^ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})$/.exec(
      headers['authorization'] ?? '',
    ) ?? [];
  if (id === undefined || names === undefined || signature === undefined)
    throw new SignatureError('IncompleteSignature', 'The Authorization header is not complete.');
  checkTime(Date.parse(headers['x-acs-date'] ?? ''), now, 'InvalidTimeStamp.Expired');
  const signed = names.split(';');
  const must = Object.keys(headers).filter(
    (name) => name.startsWith('x-acs-') || name === 'host' || name === 'content-type',
  );
  const unsigned = must.find((name) => !signed.includes(name));
  if (unsigned !== undefined) throw new SignatureError('IncompleteSignature', `The header ${unsigned} is not signed.`);
  if (headers['x-acs-content-sha256'] !== sha256(body)) throw mismatch('the body has another hash');
  const canonical = [
    method,
    path,
    byName(query)
      .map(([name, value]) => `${percent(name)}=${percent(value)}`)
      .join('&'),
    signed.map((name) => `${name}:${headers[name]?.trim() ?? ''}\n`).join(''),
    names,
    sha256(body),
  ].join('\n');
  const text = `ACS3-HMAC-SHA256\n${sha256(canonical)}`;
  if (!equal(hmac(secretOf(id), text).toString('hex'), signature)) throw mismatch(text);
  return id;
};
