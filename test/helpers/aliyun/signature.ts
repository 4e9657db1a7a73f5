import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Alibaba Cloud's signatures, checked as its documents say, not as an SDK writes them: "Request syntax and signature
 * method V1" and "V3" (RPC), "Include signatures in the Authorization header" V1 and V4 (OSS).
 */

export interface Signed {
  readonly method: string;
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** A signature that does not hold; `code` is the service's. */
export class BadSignature extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** RFC 3986: everything but letters, digits and `-_.~`. */
export const percent = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
const byName = (pairs: Iterable<readonly [string, string]>): readonly (readonly [string, string])[] =>
  [...pairs].sort(([a], [b]) => (a < b ? -1 : 1));
const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: Buffer | string, data: string): Buffer => createHmac('sha256', key).update(data).digest();
const equal = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

const LATE_MS = 15 * 60_000;
const fresh = (at: number, now: number, code: string): void => {
  if (!(Math.abs(at - now) <= LATE_MS)) throw new BadSignature(code, 'Specified time stamp or date value is expired.');
};

/** Who has signed: finds the secret of a key id. */
export type SecretOf = (accessKeyId: string) => string;

const refused = (what: string): never => {
  throw new BadSignature(
    'SignatureDoesNotMatch',
    `Specified signature is not matched with our calculation. server string to sign is:${what}`,
  );
};

/** RPC, version 1.0: HMAC-SHA1 over the sorted parameters, from the query and the form alike. @returns the key id. */
export const checkRpcV1 = ({ method, query, body }: Signed, secretOf: SecretOf, now: number): string => {
  const params = new Map([...query, ...new URLSearchParams(body.toString('utf8'))]);
  if (params.get('SignatureMethod') !== 'HMAC-SHA1' || params.get('SignatureVersion') !== '1.0')
    throw new BadSignature('IncompleteSignature', 'The request signature does not conform to Aliyun standards.');
  fresh(Date.parse(params.get('Timestamp') ?? ''), now, 'InvalidTimeStamp.Expired');
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
    refused(text);
  return id;
};

/** ACS3-HMAC-SHA256, which signs the body and every `x-acs-` header. @returns the key id. */
export const checkAcs3 = ({ method, path, query, headers, body }: Signed, secretOf: SecretOf, now: number): string => {
  const [, id, names, signature] =
    /^ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})$/.exec(
      headers['authorization'] ?? '',
    ) ?? [];
  if (id === undefined || names === undefined || signature === undefined)
    throw new BadSignature('IncompleteSignature', 'The Authorization header is not complete.');
  fresh(Date.parse(headers['x-acs-date'] ?? ''), now, 'InvalidTimeStamp.Expired');
  const signed = names.split(';');
  const must = Object.keys(headers).filter(
    (name) => name.startsWith('x-acs-') || name === 'host' || name === 'content-type',
  );
  const unsigned = must.find((name) => !signed.includes(name));
  if (unsigned !== undefined) throw new BadSignature('IncompleteSignature', `The header ${unsigned} is not signed.`);
  if (headers['x-acs-content-sha256'] !== sha256(body)) refused('the body has another hash');
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
  if (!equal(hmac(secretOf(id), text).toString('hex'), signature)) refused(text);
  return id;
};

export interface OssSigned extends Signed {
  readonly bucket: string | undefined;
  readonly key: string;
}

/** OSS, version 4: the region is part of the key, and of the query everything is signed. @returns the key id. */
export const checkOssV4 = (
  { method, query, headers, bucket, key }: OssSigned,
  secretOf: SecretOf,
  region: string,
  now: number,
): string => {
  const [, id, day, where, extra, signature] =
    /^OSS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/oss\/aliyun_v4_request,(?:AdditionalHeaders=([^,]+),)?Signature=([0-9a-f]{64})$/.exec(
      headers['authorization'] ?? '',
    ) ?? [];
  if (id === undefined || signature === undefined)
    throw new BadSignature('InvalidArgument', 'The Authorization header is not complete.');
  const date = headers['x-oss-date'] ?? '';
  fresh(
    Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')),
    now,
    'RequestTimeTooSkewed',
  );
  if (where !== region)
    throw new BadSignature('InvalidArgument', `Invalid signing region in Authorization header: ${where}`);
  const additional = extra?.split(';') ?? [];
  const names = Object.keys(headers)
    .filter(
      (name) =>
        name.startsWith('x-oss-') || name === 'content-type' || name === 'content-md5' || additional.includes(name),
    )
    .sort();
  const canonical = [
    method,
    percent(`/${bucket === undefined ? '' : `${bucket}/`}${key}`).replaceAll('%2F', '/'),
    byName(query)
      .map(([name, value]) => (value === '' ? percent(name) : `${percent(name)}=${percent(value)}`))
      .join('&'),
    names.map((name) => `${name}:${headers[name]!.trim()}\n`).join(''),
    additional.join(';'),
    headers['x-oss-content-sha256'] ?? '',
  ].join('\n');
  const text = ['OSS4-HMAC-SHA256', date, `${day}/${where}/oss/aliyun_v4_request`, sha256(canonical)].join('\n');
  const signing = hmac(hmac(hmac(hmac(`aliyun_v4${secretOf(id)}`, day!), where), 'oss'), 'aliyun_v4_request');
  if (!equal(hmac(signing, text).toString('hex'), signature)) refused(text);
  return id;
};

/** Of the query only these are signed in OSS's first version. */
const SUBRESOURCES = new Set([
  'acl',
  'uploads',
  'uploadId',
  'partNumber',
  'bucketInfo',
  'location',
  'delete',
  'continuation-token',
  'objectMeta',
]);

/** OSS, version 1: HMAC-SHA1 over method, type, date, `x-oss-` headers and resource. @returns the key id. */
export const checkOssV1 = (
  { method, query, headers, bucket, key }: OssSigned,
  secretOf: SecretOf,
  now: number,
): string => {
  const [, id, signature] = /^OSS ([^:]+):(.+)$/.exec(headers['authorization'] ?? '') ?? [];
  if (id === undefined || signature === undefined)
    throw new BadSignature('AccessDenied', 'OSS authentication requires a valid Authorization.');
  const date = headers['x-oss-date'] ?? headers['date'] ?? '';
  fresh(Date.parse(date), now, 'RequestTimeTooSkewed');
  const own = byName(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('x-oss-') && value !== undefined ? [[name, value] as const] : [],
    ),
  ).map(([name, value]) => `${name}:${value.trim()}\n`);
  const subresources = byName([...query].filter(([name]) => SUBRESOURCES.has(name))).map(([name, value]) =>
    value === '' ? name : `${name}=${value}`,
  );
  const resource = `/${bucket === undefined ? '' : `${bucket}/`}${key}${subresources.length === 0 ? '' : `?${subresources.join('&')}`}`;
  const text =
    [method, headers['content-md5'] ?? '', headers['content-type'] ?? '', date].join('\n') +
    `\n${own.join('')}${resource}`;
  if (!equal(createHmac('sha1', secretOf(id)).update(text).digest('base64'), signature)) refused(text);
  return id;
};
