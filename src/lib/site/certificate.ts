import { failure } from '../core/errors.ts';

/** Reads what we need of X.509 (RFC 5280 §4.1, §5.1), in DER (X.690). Nothing here trusts it: OpenSSL and IKE judge. */

export interface Certificate {
  /** Hexadecimal, capitals, whole bytes: as OpenSSL's index writes it. */
  readonly serial: string;
  /** The common name. */
  readonly name: string;
  /** The issuer's distinguished name, as strongSwan writes it. */
  readonly issuer: string;
  readonly subject: string;
  /** Wall time, ms. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly keyKind: 'ecdsa' | 'rsa' | 'other';
  /** IPv4 addresses of the subjectAltName. */
  readonly addresses: readonly string[];
}

export interface RevocationList {
  readonly serials: readonly string[];
  readonly nextUpdate: number;
}

interface Node {
  readonly tag: number;
  readonly bytes: Uint8Array;
}

const broken = () => failure('is not a certificate that can be read', { next: 'issue it again' });

const nodesOf = (bytes: Uint8Array): readonly Node[] => {
  const nodes: Node[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!;
    let length = bytes[at + 1] ?? 0x80;
    let start = at + 2;
    if (length >= 0x80) {
      const many = length & 0x7f;
      if (many === 0 || many > 3) throw broken();
      length = bytes.subarray(start, start + many).reduce((sum, byte) => sum * 256 + byte, 0);
      start += many;
    }
    if (start + length > bytes.length) throw broken();
    nodes.push({ tag, bytes: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return nodes;
};

const [INTEGER, BITS, OCTETS, OID, UTC_TIME, SEQUENCE, SET, CONTEXT_0, CONTEXT_3, ADDRESS] = [
  0x02, 0x03, 0x04, 0x06, 0x17, 0x30, 0x31, 0xa0, 0xa3, 0x87,
];

const hex = (bytes: Uint8Array): string =>
  [...bytes]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
/** An INTEGER has a zero in front where its first bit is set. */
const serialOf = (bytes: Uint8Array): string => hex(bytes[0] === 0 && bytes.length > 1 ? bytes.subarray(1) : bytes);

const timeOf = ({ tag, bytes }: Node): number => {
  const text = textOf(bytes);
  // UTCTime has two digits: 50 to 99 are of the last century (RFC 5280 §4.1.2.5.1).
  const full = tag === UTC_TIME ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text;
  const [, year, month, day, hour, minute, second] = (/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(full) ?? []).map(
    Number,
  );
  if (year === undefined) throw broken();
  return Date.UTC(year, month! - 1, day, hour, minute, second);
};

/** Object identifiers by their DER. */
const NAMES: Readonly<Record<string, string>> = { '550403': 'CN', '55040A': 'O' };
const KEYS: Readonly<Record<string, Certificate['keyKind']>> = {
  '2A864886F70D010101': 'rsa',
  '2A8648CE3D0201': 'ecdsa',
};
const SUBJECT_ALT_NAME = '551D11';

const nameParts = (bytes: Uint8Array): readonly (readonly [string, string])[] =>
  nodesOf(bytes)
    .filter(({ tag }) => tag === SET)
    .flatMap((set) => nodesOf(set.bytes))
    .map((pair) => {
      const [type, value] = nodesOf(pair.bytes);
      return [NAMES[hex(type?.bytes ?? new Uint8Array())] ?? '?', textOf(value?.bytes ?? new Uint8Array())] as const;
    });
const distinguished = (bytes: Uint8Array): string =>
  nameParts(bytes)
    .map(([type, value]) => `${type}=${value}`)
    .join(', ');

const PEM = (type: string): RegExp => new RegExp(`-----BEGIN ${type}-----[A-Za-z0-9+/=\\s]+-----END ${type}-----`);

/** A block of a PEM file as it stands there, or undefined. @param type `CERTIFICATE`; a regular expression's source. */
export const pemBlock = (text: string, type: string): string | undefined => {
  const found = new RegExp(`-----BEGIN (${type})-----[^-]+-----END \\1-----`).exec(text);
  return found === null ? undefined : `${found[0]}\n`;
};

const der = (pem: string, type: string): Uint8Array => {
  const block = PEM(type).exec(pem)?.[0];
  if (block === undefined) throw broken();
  const text = atob(block.replace(/-----[^-]+-----|\s/g, ''));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
};

/** The inner node of a signed structure. */
const signedPart = (bytes: Uint8Array): readonly Node[] => {
  const [outer] = nodesOf(bytes);
  const [inner] = outer === undefined ? [] : nodesOf(outer.bytes);
  if (inner === undefined) throw broken();
  return nodesOf(inner.bytes);
};

/** @throws failure for what is no certificate. */
export const readCertificate = (pem: string): Certificate => {
  const all = signedPart(der(pem, 'CERTIFICATE'));
  const [serial, , issuer, validity, subject, key] = all[0]?.tag === CONTEXT_0 ? all.slice(1) : all;
  const [notBefore, notAfter] = validity === undefined ? [] : nodesOf(validity.bytes);
  if (serial?.tag !== INTEGER || key === undefined || notBefore === undefined || notAfter === undefined) throw broken();
  const [algorithm, bits] = nodesOf(key.bytes);
  const [kind] = nodesOf(algorithm!.bytes);
  if (bits?.tag !== BITS || kind?.tag !== OID) throw broken();
  const extensions = all
    .filter(({ tag }) => tag === CONTEXT_3)
    .flatMap(({ bytes }) => nodesOf(bytes))
    .flatMap(({ bytes }) => nodesOf(bytes).map((extension) => nodesOf(extension.bytes)));
  const alternatives = extensions
    .filter(([id]) => hex(id!.bytes) === SUBJECT_ALT_NAME)
    .flatMap((parts) => parts.filter(({ tag }) => tag === OCTETS))
    .flatMap(({ bytes }) => nodesOf(bytes))
    .flatMap(({ bytes }) => nodesOf(bytes));
  return {
    serial: serialOf(serial.bytes),
    name: nameParts(subject!.bytes).find(([type]) => type === 'CN')?.[1] ?? '',
    issuer: distinguished(issuer!.bytes),
    subject: distinguished(subject!.bytes),
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
    keyKind: KEYS[hex(kind.bytes)] ?? 'other',
    addresses: alternatives
      .filter(({ tag, bytes }) => tag === ADDRESS && bytes.length === 4)
      .map(({ bytes }) => bytes.join('.')),
  };
};

/** @throws failure for what is no revocation list. */
export const readRevocations = (pem: string): RevocationList => {
  const all = signedPart(der(pem, 'X509 CRL'));
  // version, algorithm, issuer, thisUpdate, nextUpdate, then those that are revoked, if any.
  const rest = all[0]?.tag === INTEGER ? all.slice(1) : all;
  const [, , , next, revoked] = rest;
  if (next === undefined) throw broken();
  return {
    nextUpdate: timeOf(next),
    serials:
      revoked?.tag === SEQUENCE
        ? nodesOf(revoked.bytes).map((entry) => serialOf(nodesOf(entry.bytes)[0]?.bytes ?? new Uint8Array()))
        : [],
  };
};
