import { seconds } from '../conns.ts';
import { child, starting } from '../cisco.ts';
import type { Algorithm, Finding, Kind, Parsed, Rule } from '../types.ts';

const ALL: readonly Kind[] = ['ios', 'asa', 'swanctl', 'ipsec-conf'];
const LINUX: readonly Kind[] = ['swanctl', 'ipsec-conf'];

const USE = { ike: 'IKE', esp: 'ESP' } as const;
const each = (
  file: Parsed,
  wanted: (algorithm: Algorithm) => boolean,
  what: (algorithm: Algorithm) => string,
  mend: string,
): readonly Finding[] => {
  const seen = new Set<string>();
  return file.algorithms.filter(wanted).flatMap((algorithm) => {
    const message = `${what(algorithm)} in ${USE[algorithm.use]}${algorithm.byDefault === true ? ' (the default where the policy says nothing)' : ''}`;
    const key = `${algorithm.line} ${message}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ line: algorithm.line, message, mend }];
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
          mend: 'add esp-sha256-hmac, or use esp-gcm',
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
          mend: 'use IKEv2 on both ends (version = 2, keyexchange=ikev2, ikev2=insist)',
        })),
      ...starting(file.blocks, /^crypto (?:isakmp|ikev1) policy \d+/)
        .slice(0, 1)
        .map(({ line }) => ({ line, message: 'an IKEv1 (ISAKMP) policy', mend: 'use crypto ikev2 on both ends' })),
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
          mend: 'set version = 2 (Libreswan: ikev2=insist)',
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
                  mend: flavour === 'strongswan' ? 'end it with "!"' : 'leave "default" out',
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
          return [{ line: off.line, message: `connection "${name}" turns PFS off`, mend: 'set pfs=yes on both ends' }];
        return flavour === 'libreswan'
          ? []
          : esp
              .filter(({ value }) => !/modp|ecp|curve|x25519|x448|default/.test(value))
              .map(({ line, key }) => ({
                line,
                message: `${key} has no DH group`,
                mend: 'add one, like -ecp384, on both ends',
              }));
      }),
      ...starting(file.blocks, /^crypto (?:ipsec profile \S+|map \S+ \d+ ipsec-isakmp)$/)
        .filter((block) => block.children.length > 0 && child(block, /^set pfs\b/) === undefined)
        .map(({ line, text }) => ({
          line,
          message: `"${text}" sets no PFS`,
          mend: 'add "set pfs group20" on both ends',
        })),
    ],
  },
  {
    id: 'lifetime-ike-aws',
    kinds: ALL,
    severity: 'warning',
    title: "IKE lifetime outside AWS's range",
    source: 'AWS "Tunnel options": phase 1 lifetime 900 to 28,800 s',
    check: (file) =>
      [...ikeLives(file)]
        .filter(([, life]) => life < 900 || life > 28_800)
        .map(([line, life]) => ({
          line,
          message: `IKE lifetime ${life} s: AWS takes 900 to 28800`,
          mend: 'use 28800 on both ends',
        })),
  },
  {
    id: 'lifetime-child-aws',
    kinds: ALL,
    severity: 'warning',
    title: "ESP lifetime outside AWS's range",
    source: 'AWS "Tunnel options": phase 2 lifetime 900 to 3,600 s',
    check: (file) =>
      [...childLives(file)]
        .filter(([, life]) => life < 900 || life > 3_600)
        .map(([line, life]) => ({
          line,
          message: `ESP lifetime ${life} s: AWS takes 900 to 3600`,
          mend: 'use 3600 on both ends',
        })),
  },
  {
    id: 'lifetime-order',
    kinds: ALL,
    severity: 'error',
    title: 'ESP lives as long as IKE or longer',
    source: 'AWS "Tunnel options": phase 2 must be below phase 1',
    check: (file) => {
      if (file.conns.length > 0) {
        return file.conns.flatMap(({ ikeLife, childLife }) => {
          const [ike, esp] = [seconds(ikeLife), seconds(childLife)];
          return ike !== undefined && esp !== undefined && esp >= ike
            ? [
                {
                  line: childLife!.line,
                  message: `ESP lifetime ${esp} s is not below IKE's ${ike} s`,
                  mend: 'use 3600 under 28800',
                },
              ]
            : [];
        });
      }
      const shortest = Math.min(...ikeLives(file).map(([, life]) => life));
      return childLives(file)
        .filter(([, life]) => life >= shortest)
        .map(([line, life]) => ({
          line,
          message: `ESP lifetime ${life} s is not below IKE's ${shortest} s`,
          mend: 'use 3600 under 28800',
        }));
    },
  },
];

type Life = readonly [line: number, seconds: number];
const digits = (block: { text: string; line: number } | undefined): readonly Life[] => {
  const match = /(?:lifetime|seconds) (?:seconds )?(\d{1,9})$/.exec(block?.text ?? '');
  return match === null ? [] : [[block!.line, Number(match[1])]];
};

const ikeLives = (file: Parsed): readonly Life[] => [
  ...file.conns.flatMap(({ ikeLife }): readonly Life[] =>
    seconds(ikeLife) === undefined ? [] : [[ikeLife!.line, seconds(ikeLife)!]],
  ),
  ...starting(file.blocks, /^crypto (?:isakmp|ikev1|ikev2) (?:policy|profile) /).flatMap((block) =>
    digits(child(block, /^lifetime\b/)),
  ),
  ...starting(file.blocks, /^crypto (?:isakmp|ikev1) policy \d+ lifetime \d+$/).flatMap(digits),
];

const childLives = (file: Parsed): readonly Life[] => [
  ...file.conns.flatMap(({ childLife }): readonly Life[] =>
    seconds(childLife) === undefined ? [] : [[childLife!.line, seconds(childLife)!]],
  ),
  ...starting(file.blocks, /^crypto (?:map|ipsec profile) /).flatMap((block) =>
    digits(child(block, /^set security-association lifetime seconds/)),
  ),
  ...starting(file.blocks, /^crypto (?:ipsec|map \S+ \d+ set) security-association lifetime seconds \d+$/).flatMap(
    digits,
  ),
];
