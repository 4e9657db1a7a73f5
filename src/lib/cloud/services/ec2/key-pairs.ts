import { createHash, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import type { KeyPair } from '../../state.ts';

/** Key pairs as EC2 makes and reads them: OpenSSH's one line for the public half, and its fingerprints. */

export interface MadeKey extends Pick<KeyPair, 'type' | 'fingerprint' | 'publicKey'> {
  /** Told once. */
  readonly material: string;
}

/** Fields of the SSH wire: a length in four bytes, then the bytes (RFC 4251, section 5). */
const field = (value: Buffer | string): Buffer => {
  const bytes = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
/** Whole numbers are signed there: one with the first bit set gets a zero before it. */
const whole = (base64url: string): Buffer => {
  const bytes = Buffer.from(base64url, 'base64url');
  return field(bytes[0]! >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
};

const blobOf = (key: KeyObject, type: KeyPair['type']): Buffer => {
  const { x, n, e } = key.export({ format: 'jwk' });
  return type === 'ed25519'
    ? Buffer.concat([field('ssh-ed25519'), field(Buffer.from(x!, 'base64url'))])
    : Buffer.concat([field('ssh-rsa'), whole(e!), whole(n!)]);
};

const colons = (hash: 'sha1' | 'md5', bytes: Buffer): string =>
  createHash(hash)
    .update(bytes)
    .digest('hex')
    .replace(/..(?!$)/g, '$&:');

/** A new pair. RSA comes as PKCS#1, ed25519 as OpenSSH's own container, as from EC2. */
export const makeKey = (type: KeyPair['type']): MadeKey => {
  if (type === 'rsa') {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const der = privateKey.export({ type: 'pkcs8', format: 'der' });
    return {
      type,
      publicKey: `ssh-rsa ${blobOf(publicKey, type).toString('base64')}`,
      fingerprint: colons('sha1', der),
      material: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString().trim(),
    };
  }
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const blob = blobOf(publicKey, type);
  const [seed, point] = [privateKey.export({ format: 'jwk' }).d!, publicKey.export({ format: 'jwk' }).x!].map((part) =>
    Buffer.from(part, 'base64url'),
  );
  const check = randomBytes(4);
  const secret = Buffer.concat([
    check,
    check,
    field('ssh-ed25519'),
    field(point!),
    field(Buffer.concat([seed!, point!])),
    field(''),
  ]);
  // Padded 1, 2, 3, … to the cipher's block; without a cipher that is eight.
  const padded = Buffer.concat([
    secret,
    Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, at) => at + 1)),
  ]);
  const container = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    number(1),
    field(blob),
    field(padded),
  ]);
  const lines = container
    .toString('base64')
    .match(/.{1,70}/g)!
    .join('\n');
  return {
    type,
    publicKey: `ssh-ed25519 ${blob.toString('base64')}`,
    fingerprint: sha256(blob),
    material: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----`,
  };
};

const sha256 = (blob: Buffer): string => createHash('sha256').update(blob).digest('base64');

/** A public key that somebody brings. @returns undefined where it is none that EC2 takes. */
export const readKey = (line: string): Omit<MadeKey, 'material'> | undefined => {
  const [, kind, base64] = /^(ssh-rsa|ssh-ed25519) ([A-Za-z0-9+/]+={0,2})(?: .*)?\s*$/.exec(line) ?? [];
  if (kind === undefined || base64 === undefined) return undefined;
  const blob = Buffer.from(base64, 'base64');
  if (!blob.subarray(0, 4 + kind.length).equals(field(kind))) return undefined;
  const type = kind === 'ssh-rsa' ? 'rsa' : 'ed25519';
  return { type, publicKey: `${kind} ${base64}`, fingerprint: type === 'rsa' ? colons('md5', blob) : sha256(blob) };
};
