import { createHmac } from 'node:crypto';
import { SignatureError } from '../errors.ts';
import { byName, checkTime, equal, hmac, mismatch, percent, sha256, type SecretOf, type Signed } from './signed.ts';

/** A request to OSS: its bucket and key are signed, wherever the request names them. */
export interface OssSigned extends Signed {
  readonly bucket: string | undefined;
  readonly key: string;
}

/**
 * OSS, version 4: the region is part of the signing key, and the whole query is signed.
 * @returns the id of the key. @throws SignatureError
 */
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
    throw new SignatureError('InvalidArgument', 'The Authorization header is not complete.');
  const date = headers['x-oss-date'] ?? '';
  checkTime(
    Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')),
    now,
    'RequestTimeTooSkewed',
  );
  if (where !== region)
    throw new SignatureError('InvalidArgument', `Invalid signing region in Authorization header: ${where}`);
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
  if (!equal(hmac(signing, text).toString('hex'), signature)) throw mismatch(text);
  return id;
};

/** The only parameters of the query that version 1 signs. */
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

/**
 * OSS, version 1: HMAC-SHA1 over method, type, date, `x-oss-` headers and resource.
 * @returns the id of the key. @throws SignatureError
 */
export const checkOssV1 = (
  { method, query, headers, bucket, key }: OssSigned,
  secretOf: SecretOf,
  now: number,
): string => {
  const [, id, signature] = /^OSS ([^:]+):(.+)$/.exec(headers['authorization'] ?? '') ?? [];
  if (id === undefined || signature === undefined)
    throw new SignatureError('AccessDenied', 'OSS authentication requires a valid Authorization.');
  const date = headers['x-oss-date'] ?? headers['date'] ?? '';
  checkTime(Date.parse(date), now, 'RequestTimeTooSkewed');
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
  if (!equal(createHmac('sha1', secretOf(id)).update(text).digest('base64'), signature)) throw mismatch(text);
  return id;
};
