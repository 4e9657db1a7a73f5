import { createHash, timingSafeEqual } from 'node:crypto';
import type { WebRequest } from '../core/views.ts';

/**
 * What a page may do in a browser: run its own script, wear its own style, ask its own server. Nothing else, and in no
 * frame.
 */
export const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

export interface Guard {
  /** Names by which browsers may call us, besides addresses and `localhost`. */
  readonly names: readonly string[];
  /** undefined: whoever reaches us may look. */
  readonly token: string | undefined;
}

const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-fA-F:.]+\])$/;

/**
 * A name that an attacker's DNS points at us (DNS rebinding) makes a browser take us for the attacker's own site. An
 * address or `localhost` can't be pointed anywhere, so these are believed with any port (an ssh tunnel has its own).
 */
const isOurs = (host: string | undefined, names: readonly string[]): boolean => {
  const [, name] = /^(\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/.exec(host ?? '') ?? [];
  return name !== undefined && (ADDRESS.test(name) || [...names, 'localhost'].includes(name.toLowerCase()));
};

const hashed = (text: string): Buffer => createHash('sha256').update(text).digest();
/** Takes as long for every guess, of any length: neither where it differs nor how long the token is can be timed. */
const same = (given: string, wanted: string): boolean => timingSafeEqual(hashed(given), hashed(wanted));

export interface Refusal {
  readonly status: number;
  readonly why: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** @param secret whether what is asked for says anything of the site. @returns undefined: welcome. */
export const refusal = (
  { method, headers }: WebRequest,
  { names, token }: Guard,
  secret: boolean,
): Refusal | undefined => {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, why: 'only GET', headers: { allow: 'GET, HEAD' } };
  const { host, origin, authorization } = headers;
  if (!isOurs(host, names))
    return { status: 421, why: 'not called by this name: use an address, or start with --name' };
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`)
    return { status: 403, why: 'another site asks' };
  const from = headers['sec-fetch-site'];
  if (secret && from !== undefined && from !== 'same-origin' && from !== 'none')
    return { status: 403, why: 'another site asks' };
  if (!secret || token === undefined) return undefined;
  return same(authorization ?? '', `Bearer ${token}`)
    ? undefined
    : { status: 401, why: 'token needed', headers: { 'www-authenticate': 'Bearer' } };
};
