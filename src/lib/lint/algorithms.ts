import type { Algorithm, Setting } from './types.ts';

/** strongSwan's and Libreswan's names to IANA transform numbers. */
const GROUPS: Readonly<Record<string, number>> = {
  modp768: 1,
  modp1024: 2,
  modp1536: 5,
  modp2048: 14,
  modp3072: 15,
  modp4096: 16,
  modp6144: 17,
  modp8192: 18,
  modp1024s160: 22,
  modp2048s224: 23,
  modp2048s256: 24,
  ecp256: 19,
  ecp384: 20,
  ecp521: 21,
  curve25519: 31,
  x25519: 31,
};

const hashOf = (word: string): string | undefined => {
  const name = word.toLowerCase().replace(/^prf/, '').replaceAll(/[_-]/g, '');
  if (/^(hmac)?md5/.test(name)) return 'md5';
  const size = /^(?:hmac)?sha(?:2)?(1|256|384|512)?/.exec(name);
  if (size === null) return undefined;
  return size[1] === '1' || (size[1] === undefined && !name.includes('sha2')) ? 'sha1' : `sha${size[1] ?? '256'}`;
};

const cipherOf = (word: string): string | undefined => {
  const name = word.toLowerCase().replaceAll(/[_-]/g, '');
  if (/^(3des|des|null|blowfish|cast128|chacha20poly1305)$/.test(name)) return name;
  const aes = /^aes(gcm|cbc|ctr|ccm|gmac)?(128|192|256)?(gcm|ccm|ctr|gmac)?(\d{1,3})?/.exec(name);
  if (aes === null) return undefined;
  const size = aes[2] ?? '128';
  return aes[1] === 'gcm' || aes[3] === 'gcm' ? `aes${size}gcm16` : `aes${size}`;
};

/** A proposal list of strongSwan (`aes128-sha1-modp1024`) or Libreswan (`aes_gcm256-sha2_384;dh20`). */
export const proposalAlgorithms = (use: Algorithm['use'], setting: Setting): readonly Algorithm[] =>
  setting.value
    .split(',')
    .slice(0, 200)
    .map((proposal) => {
      const words = proposal
        .replace(/!$/, '')
        .trim()
        .split(/[-;]/)
        .map((word) => word.trim().toLowerCase());
      const dh = words
        .map((word) => GROUPS[word] ?? Number(/^dh(\d{1,2})$/.exec(word)?.[1] ?? Number.NaN))
        .find((group) => !Number.isNaN(group));
      const encryption = words.map(cipherOf).find((cipher) => cipher !== undefined);
      // In "aes256gcm16-prfsha384" the PRF stands in the hash's place.
      const hash = words.map(hashOf).find((name) => name !== undefined);
      return { line: setting.line, use, encryption, hash, dh };
    });

/** Cisco's words: `aes 256`, `aes-256`, `aes-gcm-256`, `3des`, `esp-aes 256`, `esp-gcm`, `aes-cbc-128`. */
export const ciscoCipher = (word: string, size?: string): string | undefined => {
  const name = word.toLowerCase().replace(/^esp-/, '');
  const bits = /^(128|192|256)$/.test(size ?? '') ? size : undefined;
  if (/^(3des|des|null)$/.test(name)) return name;
  const aes = /^(?:aes(?:-(gcm|cbc|gmac))?|(gcm))(?:-(128|192|256))?$/.exec(name);
  if (aes === null) return undefined;
  const length = aes[3] ?? bits ?? '128';
  return aes[1] === 'gcm' || aes[2] === 'gcm' ? `aes${length}gcm16` : `aes${length}`;
};

/** `sha`, `sha-1`, `sha256`, `sha-256`, `esp-sha-hmac`, `esp-sha256-hmac`, `md5`, `esp-md5-hmac`. */
export const ciscoHash = (word: string): string | undefined =>
  hashOf(
    word
      .toLowerCase()
      .replace(/^esp-/, '')
      .replace(/-hmac$/, ''),
  );

/** `2`, `group2`. */
export const ciscoGroup = (word: string | undefined): number | undefined => {
  const match = /^(?:group)?(\d{1,2})$/.exec(word ?? '');
  return match === null ? undefined : Number(match[1]);
};
