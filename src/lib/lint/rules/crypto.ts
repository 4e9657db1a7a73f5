import { cryptoMaps } from '../acl.ts';
import { child, starting } from '../cisco.ts';
import type { Algorithm, Finding, Kind, Parsed, Rule } from '../types.ts';

const ALL: readonly Kind[] = ['ios', 'asa', 'swanctl', 'ipsec-conf'];
const LINUX: readonly Kind[] = ['swanctl', 'ipsec-conf'];

const USE = { ike: 'IKE', esp: 'ESP' } as const;
const each = (
  file: Parsed,
  wanted: (algorithm: Algorithm) => boolean,
  what: (algorithm: Algorithm) => string,
  fix: string,
): readonly Finding[] => {
  const seen = new Set<string>();
  return file.algorithms.filter(wanted).flatMap((algorithm) => {
    const message = `${what(algorithm)} in ${USE[algorithm.use]}${algorithm.byDefault === true ? ' (the default where the policy says nothing)' : ''}`;
    const key = `${algorithm.line} ${message}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ line: algorithm.line, message, fix }];
  });
};

const AEAD = /gcm16$|^chacha/;

export const cryptoRules: readonly Rule[] = [
  {
    id: 'crypto-md5',
    kinds: ALL,
    severity: 'error',
    title: 'MD5 is forbidden',
    source: 'RFC 8247 §2.2, §2.3 and RFC 8221 §6: MUST NOT',
    check: (file) =>
      each(
        file,
        ({ hash }) => hash === 'md5',
        () => 'MD5',
        'use SHA-256 or better, or AES-GCM, on both ends',
      ),
  },
  {
    id: 'crypto-des',
    kinds: ALL,
    severity: 'error',
    title: 'DES is forbidden',
    source: 'RFC 8247 §2.1 and RFC 8221 §5: MUST NOT',
    check: (file) =>
      each(
        file,
        ({ encryption }) => encryption === 'des',
        () => 'DES',
        'use AES-GCM, or AES-256, on both ends',
      ),
  },
  {
    id: 'crypto-null',
    kinds: ALL,
    severity: 'error',
    title: 'ESP without encryption',
    source: 'RFC 8221 §5: NULL protects nothing from being read',
    check: (file) =>
      each(
        file,
        ({ encryption, use }) => use === 'esp' && encryption === 'null',
        () => 'no encryption',
        'use AES-GCM on both ends',
      ),
  },
  {
    id: 'crypto-3des',
    kinds: ALL,
    severity: 'warning',
    title: '3DES is history',
    source: 'RFC 8221 §5: SHOULD NOT (64-bit blocks: Sweet32)',
    check: (file) =>
      each(
        file,
        ({ encryption }) => encryption === '3des',
        () => '3DES',
        'use AES-GCM, or AES-256, on both ends',
      ),
  },
  {
    id: 'crypto-sha1',
    kinds: ALL,
    severity: 'warning',
    title: 'SHA-1 is on its way out',
    source: 'RFC 8247 §2.2, §2.3: MUST-',
    check: (file) =>
      each(
        file,
        ({ hash }) => hash === 'sha1',
        () => 'SHA-1',
        'use SHA-256 or better, or AES-GCM, on both ends',
      ),
  },
  {
    id: 'crypto-dh-forbidden',
    kinds: ALL,
    severity: 'error',
    title: 'DH groups 1 and 22 are forbidden',
    source: 'RFC 8247 §2.4: MUST NOT',
    check: (file) =>
      each(
        file,
        ({ dh }) => dh === 1 || dh === 22,
        ({ dh }) => `DH group ${dh}`,
        'use group 19 or 20 on both ends',
      ),
  },
  {
    id: 'crypto-dh-weak',
    kinds: ALL,
    severity: 'warning',
    title: 'DH groups 2, 5, 23 and 24 are too weak',
    source: 'RFC 8247 §2.4: SHOULD NOT',
    check: (file) =>
      each(
        file,
        ({ dh }) => dh !== undefined && [2, 5, 23, 24].includes(dh),
        ({ dh }) => `DH group ${dh}`,
        'use group 19 or 20 (14 at least) on both ends',
      ),
  },
  {
    id: 'esp-no-integrity',
    kinds: ['ios', 'asa'],
    severity: 'error',
    title: 'ESP with encryption alone can be forged',
    source: 'RFC 8221 §4',
    check: (file) =>
      file.algorithms
        .filter(
          ({ use, encryption, hash }) =>
            use === 'esp' &&
            encryption !== undefined &&
            encryption !== 'null' &&
            !AEAD.test(encryption) &&
            hash === undefined,
        )
        .map(({ line }) => ({
          line,
          message: 'a transform with a cipher and no integrity',
          fix: 'add esp-sha256-hmac, or use esp-gcm',
        })),
  },
  {
    id: 'ikev1',
    kinds: ALL,
    severity: 'warning',
    title: 'IKEv1 is deprecated',
    source: 'RFC 9395 §2',
    check: (file) => [
      ...file.conns
        .filter(({ version }) => version === 1)
        .map(({ line, name }) => ({
          line,
          message: `connection "${name}" is IKEv1`,
          fix: 'use IKEv2 on both ends (version = 2, keyexchange=ikev2, ikev2=insist)',
        })),
      ...starting(file.blocks, /^crypto (?:isakmp|ikev1) policy \d+/)
        .slice(0, 1)
        .map(({ line }) => ({ line, message: 'an IKEv1 (ISAKMP) policy', fix: 'use crypto ikev2 on both ends' })),
    ],
  },
  {
    id: 'aggressive-mode',
    kinds: ALL,
    severity: 'warning',
    title: 'aggressive mode shows a hash of the key',
    source:
      'RFC 2409 §5.4, CVE-2002-1623: whoever sees the first messages can try keys at home; IKEv2 has no such mode',
    check: (file) => [
      ...file.conns.flatMap(({ raw, version }) =>
        raw
          .filter(({ key, value }) => /^(?:aggressive|aggrmode)$/.test(key) && /^(?:yes|true|1)$/.test(value))
          .map(({ line, key }) => ({
            line,
            message:
              version === 2 ? `${key} has no meaning in IKEv2` : `${key}: anybody on the path can try keys at home`,
            fix: 'remove it; use IKEv2 with ids on both ends',
          })),
      ),
      ...[...file.blocks, ...file.blocks.flatMap(({ children }) => children)]
        .filter(({ text }) =>
          /^set aggressive-mode password|^crypto map \S+ \d+ set (?:ikev1 )?phase1-mode aggressive/.test(text),
        )
        .map(({ line }) => ({
          line,
          message: 'aggressive mode: anybody on the path can try keys at home',
          fix: 'use main mode, better IKEv2',
        })),
    ],
  },
  {
    id: 'ike-version-open',
    kinds: LINUX,
    severity: 'info',
    title: 'either IKE version is accepted',
    source: 'RFC 9395: a peer may pull the tunnel down to IKEv1',
    check: (file) =>
      file.conns
        .filter(
          ({ version, flavour, remote }) => version === undefined && flavour !== 'strongswan' && remote !== undefined,
        )
        .map(({ line, name }) => ({
          line,
          message: `connection "${name}" does not set the IKE version`,
          fix: 'set version = 2 (Libreswan: ikev2=insist)',
        })),
  },
  {
    id: 'proposal-open',
    kinds: LINUX,
    severity: 'info',
    title: 'default proposals are offered too',
    source: 'ipsec.conf(5) "ike": without "!" the defaults are added; AWS then picks its lowest',
    check: (file) =>
      file.conns.flatMap(({ flavour, ike, esp }) =>
        [ike, ...esp].flatMap((setting) => {
          if (setting === undefined) return [];
          const open =
            flavour === 'strongswan'
              ? !setting.value.endsWith('!')
              : flavour === 'swanctl' && setting.value.split(',').some((word) => word.trim() === 'default');
          return open
            ? [
                {
                  line: setting.line,
                  message: `${setting.key} also offers the default proposals`,
                  fix: flavour === 'strongswan' ? 'end it with "!"' : 'leave "default" out',
                },
              ]
            : [];
        }),
      ),
  },
  {
    id: 'pfs-off',
    kinds: ALL,
    severity: 'warning',
    title: 'no perfect forward secrecy',
    source: 'AWS Site-to-Site VPN requires PFS (user guide, "Tunnel options")',
    check: (file) => [
      ...file.conns.flatMap(({ raw, flavour, esp, name }) => {
        const off = raw.find(({ key, value }) => key === 'pfs' && value === 'no');
        if (off !== undefined)
          return [{ line: off.line, message: `connection "${name}" turns PFS off`, fix: 'set pfs=yes on both ends' }];
        return flavour === 'libreswan'
          ? []
          : esp
              .filter(({ value }) => !/modp|ecp|curve|x25519|x448|default/.test(value))
              .map(({ line, key }) => ({
                line,
                message: `${key} has no DH group`,
                fix: 'add one, like -ecp384, on both ends',
              }));
      }),
      ...starting(file.blocks, /^crypto (?:ipsec profile \S+|map \S+ \d+ ipsec-isakmp(?: profile \S+)?)$/)
        .filter((block) => block.children.length > 0 && child(block, /^set pfs\b/) === undefined)
        .map(({ line, text }) => ({
          line,
          message: `"${text}" sets no PFS`,
          fix: 'add "set pfs group20" on both ends',
        })),
      ...(file.kind !== 'asa'
        ? []
        : cryptoMaps(file.blocks)
            .filter(({ commands }) => !commands.some(({ text }) => /^set pfs\b/.test(text)))
            .map(({ line, name }) => ({
              line,
              message: `crypto map ${name} sets no PFS`,
              fix: `add "crypto map ${name} set pfs group20" on both ends`,
            }))),
    ],
  },
];
