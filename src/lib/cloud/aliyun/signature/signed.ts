import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { SignatureError } from '../errors.ts';

/**
 * Alibaba Cloud's signatures, checked as its documents describe them, not as an SDK happens to write them: "Request
 * syntax and signature method V1" and "V3" (RPC), "Include signatures in the Authorization header" V1 and V4 (OSS).
 */

/** A request, as far as it is signed. */
export interface Signed {
  readonly method: string;
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
  /** By name, in small letters. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** Finds the secret of an access key. @throws SignatureError where there is no such key. */
export type SecretOf = (accessKeyId: string) => string;

/** RFC 3986: everything but letters, digits and `-_.~`. */
export const percent = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

export const byName = (pairs: Iterable<readonly [string, string]>): readonly (readonly [string, string])[] =>
  [...pairs].sort(([a], [b]) => (a < b ? -1 : 1));

export const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');
export const hmac = (key: Buffer | string, data: string): Buffer => createHmac('sha256', key).update(data).digest();

export const equal = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

/** A request may be this much older or newer than the service's clock. */
export const LATEST_MS = 15 * 60_000;

/** @param at when the request was signed, ms. @param code of the refusal. @throws SignatureError */
export const checkTime = (at: number, now: number, code: string): void => {
  if (!(Math.abs(at - now) <= LATEST_MS))
    throw new SignatureError(code, 'Specified time stamp or date value is expired.');
};

/** The refusal says what the service has signed, so that the client's author can compare. */
export const mismatch = (signed: string): SignatureError =>
  new SignatureError(
    'SignatureDoesNotMatch',
    `Specified signature is not matched with our calculation. server string to sign is:${signed}`,
  );
